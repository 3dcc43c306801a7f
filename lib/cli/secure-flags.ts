/** The options by which a verb joins secure groups. */
import { readFileSync } from 'node:fs';
import { type Command, InvalidArgumentError, Option } from 'commander';
import type { SecureOptions } from '../index.js';
import { SspError } from '../index.js';
import { type AllowedMember, type Identity, importIdentity, importPublicKey } from '../secure/index.js';

export interface SecureFlags {
  readonly secure?: boolean;
  readonly identity?: Identity;
  readonly allow?: readonly AllowedMember[];
  readonly authority?: Uint8Array;
  readonly credential?: Uint8Array;
}

/** A public key, and then a name or nothing. */
const ALLOWED_LINE = /^([0-9a-f]{64})(?:\s+(\S+))?$/i;

export const secureFlagOptions = (): Option[] => [
  new Option('--secure', 'encrypt end to end (experimental)'),
  new Option('--identity <file>', 'with --secure: your private key, made by "ssp secure keygen"').argParser(
    (path) => read(path, (text) => importIdentity(text)),
  ),
  new Option(
    '--allow <file>',
    'with --secure: accepted public keys, one per line, with an optional name',
  ).argParser((path) => read(path, allowedOf)),
  new Option('--authority <key>', 'with --secure: public key whose certificates are accepted').argParser(
    (text) => orUsage(() => importPublicKey(text)),
  ),
  new Option('--credential <file>', 'with --authority: the own certificate').argParser(bytesOf),
];

/** Nobody is accepted by default, and nothing is encrypted without being asked for. */
export function checkSecureFlags(command: Command): void {
  const { secure, identity, allow, authority, credential } = command.opts<SecureFlags>();
  const others = [identity, allow, authority, credential].filter((value) => value !== undefined);
  if (!secure && others.length > 0)
    command.error('error: --identity, --allow, --authority and --credential require --secure');
  if (!secure) return;
  if (identity === undefined) command.error('error: --secure requires --identity');
  if ((allow === undefined) === (authority === undefined))
    command.error('error: --secure requires one of --allow and --authority');
}

/** How the groups are joined; null in clear. */
export function secureOf({
  secure,
  identity,
  allow,
  authority,
  credential,
}: SecureFlags): SecureOptions | null {
  return secure && identity ? { identity, allow, authority, credential } : null;
}

function bytesOf(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (error) {
    throw new InvalidArgumentError(`It cannot be read: ${(error as Error).message}.`);
  }
}

const read = <T>(path: string, parse: (text: string) => T): T => {
  const text = bytesOf(path).toString();
  return orUsage(() => parse(text));
};

function orUsage<T>(act: () => T): T {
  try {
    return act();
  } catch (error) {
    if (error instanceof SspError) throw new InvalidArgumentError(`${error.message}.`);
    throw error;
  }
}

function allowedOf(text: string): AllowedMember[] {
  return text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => {
      const [, identity, name] = ALLOWED_LINE.exec(line) ?? [];
      if (identity === undefined)
        throw new InvalidArgumentError(`Expected a public key of 64 hexadecimal digits, got "${line}".`);
      importPublicKey(identity);
      return name === undefined ? { identity, anyName: true } : { identity, name };
    });
}
