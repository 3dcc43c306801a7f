/**
 * Where a daemon is: the grammar of addresses, for the library and the commands. The first two forms are those of
 * `spread_name` [session 1.1].
 *
 * | form | means |
 * |---|---|
 * | (empty) | the local socket of port 4803 |
 * | `4803` | the local socket of that port |
 * | `4803@host` | TCP |
 * | `host:4803`, `[::1]:4803`, `tcp://host:4803` | TCP |
 * | `tls://host:4843` | TLS |
 * | `unix:/path` | the local socket at that path |
 *
 * Where several daemons can be named, `srv:_sspd._tcp.example.org` stands for those that DNS lists.
 */
import { Buffer } from '#buffer';
import { DEFAULT_PORT } from '../wire/limits.js';

/** Directory of the daemons' Unix sockets. */
const UNIX_DIR = '/tmp';

/** Longest `spread_name` in characters: six for the port, 64 for the host. */
const MAX_SPREAD_NAME = 70;
/** Longest name of a host in characters. */
const MAX_HOST = 253;
/** Longest path of a local socket in bytes: what the kernel takes, without the NUL. */
const MAX_SOCKET_PATH = 107;
const MAX_PORT = 65_535;

export type Address =
  | { readonly path: string }
  | {
      readonly port: number;
      readonly host: string;
      readonly tls: boolean;
      /** What the host was found to be, when somebody has looked. */
      readonly ip?: string | undefined;
    };

/** The forms in words, for help and errors. */
export const ADDRESS_FORMS = '4803@host, host:4803, tls://host:4843, 4803 or unix:/path for a local socket';

const spreadForm = /^(\d+)(?:@(\S+))?$/;
/** An IPv6 address stands in brackets. */
const hostForm = /^(?:(tcp|tls):\/\/)?(?:\[([0-9A-Fa-f:.]+(?:%[\w.-]+)?)\]|([^\s/:@[\]]+)):(\d{1,5})$/;
const unixForm = /^unix:(\/[^\0]*)$/;

/**
 * @param unixDir directory of the Unix sockets that are named by a port
 * @returns null when the text has none of the forms, a port above 65535, or is longer than its form allows
 */
export function parseAddress(text: string, unixDir: string = UNIX_DIR): Address | null {
  const [, path] = unixForm.exec(text) ?? [];
  if (path !== undefined) return Buffer.byteLength(path) > MAX_SOCKET_PATH ? null : { path };
  const [, scheme, ipv6, name, hostPort] = hostForm.exec(text) ?? [];
  const named = ipv6 ?? name;
  if (named !== undefined) {
    // Two numbers are a slip of something else.
    const isHost = named.length <= MAX_HOST && (scheme !== undefined || !/^\d+$/.test(named));
    return isHost && Number(hostPort) <= MAX_PORT
      ? { host: named, port: Number(hostPort), tls: scheme === 'tls' }
      : null;
  }
  if (text.length > MAX_SPREAD_NAME) return null;
  const match = spreadForm.exec(text === '' ? String(DEFAULT_PORT) : text);
  if (match === null) return null;
  const port = Number(match[1]);
  if (port > MAX_PORT) return null;
  const host = match[2]?.replace(/^\[(.*)\]$/, '$1');
  return host === undefined ? { path: `${unixDir.replace(/\/*$/, '/')}${port}` } : { port, host, tls: false };
}

const serviceForm = /^srv:((?:_[\w-]+\.){2}[^\s/:@[\],]+)$/;

/** The name in `srv:_sspd._tcp.example.org`, which stands for daemons that DNS lists; null for any other text. */
export const parseService = (text: string): string | null => serviceForm.exec(text)?.[1] ?? null;

/**
 * Several addresses in one text, with commas between them. A text that is one address as a whole, such as the path of a
 * local socket with a comma in it, stays whole where its parts are none.
 */
export function addressList(text: string): string[] {
  const parts = text.split(',').map((part) => part.trim());
  const areAll = parts.every((part) => parseAddress(part) !== null || parseService(part) !== null);
  return areAll || parseAddress(text) === null ? parts : [text];
}

/** What is wrong with a text that is not an address, with what was meant where that can be guessed. */
export function addressFault(text: string): string {
  const meant = [
    `${text}:${DEFAULT_PORT}`,
    `unix:${text}`,
    text.replace(/^(?:https?|ssl|spread|ssp|tcp|tls):\/*/i, 'tcp://').replace(/\/+$/, ''),
    text.trim(),
  ].find((guess) => guess !== text && parseAddress(guess) !== null);
  const hint = meant === undefined ? '' : `; did you mean "${meant}"?`;
  return `expected ${ADDRESS_FORMS}, got ${JSON.stringify(text)}${hint}`;
}
