/**
 * Values of hosts as bytes: JSON, with binary data beside it. The serializer of V8 is not used: what it writes depends on the version of
 * Node, and members need not run the same one.
 *
 * One byte says how the rest is to be read. 0: JSON. 1: the length of the JSON, the JSON, then each binary value after its length;
 * lengths are varints. In the JSON, `{"$b":n}` stands for the binary value n, counted from 0, and `{"$o":{...}}` for an object of the
 * application that looks like one of these two [adapters 3].
 */
import { Buffer } from 'node:buffer';
import { errorOf } from '../errors.js';
import { ByteReader, ByteWriter, Malformed, readWhole } from '../util/bytes.js';
import { ILLEGAL_PARAM } from '../wire/codes.js';

const PLAIN = 0;
const TAGGED = 1;
const BINARY = '$b';
const OBJECT = '$o';

/** Values inside values, at most: deeper ones are refused, as they would overflow the stack of another member. */
const MAX_DEPTH = 200;
/** Binary values in one value, at most. */
const MAX_BINARY = 10_000;

type Fields = Readonly<Record<string, unknown>>;

/**
 * What JSON makes of the value, with `Uint8Array`, other views and `ArrayBuffer` anywhere in it kept as they are; they come out as Buffer. As in JSON, a Date becomes
 * a text, `undefined` in a list becomes null, and a Map becomes an empty object.
 * @throws IllegalParamError for what JSON cannot represent: a bigint, a cycle, a function as the whole; and beyond 200 levels or 10,000
 * binary values
 */
export function encodeValue(value: unknown): Buffer {
  const binaries: Uint8Array[] = [];
  const isTagged = needsTags(value, 0);
  const text = isTagged ? json(value, tagging(binaries)) : json(value);
  if (!isTagged) return Buffer.concat([Buffer.of(PLAIN), Buffer.from(text)]);
  const bytes = Buffer.from(text);
  const writer = new ByteWriter('BE', bytes.length + 64).u8(TAGGED).varint(bytes.length).raw(bytes);
  for (const each of binaries) writer.varint(each.length).raw(each);
  return writer.finish();
}

/** The value; undefined for bytes that are damaged. Binary values share the memory. */
export function decodeValue(bytes: Buffer): unknown {
  try {
    if (bytes[0] === PLAIN) return JSON.parse(bytes.toString('utf8', 1)) as unknown;
    if (bytes[0] === TAGGED) return readWhole(new ByteReader(bytes, 'BE', 1), tagged) ?? undefined;
  } catch {
    // Not JSON, or deeper than the stack.
  }
  return undefined;
}

function json(value: unknown, replacer?: (this: Fields, key: string, value: unknown) => unknown): string {
  try {
    const text = JSON.stringify(value, replacer) as string | undefined;
    if (text !== undefined) return text;
  } catch (error) {
    throw errorOf(ILLEGAL_PARAM, `expected a value that JSON can have: ${(error as Error).message}`);
  }
  throw errorOf(ILLEGAL_PARAM, `expected a value that JSON can have, got ${typeof value}`);
}

const isBinary = (value: unknown): value is ArrayBufferView | ArrayBuffer =>
  ArrayBuffer.isView(value) || value instanceof ArrayBuffer;

/** Whether an object has the form of one of ours. */
function looksTagged(value: object): boolean {
  const keys = Object.keys(value);
  return keys.length === 1 && (keys[0] === BINARY || keys[0] === OBJECT);
}

/** Whether plain JSON would lose something. */
function needsTags(value: unknown, depth: number): boolean {
  if (typeof value !== 'object' || value === null) return false;
  if (depth > MAX_DEPTH)
    throw errorOf(ILLEGAL_PARAM, `expected at most ${MAX_DEPTH} levels in a value, got more, or a cycle`);
  if (isBinary(value)) return true;
  const { toJSON } = value as { readonly toJSON?: unknown };
  if (typeof toJSON === 'function') return needsTags((toJSON as () => unknown).call(value), depth + 1);
  if (Array.isArray(value)) return value.some((each) => needsTags(each, depth + 1));
  if (looksTagged(value)) return true;
  for (const key in value) if (needsTags((value as Fields)[key], depth + 1)) return true;
  return false;
}

function tagging(binaries: Uint8Array[]): (this: Fields, key: string, value: unknown) => unknown {
  /** The `$o` that were made here: what is in one is left alone. */
  const made = new WeakSet<object>();
  return function (key, value) {
    // A Buffer has a `toJSON`, whose result is `value`; that of another object may be binary.
    const own = this[key];
    const binary = isBinary(own) ? own : value;
    if (isBinary(binary)) {
      if (binaries.length >= MAX_BINARY) throw new Error(`more than ${MAX_BINARY} binary values`);
      binaries.push(bytesOf(binary));
      return { [BINARY]: binaries.length - 1 };
    }
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
    if (!looksTagged(value) || made.has(this)) return value;
    const tag = { [OBJECT]: value };
    made.add(tag);
    return tag;
  };
}

const bytesOf = (value: ArrayBufferView | ArrayBuffer): Uint8Array =>
  ArrayBuffer.isView(value)
    ? new Uint8Array(value.buffer, value.byteOffset, value.byteLength)
    : new Uint8Array(value);

/** @throws Malformed */
function tagged(reader: ByteReader): unknown {
  const text = reader.raw(reader.varint()).toString();
  const binaries: Buffer[] = [];
  while (reader.left > 0) {
    if (binaries.length >= MAX_BINARY) throw new Malformed(`more than ${MAX_BINARY} binary values`);
    binaries.push(reader.raw(reader.varint()));
  }
  return untagged(JSON.parse(text), binaries);
}

/** Puts binary values back, outer ones first: what is in an `$o` is not looked at as a tag. */
function untagged(value: unknown, binaries: readonly Buffer[]): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map((each) => untagged(each, binaries));
  if (looksTagged(value)) {
    const { [BINARY]: number, [OBJECT]: object } = value as Fields;
    if (object !== undefined) return entriesOf(object as object, binaries);
    const binary = typeof number === 'number' ? binaries[number] : undefined;
    if (binary === undefined) throw new Malformed('a binary value that is not there');
    return binary;
  }
  return entriesOf(value, binaries);
}

function entriesOf(value: object, binaries: readonly Buffer[]): object {
  for (const [key, each] of Object.entries(value)) {
    if (typeof each !== 'object' || each === null) continue;
    // A key may be `__proto__`.
    const put = { value: untagged(each, binaries), writable: true, enumerable: true, configurable: true };
    Object.defineProperty(value, key, put);
  }
  return value;
}
