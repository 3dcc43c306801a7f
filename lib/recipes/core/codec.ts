/**
 * The bodies of all recipes: two bytes that say so, a version, the recipe, the kind of message, then fields. Integers are
 * varints of seven bits a byte, the low ones first; texts and byte strings follow their length. After the last field
 * tagged fields may follow, each a tag, a length and that many bytes: a reader skips those that it does not know.
 * A reader never throws: after the first field that cannot be read it gives zeros, and `isSound` is false.
 */
import { Buffer } from 'node:buffer';
import type { GroupId } from '../../wire/group-id.js';

/** `private`: around a message to one member, whatever the recipe. */
export const RECIPES = { election: 1, members: 2, call: 3, replicated: 4, private: 5 } as const;
export type Recipe = keyof typeof RECIPES;

const MAGIC_0 = 0x53;
const MAGIC_1 = 0xb7;
const VERSION = 2;
const ENVELOPE = 5;
/** A varint of a number below 2^53 has at most eight bytes. */
const VARINT_BYTES = 8;
const FIRST_BYTES = 64;
/** More kinds than fit into a byte. */
const KINDS = 256;

/** Recipe and kind of a message as one number. */
export const headOf = (recipe: Recipe, kind: number): number => RECIPES[recipe] * KINDS + kind;

export class BodyWriter {
  private bytes = Buffer.allocUnsafe(FIRST_BYTES);
  private length = ENVELOPE;

  constructor(recipe: Recipe, kind: number) {
    this.bytes.set([MAGIC_0, MAGIC_1, VERSION, RECIPES[recipe], kind]);
  }

  /** A whole number from 0, below 2^53. */
  number(value: number): this {
    this.room(VARINT_BYTES);
    let rest = value;
    while (rest >= 0x80) {
      this.bytes[this.length++] = 0x80 | (rest % 0x80);
      rest = Math.floor(rest / 0x80);
    }
    this.bytes[this.length++] = rest;
    return this;
  }

  flag(value: boolean): this {
    return this.number(value ? 1 : 0);
  }

  data(value: Uint8Array): this {
    this.number(value.length);
    this.room(value.length);
    this.bytes.set(value, this.length);
    this.length += value.length;
    return this;
  }

  text(value: string): this {
    return this.data(Buffer.from(value));
  }

  texts(values: readonly string[]): this {
    this.number(values.length);
    for (const value of values) this.text(value);
    return this;
  }

  groupId(id: GroupId): this {
    for (const word of id) this.number(word >>> 0);
    return this;
  }

  finish(): Buffer {
    return this.bytes.subarray(0, this.length);
  }

  private room(more: number): void {
    const needed = this.length + more;
    if (needed <= this.bytes.length) return;
    const larger = Buffer.allocUnsafe(Math.max(needed, 2 * this.bytes.length));
    larger.set(this.bytes.subarray(0, this.length));
    this.bytes = larger;
  }
}

export class BodyReader {
  private at = ENVELOPE;
  private broken = false;

  private constructor(
    private readonly bytes: Buffer,
    readonly kind: number,
  ) {}

  /** Whether it is a body of some recipe, but of another version of this format. */
  static isOfOtherVersion(body: Buffer): boolean {
    return body.length >= ENVELOPE && body[0] === MAGIC_0 && body[1] === MAGIC_1 && body[2] !== VERSION;
  }

  /** Recipe and kind of a body of this version as one number; -1 for what is none. */
  static headOf(body: Buffer): number {
    if (body.length < ENVELOPE || body[0] !== MAGIC_0 || body[1] !== MAGIC_1 || body[2] !== VERSION)
      return -1;
    return (body[3] as number) * KINDS + (body[4] as number);
  }

  /** Null when the body is none of the recipe. */
  static open(recipe: Recipe, body: Buffer): BodyReader | null {
    const kind = BodyReader.headOf(body) - headOf(recipe, 0);
    return kind >= 0 && kind < KINDS ? new BodyReader(body, kind) : null;
  }

  /** Whether every field so far was there, and only tagged fields follow them. To be asked after the last field. */
  get isSound(): boolean {
    while (!this.broken && this.at < this.bytes.length) {
      this.number();
      this.data();
    }
    return !this.broken;
  }

  /** Whether every field so far was there. */
  get isOpen(): boolean {
    return !this.broken;
  }

  number(): number {
    let value = 0;
    let unit = 1;
    for (let count = 0; count < VARINT_BYTES && this.at < this.bytes.length; count++) {
      const byte = this.bytes[this.at++] as number;
      value += (byte & 0x7f) * unit;
      if (byte < 0x80) return value <= Number.MAX_SAFE_INTEGER ? value : this.fault(0);
      unit *= 0x80;
    }
    return this.fault(0);
  }

  flag(): boolean {
    const value = this.number();
    return value <= 1 ? value === 1 : this.fault(false);
  }

  /** Shares the memory of the body. */
  data(): Buffer {
    const length = this.number();
    if (length > this.bytes.length - this.at) return this.fault(Buffer.alloc(0));
    this.at += length;
    return this.bytes.subarray(this.at - length, this.at);
  }

  text(): string {
    return this.data().toString();
  }

  texts(limit: number): string[] {
    const count = this.number();
    if (count > limit) return this.fault([]);
    const values: string[] = [];
    for (let i = 0; i < count && !this.broken; i++) values.push(this.text());
    return values;
  }

  groupId(): GroupId {
    return [this.number() | 0, this.number() | 0, this.number() | 0];
  }

  private fault<T>(value: T): T {
    this.broken = true;
    this.at = this.bytes.length;
    return value;
  }
}

// Private messages of a recipe. They come over the connection, in which several recipes may sit; group ids, by which they
// tell one view from another, mean something with the name of the group only. So each private message carries that name.

/** A kind that needs no other beside it. */
const KIND = 0;

/** A private message for the recipe in that group. */
export const sealed = (group: string, body: Buffer): Buffer =>
  new BodyWriter('private', KIND).text(group).data(body).finish();

/** What is in it, when it is for the recipe in that group, and nothing where that is damaged; null: it is for another. */
export function opened(group: string, bytes: Buffer): Buffer | null {
  const reader = BodyReader.open('private', bytes);
  if (!reader || reader.text() !== group) return null;
  const body = reader.data();
  return reader.isSound ? body : Buffer.alloc(0);
}
