/** Where clients come in: a TCP port, or a Unix stream socket [session 1]. */
import { once } from 'node:events';
import { chmod, readFile } from 'node:fs/promises';
import { type ListenOptions, type Server, type Socket, createServer } from 'node:net';
import { join } from 'node:path';
import { createServer as createTlsServer } from 'node:tls';
import { clearSocketFile, socketObstacle, socketPathFault } from './socket-file.js';
import { ListenError, IN_USE, placeReason, tcpObstacle } from './tcp-address.js';
import type { TlsFiles } from './tls-files.js';

/** Connections that the system may keep waiting for us to accept. */
const BACKLOG = 4096;

/** Everybody on this machine may connect to the local socket [daemon 3.1]. */
const MODE = 0o666;

/** @returns the listening server; port 0 takes a free one */
export async function listenTcp(
  host: string,
  port: number,
  accept: (socket: Socket) => void,
): Promise<Server> {
  return await listen({ host, port }, (socket) => acceptReachable(socket, accept), `${host}:${port}`);
}

/**
 * A client that broke its connection before it was accepted has no address any more, though what it sent can still be
 * read: without this it would pass for one on the local socket.
 */
function acceptReachable(socket: Socket, accept: (socket: Socket) => void): void {
  if (socket.remoteAddress === undefined) socket.destroy();
  else accept(socket);
}

/** The local socket's file: named after the port, in decimal. */
export const unixPath = (directory: string, port: number): string => join(directory, String(port));

/**
 * Opens the local socket, readable and writable for everybody. A file that a dead daemon left is removed first; one
 * that answers, or that is no socket, is not touched.
 */
export async function listenUnix(path: string, accept: (socket: Socket) => void): Promise<Server> {
  const problem = await clearSocketFile(path);
  if (problem !== null) throw refusal(path, problem);
  const server = await listen({ path }, accept, path);
  try {
    await chmod(path, MODE);
  } catch (error) {
    server.close();
    throw failure(path, error);
  }
  return server;
}

export interface TlsListenOptions {
  readonly port: number;
  readonly files: TlsFiles;
  /** Milliseconds for the TLS handshake. */
  readonly timeout: number;
  /** The oldest version that is spoken; default 1.3. */
  readonly minVersion?: 'TLSv1.2' | 'TLSv1.3';
}

export interface TlsEvents {
  /**
   * A connection is there, and waits until the TLS handshake may begin. What is returned is called when that is through,
   * or the connection closed before.
   */
  arrived(
    socket: Socket,
    handshake: { readonly begin: () => void; readonly destroy: () => void },
  ): (isThrough: boolean) => void;
  /** It is through. */
  accept(socket: Socket): void;
}

export async function listenTls(host: string, options: TlsListenOptions, events: TlsEvents): Promise<Server> {
  const where = `${host}:${options.port} (TLS)`;
  const { cert, key, ca } = options.files;
  try {
    const tls = createTlsServer({
      minVersion: options.minVersion ?? 'TLSv1.3',
      handshakeTimeout: options.timeout,
      cert,
      key,
      ...(ca && { ca, requestCert: true, rejectUnauthorized: true }),
    });
    // The encrypted socket does not tell which one it stands on, but has the same client.
    const begun = new Map<string, (isThrough: boolean) => void>();
    const arrived = (socket: Socket): void => {
      const client = clientOf(socket);
      const ended = events.arrived(socket, {
        begin: () => tls.emit('connection', socket),
        destroy: () => socket.destroy(),
      });
      begun.set(client, ended);
      socket.once('close', () => {
        // A later connection of the same client may stand there by now.
        if (begun.get(client) === ended) begun.delete(client);
        ended(false);
      });
    };
    tls.on('secureConnection', (socket) => {
      const client = clientOf(socket);
      begun.get(client)?.(true);
      begun.delete(client);
      acceptReachable(socket, () => events.accept(socket));
    });
    tls.on('tlsClientError', (_error, socket) => void socket.destroy());
    const place = { host, port: options.port };
    return await listen(place, (socket) => acceptReachable(socket, arrived), where);
  } catch (error) {
    throw error instanceof ListenError ? error : failure(where, error);
  }
}

const clientOf = ({ remoteAddress, remotePort }: Socket): string => `${remoteAddress} ${remotePort}`;

function listen(options: ListenOptions, accept: (socket: Socket) => void, where: string): Promise<Server> {
  // A connection is not read before it is its turn.
  return opened(
    createServer({ noDelay: true, keepAlive: true, pauseOnConnect: true }, accept),
    options,
    where,
  );
}

async function opened(server: Server, options: ListenOptions, where: string): Promise<Server> {
  server.listen({ ...options, backlog: BACKLOG });
  try {
    await once(server, 'listening');
  } catch (error) {
    throw failure(where, error);
  }
  return server;
}

/** One line that begins with the place. */
export const refusal = (where: string, reason: string): ListenError =>
  new ListenError(`cannot listen on ${where}: ${reason}`);

const failure = (where: string, error: unknown): ListenError => refusal(where, placeReason(error));

/** Whether clients can come in where they are meant to, found out before anything is opened. */
const LONGEST_PORT = 65_535;

/** @throws ListenError */
export async function checkTcp(host: string, port: number): Promise<void> {
  const obstacle = await tcpObstacle(host, port);
  if (obstacle !== null) throw refusal(`${host}:${port}`, obstacle);
}

/**
 * A daemon that answers there is no obstacle yet: it may be the one that this one follows.
 * @param port names the socket; 0 for one that is not known yet, null for none
 * @throws ListenError
 */
export async function checkUnix(directory: string, port: number | null): Promise<void> {
  const path = unixPath(directory, port === 0 ? LONGEST_PORT : (port ?? 0));
  await checkSocketPath(path, port === 0 ? socketPathFault : socketObstacle);
}

/** The same for the path of a local socket. @throws ListenError */
export async function checkSocketPath(path: string, obstacleAt = socketObstacle): Promise<void> {
  const obstacle = await obstacleAt(path);
  if (obstacle !== null && obstacle !== IN_USE) throw refusal(path, obstacle);
}

// Open files that the system allows: each session is one. Node raises its own limit to the hard one when it starts.

/** For listeners, log, libraries and whatever else a process opens. */
export const RESERVED_DESCRIPTORS = 100;

/** The limit of this process; null where the system does not tell, as it does on Linux, or has none. */
export async function descriptorLimit(file = '/proc/self/limits'): Promise<number | null> {
  const text = await readFile(file, 'utf8').catch(() => '');
  const [, soft] = /^Max open files\s+(\d+)/m.exec(text) ?? [];
  return soft === undefined ? null : Number(soft);
}
