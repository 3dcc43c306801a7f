/** Against pages that reach a port of this machine by a name of their own. */
import { isIP } from 'node:net';

/**
 * Whether a request came by an address, or as `localhost`. A page of the web can send a browser on this machine to any name, also to one
 * that is a loopback address by then: what needs no token would be open to it.
 * @param host the header `Host`
 */
export function isLocalName(host: string | undefined): boolean {
  const name = (host ?? '').replace(/:\d*$/, '').replace(/^\[(.*)\]$/, '$1');
  return name === '' || name.toLowerCase() === 'localhost' || isIP(name) !== 0;
}
