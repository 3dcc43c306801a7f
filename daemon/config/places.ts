/**
 * Addresses and their like in options, as text: for the configuration, the command line and the options of a daemon. Apart
 * from the kinds of value, which load the schema library.
 */
import { MAX_PORT } from './limits.js';

/** Where clients of Spread look, too. Windows has no such directory, and local sockets of another kind. */
export const defaultUnixDir = (platform = process.platform): string => (platform === 'win32' ? '' : '/tmp');

/** A TCP address, an IPv6 one in brackets, or the path of a local socket. */
export type Endpoint = { readonly host: string; readonly port: number } | { readonly path: string };

const tcpEndpoint = /^(?:\[([0-9A-Fa-f:.]+)\]|([^/:[\]]+)):(\d{1,5})$/;

/** Undefined for what is neither. */
export function readEndpoint(text: string): Endpoint | undefined {
  if (text.startsWith('/')) return { path: text };
  const [, ipv6, name, port] = tcpEndpoint.exec(text) ?? [];
  const host = ipv6 ?? name;
  return host === undefined || Number(port) > MAX_PORT ? undefined : { host, port: Number(port) };
}

const clientHost = String.raw`(?:\[[^\s\]]+\]|[^\s/:@[\]]+)`;
const clientAddress = new RegExp(`^(?:(?:(?:tcp|tls)://)?${clientHost}:(\\d{1,5})|(\\d{1,5})@\\S+)$`);
const MAX_CLIENT_ADDRESS = 200;

/** Whether clients of other machines can write it as the address of a daemon. */
export function isClientAddress(text: string): boolean {
  const [, behind, before] = clientAddress.exec(text) ?? [];
  const port = Number(behind ?? before ?? 0);
  return port > 0 && port <= MAX_PORT && text.length <= MAX_CLIENT_ADDRESS;
}

export const CLIENT_ADDRESS = 'an address as clients write it, 4803@host, host:4803 or tls://host:4843';
/** Of one daemon. */
export const MAX_ANNOUNCED = 8;

export const MAX_ORIGINS = 64;
export const ORIGIN_RULE = '"same", "*", or an origin such as https://example.com or https://*.example.com';

/** Where the console of another daemon is. */
export interface ConsoleLink {
  readonly name: string;
  readonly url: string;
}

export const MAX_LINKS = 128;

/** Whether a page may link to it: nothing that a browser would run. */
export const isLinkAddress = (text: string): boolean =>
  /^https?:\/\/[!-~]+$/.test(text) && URL.canParse(text);
