/** The TLS options of a verb: files, read when the command line is. */
import type { Buffer } from 'node:buffer';
import { readFileSync } from 'node:fs';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { parseAddress } from '../mailbox/address.js';
import type { TlsOptions } from '../mailbox/dial.js';

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
  new Option('--ca <file>', 'for tls://: authority to believe, instead of those that Node knows').argParser(
    pem,
  ),
  new Option('--cert <file>', 'for tls://: own certificate, where the daemon requires one').argParser(pem),
  new Option('--key <file>', 'for tls://: the key of that certificate').argParser(pem),
];

/** An option that would be without effect leaves somebody without the TLS that he wanted. */
export function checkTlsFlags(command: Command): void {
  const { address, ca, cert, key } = command.opts<TlsFlags & { readonly address: string }>();
  const parsed = parseAddress(address);
  const isTls = parsed !== null && 'tls' in parsed && parsed.tls;
  if (!isTls && (ca ?? cert ?? key) !== undefined)
    command.error(`error: --ca, --cert and --key go with an address tls://host:port, not with ${address}`);
  if ((cert === undefined) !== (key === undefined)) command.error('error: --cert and --key go together');
}

export const tlsOf = ({ ca, cert, key }: TlsFlags): TlsOptions => ({ ca, cert, key });
