/** The connection of a command: made with errors that say what to do, and closed however the command ends. */
import {
  ConnectionClosedError,
  CouldNotConnectError,
  IllegalAddressError,
  NotUniqueError,
  SspError,
} from '../errors.js';
import { connect } from '../group/connect.js';
import type { Connection } from '../group/connection.js';
import { credentials } from './credentials.js';
import { Failure } from './failure.js';
import { type TlsFlags, tlsOf } from './tls-flags.js';

/** Milliseconds for connection and handshake: a daemon that answers later than this does not answer. */
export const CONNECT_LIMIT_MS = 10_000;

export interface Access extends TlsFlags {
  readonly address: string;
  readonly name?: string;
}

/** What to tell somebody whose connection was not made. */
export function connectFailure(error: SspError, { address, name }: Access): Failure {
  return new Failure(sentence(error, address, name), undefined, { cause: error });
}

/** Codes of the system for an address that nobody listens at. */
const nobody = new Set(['ECONNREFUSED', 'ENOENT']);

const causeCode = ({ cause }: Error): string => (cause as NodeJS.ErrnoException | undefined)?.code ?? '';

function sentence(error: SspError, address: string, name = ''): string {
  if (error instanceof CouldNotConnectError && nobody.has(causeCode(error))) {
    return `no daemon answers at ${address}; \`sspd\` starts one, and so does \`npm start\` in a clone of ssp-toolkit`;
  }
  if (error instanceof CouldNotConnectError || error instanceof ConnectionClosedError) return error.message;
  if (error instanceof IllegalAddressError) return `the host of ${address} is unknown`;
  if (error instanceof NotUniqueError) {
    return `the name "${name}" is in use at the daemon ${address}; take another one with --name`;
  }
  return `${address}: ${error.message}`;
}

export const lostFailure = (address: string, cause?: Error): Failure =>
  new Failure(`the connection to ${address} is lost`, undefined, { cause });

/**
 * Runs a piece of work with a connection.
 * @param stop closes the connection, which ends loops over it
 * @throws the reason of `stop`, also when the work ended well; Failure when the connection cannot be made or is lost
 */
export async function withConnection(
  access: Access,
  stop: AbortSignal,
  work: (connection: Connection) => Promise<void>,
): Promise<void> {
  const connection = await open(access, stop);
  const close = (): void => void connection.close();
  stop.addEventListener('abort', close, { once: true });
  try {
    await work(connection);
  } catch (error) {
    if (stop.aborted || !(error instanceof ConnectionClosedError)) throw stop.aborted ? stop.reason : error;
    throw lostFailure(access.address, error);
  } finally {
    stop.removeEventListener('abort', close);
    await connection.close();
  }
  stop.throwIfAborted();
}

async function open(access: Access, signal: AbortSignal): Promise<Connection> {
  const { address, name } = access;
  const tls = tlsOf(access);
  try {
    return await connect({ address, name, timeoutMs: CONNECT_LIMIT_MS, signal, auth: credentials(), tls });
  } catch (error) {
    throw error instanceof SspError ? connectFailure(error, access) : error;
  }
}
