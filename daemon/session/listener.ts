/** Where clients come in: a TCP port, or a Unix stream socket (session-protocol.md 1). */
import { once } from 'node:events';
import { lstat, unlink } from 'node:fs/promises';
import { connect, createServer, type ListenOptions, type Server, type Socket } from 'node:net';
import { join } from 'node:path';

/** Connections that the system may keep waiting for us to accept. */
const BACKLOG = 1024;

/** A listener could not be opened; `message` is one line for the person who started the daemon. */
export class ListenError extends Error {
  override readonly name = 'ListenError';
}

/** @returns the listening server; port 0 takes a free one */
export async function listenTcp(host: string, port: number, accept: (socket: Socket) => void): Promise<Server> {
  return await listen({ host, port }, accept, `${host}:${port}`);
}

/** The local socket's file: named after the port, in decimal. */
export const unixPath = (directory: string, port: number): string => join(directory, String(port));

/**
 * Opens the local socket, readable and writable for everybody. A file that a dead daemon left is removed first; one
 * that answers, or that is no socket, is not touched.
 */
export async function listenUnix(path: string, accept: (socket: Socket) => void): Promise<Server> {
  await clear(path);
  return await listen({ path, readableAll: true, writableAll: true }, accept, path);
}

async function listen(options: ListenOptions, accept: (socket: Socket) => void, where: string): Promise<Server> {
  const server = createServer({ noDelay: true, keepAlive: true }, accept);
  server.listen({ ...options, backlog: BACKLOG });
  try {
    await once(server, 'listening');
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    throw new ListenError(`cannot listen on ${where}: ${explain(code) ?? message}`);
  }
  return server;
}

function explain(code: string | undefined): string | undefined {
  if (code === 'EADDRINUSE') return 'the address is in use, perhaps by another daemon';
  if (code === 'EACCES') return 'permission denied';
  if (code === 'EADDRNOTAVAIL') return 'this machine has no such address';
  return undefined;
}

async function clear(path: string): Promise<void> {
  const found = await lstat(path).catch(() => null);
  if (found === null) return;
  if (!found.isSocket()) throw new ListenError(`cannot listen on ${path}: the file exists and is no socket`);
  if (await answers(path)) {
    throw new ListenError(`cannot listen on ${path}: the address is in use, perhaps by another daemon`);
  }
  await unlink(path);
}

async function answers(path: string): Promise<boolean> {
  const socket = connect(path);
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}
