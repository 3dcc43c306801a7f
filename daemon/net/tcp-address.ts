/** Whether a TCP address can be listened on, found out without listening: nobody can come in meanwhile. */
import { createSocket } from 'node:dgram';
import { lookup } from 'node:dns/promises';
import { once } from 'node:events';
import { SspError, keepNames } from '../../lib/errors.js';

/** A listener could not be opened; `message` is one line for the person who started the daemon. */
export class ListenError extends SspError {
  constructor(message: string, options?: ErrorOptions) {
    super('ERR_SSP_LISTEN', message, options);
  }
}

keepNames({ ListenError });

export const IN_USE = 'the address is in use, perhaps by another daemon';

/** Ports below are a matter of rights. */
const FIRST_FREE_PORT = 1024;

/** Why a place cannot be had, in words; undefined for what the system says best itself. */
const reasons: Readonly<Record<string, string>> = {
  EADDRINUSE: IN_USE,
  EACCES: 'permission denied',
  EPERM: 'permission denied',
  EADDRNOTAVAIL: 'this machine has no such address',
  EAFNOSUPPORT: 'this machine has no such address',
  ENOTFOUND: 'the host is unknown',
  EAI_AGAIN: 'the host is unknown, and the name server does not answer',
};

export const placeReason = (error: unknown): string => {
  const { code = '', message } = error as NodeJS.ErrnoException;
  return reasons[code] ?? message;
};

/**
 * Binds a datagram socket there for a moment: the system has the same rules for its address and its port. That the
 * port is taken is not found out, since it may be taken by the daemon that the answer is for.
 * @returns why it cannot be had, or null
 */
export async function tcpObstacle(host: string, port: number): Promise<string | null> {
  try {
    const { address, family } = await lookup(host);
    const socket = createSocket(family === 6 ? 'udp6' : 'udp4');
    try {
      socket.bind({ address, port: port < FIRST_FREE_PORT ? port : 0, exclusive: true });
      await once(socket, 'listening');
    } finally {
      socket.close();
    }
    return null;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EADDRINUSE' ? null : placeReason(error);
  }
}
