/** Where a daemon is: the forms of `spread_name` (session-protocol.md 1.1). */
import { join } from 'node:path';
import { DEFAULT_PORT } from '../wire/limits.js';

/** Directory of the daemons' Unix sockets. */
const UNIX_DIR = '/tmp';

/** Longest `spread_name` in characters: six for the port, 64 for the host. */
const MAX_SPREAD_NAME = 70;

const MAX_PORT = 65_535;

export type Address =
  { readonly path: string } | { readonly port: number; readonly host: string; readonly tls: boolean };

/** Our own form for TLS; an IPv6 address in brackets. */
const tlsForm = /^tls:\/\/(?:\[([0-9A-Fa-f:.]+)\]|([^\s/:[\]]+)):(\d{1,5})$/;

/**
 * Reads `''` (the Unix socket of port 4803), `'<port>'` (a Unix socket), `'<port>@<host>'` (TCP; an IPv6 address
 * without brackets) or `'tls://<host>:<port>'` (TLS, not in Spread).
 * @param unixDir directory of the Unix sockets
 * @returns null when the text has another form, a port above 65535, or more than 70 characters
 */
export function parseAddress(spreadName: string, unixDir: string = UNIX_DIR): Address | null {
  const [, ipv6, name, tlsPort] = tlsForm.exec(spreadName) ?? [];
  const tlsHost = ipv6 ?? name;
  if (tlsHost !== undefined) {
    return Number(tlsPort) > MAX_PORT ? null : { host: tlsHost, port: Number(tlsPort), tls: true };
  }
  if (spreadName.length > MAX_SPREAD_NAME) return null;
  const match = /^(\d+)(?:@(\S+))?$/.exec(spreadName === '' ? String(DEFAULT_PORT) : spreadName);
  if (match === null) return null;
  const port = Number(match[1]);
  if (port > MAX_PORT) return null;
  const host = match[2];
  return host === undefined ? { path: join(unixDir, String(port)) } : { port, host, tls: false };
}
