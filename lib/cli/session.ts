/** The connection of a command: made with errors that say what to do, and closed however the command ends. */
import type { Buffer } from 'node:buffer';
import { readFileSync } from 'node:fs';
import { type Command, InvalidArgumentError, Option } from 'commander';
import {
  type Connection,
  ConnectionClosedError,
  CouldNotConnectError,
  IllegalAddressError,
  NotUniqueError,
  SspError,
  type TlsOptions,
  connect,
} from '../index.js';
import { addressList, parseAddress, parseService } from '../mailbox/address.js';
import { Failure } from './failure.js';

/** Milliseconds for connection and handshake: a daemon that answers later than this does not answer. */
export const CONNECT_LIMIT_MS = 10_000;

export interface Access extends TlsFlags {
  readonly address: string;
  readonly name?: string;
}

/** No daemon was reached, or the connection to it was lost. */
export class Unreached extends Failure {}

/** What to tell somebody whose connection was not made. */
export function connectFailure(error: SspError, { address, name }: Access): Failure {
  const isThere = !unreached.some((condition) => error instanceof condition);
  const Kind = isThere ? Failure : Unreached;
  return new Kind(sentence(error, address, name), undefined, { cause: error });
}

/** Errors without an answer of a daemon. */
const unreached = [CouldNotConnectError, ConnectionClosedError, IllegalAddressError];

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
  new Unreached(`the connection to ${address} is lost`, undefined, { cause });

/** Whether the connection of a command comes back after a loss: with several addresses, where that makes sense. */
export type Return = 'comes-back' | 'ends';

/**
 * Runs a piece of work with a connection.
 * @param stop closes the connection, which ends loops over it
 * @param after a loss; with one address every connection ends
 * @throws the reason of `stop`, also when the work ended well; Failure when the connection cannot be made or is lost
 */
export async function withConnection(
  access: Access,
  stop: AbortSignal,
  work: (connection: Connection) => Promise<void>,
  after: Return = 'ends',
): Promise<void> {
  const connection = await open(access, stop, after);
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

async function open(access: Access, signal: AbortSignal, after: Return): Promise<Connection> {
  const { address, name } = access;
  const options = { name, timeoutMs: CONNECT_LIMIT_MS, signal, auth: credentials(), tls: tlsOf(access) };
  try {
    if (!isSeveral(address)) return await connect({ ...options, address });
    return await connect({ ...options, addresses: [address], resume: after === 'comes-back' });
  } catch (error) {
    throw error instanceof SspError ? connectFailure(error, access) : error;
  }
}

/** Whether the text names more than one daemon. */
const isSeveral = (address: string): boolean =>
  addressList(address).length > 1 || parseService(address) !== null;

/** The TLS options of a verb: files, read when the command line is. */
export interface TlsFlags {
  readonly ca?: Buffer;
  readonly cert?: Buffer;
  readonly key?: Buffer;
}

/** Longest file that is taken for keys or certificates. */
const MAX_PEM_BYTES = 1024 * 1024;

function pem(path: string): Buffer {
  let bytes: Buffer;
  try {
    bytes = readFileSync(path);
  } catch (error) {
    throw new InvalidArgumentError(`It cannot be read: ${(error as Error).message}.`);
  }
  if (bytes.length > MAX_PEM_BYTES || !bytes.includes('-----BEGIN '))
    throw new InvalidArgumentError('It has no certificate or key in the format PEM.');
  return bytes;
}

export const tlsOptions = (): Option[] => [
  new Option('--ca <file>', 'for tls://: certificate authority to trust, instead of those of Node').argParser(
    pem,
  ),
  new Option('--cert <file>', 'for tls://: client certificate, if the daemon requires one').argParser(pem),
  new Option('--key <file>', 'for tls://: the key of that certificate').argParser(pem),
];

/** An option that would be without effect leaves somebody without the TLS that he wanted. */
export function checkTlsFlags(command: Command): void {
  const { address, ca, cert, key } = command.opts<TlsFlags & { readonly address: string }>();
  const isTls = addressList(address).some((each) => {
    const parsed = parseAddress(each);
    return parsed !== null && 'tls' in parsed && parsed.tls;
  });
  if (!isTls && (ca ?? cert ?? key) !== undefined)
    command.error(`error: --ca, --cert and --key require an address tls://host:port, got ${address}`);
  if ((cert === undefined) !== (key === undefined))
    command.error('error: --cert and --key require each other');
}

export const tlsOf = ({ ca, cert, key }: TlsFlags): TlsOptions => ({ ca, cert, key });

// Who the command says it is. From the environment only: an argument would be seen by everybody on the machine.

/** `SSP_USER` and `SSP_PASSWORD`, for a daemon that asks for PWORD; undefined without a user. */
export function credentials(
  environment: NodeJS.ProcessEnv = process.env,
): { user: string; password: string } | undefined {
  const { SSP_USER: user = '', SSP_PASSWORD: password = '' } = environment;
  return user === '' ? undefined : { user, password };
}
