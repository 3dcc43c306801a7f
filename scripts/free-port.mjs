/** A port of this machine that nobody listens on. */
import { once } from 'node:events';
import { createServer } from 'node:net';

/** Ports that are tried. */
const TRIES = 100;

/** @returns the first free port of 127.0.0.1 from this one on; null for none near it */
export async function freePort(first) {
  for (let port = first; port < first + TRIES; port++) {
    const server = createServer();
    try {
      server.listen({ host: '127.0.0.1', port });
      await once(server, 'listening');
    } catch {
      continue;
    }
    server.close();
    await once(server, 'close');
    return port;
  }
  return null;
}
