/** Puts bugs into members: other methods in the place of theirs, private ones included, and other cryptography. */
import { Buffer } from 'node:buffer';
import type { Agreement } from '../../../lib/secure/core/agreement.js';
import { label, type ViewKeys } from '../../../lib/secure/core/context.js';
import type { EpochKeys } from '../../../lib/secure/core/epoch-keys.js';
import type { Keying } from '../../../lib/secure/core/keying.js';
import type { Provider } from '../../../lib/secure/core/provider.js';

export type Method<Args extends readonly unknown[], Result> = (...args: Args) => Result;

/** Puts another method in the place of one of this object. */
export function patch<Args extends readonly unknown[], Result>(
  target: object,
  method: string,
  make: (original: Method<Args, Result>) => Method<Args, Result>,
): void {
  const original: unknown = Reflect.get(target, method);
  if (typeof original !== 'function') throw new Error(`expected a method ${method} to plant a bug in`);
  const bound = original.bind(target) as Method<Args, Result>;
  Object.defineProperty(target, method, { value: make(bound), configurable: true });
}

/** A field of an object that it keeps to itself. */
export function field(target: object, name: string): unknown {
  if (!(name in target)) throw new Error(`expected a field ${name}`);
  return Reflect.get(target, name);
}

interface Member {
  readonly machine: object;
}

/** Plants something in every agreement of a member. */
export const inAgreements = (
  { machine }: Member,
  plant: (agreement: Agreement, keying: Keying) => void,
): void =>
  patch<readonly unknown[], void>(machine, 'agree', (agree) => (...args) => {
    agree(...args);
    const keying = field(machine, 'keying') as Keying | null;
    if (keying) plant(keying.agreement, keying);
  });

/** Plants something in the keys of every epoch of a member. */
export const inEpochs = (
  { machine }: Member,
  change: (keys: ViewKeys) => ViewKeys,
  plant: (keys: EpochKeys) => void = () => undefined,
): void =>
  patch<[Keying, ViewKeys, readonly string[]], EpochKeys>(
    machine,
    'epochKeys',
    (make) => (keying, keys, names) => {
      const made = make(keying, change(keys), names);
      plant(made);
      return made;
    },
  );

const startsWith = (bytes: Uint8Array, name: string): boolean =>
  label(name).equals(bytes.subarray(0, label(name).length));

/** What is hashed, or the info of a key, for this purpose is changed before. */
export const forLabel =
  (name: string, change: (bytes: Buffer, from: number) => Buffer) =>
  (provider: Provider): Provider => {
    const changed = (bytes: Uint8Array): Uint8Array =>
      startsWith(bytes, name) ? change(Buffer.from(bytes), label(name).length) : bytes;
    return {
      ...provider,
      hash: (bytes) => provider.hash(changed(bytes)),
      hmac: (key, bytes) => provider.hmac(key, changed(bytes)),
      hkdf: (ikm, salt, info, length) => provider.hkdf(ikm, salt, changed(info), length),
    };
  };

/** What seals and opens messages is given another nonce or binding. */
export const forMessages =
  (change: (nonce: Uint8Array, aad: Uint8Array) => readonly [Uint8Array, Uint8Array]) =>
  (provider: Provider): Provider => ({
    ...provider,
    seal: (key, nonce, aad, plain) => provider.seal(key, ...change(nonce, aad), plain),
    open: (key, nonce, aad, boxed) => provider.open(key, ...change(nonce, aad), boxed),
  });

export const isMessage = (aad: Uint8Array): boolean => startsWith(aad, 'aad');

/** The bytes with zeros in a place. */
export function zeroed(bytes: Uint8Array, from: number, to: number): Buffer {
  const copy = Buffer.from(bytes);
  copy.fill(0, from, to);
  return copy;
}
