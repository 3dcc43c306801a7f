/**
 * The bodies of all recipes: two bytes that say so, a version, the recipe, the kind of message, then fields. Integers are
 * varints of seven bits a byte, the low ones first; texts and byte strings follow their length. After the last field
 * tagged fields may follow, each a tag, a length and that many bytes of fields: a reader skips those that it does not know.
 */
import { Buffer } from '#buffer';
import { ByteReader, ByteWriter, Malformed, readWhole } from '../../util/bytes.js';
import type { GroupId } from '../../wire/group-id.js';

/** `private`: around a message to one member, whatever the recipe. */
export const RECIPES = { election: 1, members: 2, call: 3, replicated: 4, private: 5 } as const;
export type Recipe = keyof typeof RECIPES;

const MAGIC_0 = 0x53;
const MAGIC_1 = 0xb7;
const VERSION = 2;
const ENVELOPE = 5;
const FIRST_BYTES = 64;
/** More kinds than fit into a byte. */
export const KINDS = 256;

export class FieldWriter extends ByteWriter {
  constructor() {
    super('BE', FIRST_BYTES);
  }

  /** A whole number from 0, below 2^53. */
  number(value: number): this {
    return this.varint(value);
  }

  flag(value: boolean): this {
    return this.varint(value ? 1 : 0);
  }

  data(value: Uint8Array): this {
    return this.varint(value.length).raw(value);
  }

  text(value: string): this {
    return this.data(Buffer.from(value));
  }

  texts(values: readonly string[]): this {
    this.varint(values.length);
    for (const value of values) this.text(value);
    return this;
  }

  groupId(id: GroupId): this {
    for (const word of id) this.varint(word >>> 0);
    return this;
  }

  /** After the last field that has no tag. */
  tagged(tag: number, write: (writer: FieldWriter) => void): this {
    const field = new FieldWriter();
    write(field);
    return this.varint(tag).data(field.finish());
  }
}

export class BodyWriter extends FieldWriter {
  constructor(recipe: Recipe, kind: number) {
    super();
    this.u8(MAGIC_0).u8(MAGIC_1).u8(VERSION).u8(RECIPES[recipe]).u8(kind);
  }
}

/** Every method throws Malformed for what is not there. */
export class FieldReader extends ByteReader {
  constructor(bytes: Buffer, at = 0) {
    super(bytes, 'BE', at);
  }

  number(): number {
    return this.varint();
  }

  flag(): boolean {
    const value = this.varint();
    if (value > 1) throw new Malformed(`expected 0 or 1, got ${value}`);
    return value === 1;
  }

  /** Shares the memory of the body. */
  data(): Buffer {
    return this.raw(this.varint());
  }

  text(): string {
    return this.data().toString();
  }

  texts(limit: number): string[] {
    return this.list(limit, () => this.text());
  }

  /** A count, and that many of them. */
  list<T>(limit: number, read: () => T): T[] {
    const count = this.varint();
    if (count > limit) throw new Malformed(`expected ${limit} items at most, got ${count}`);
    const values: T[] = [];
    for (let i = 0; i < count; i++) values.push(read());
    return values;
  }

  groupId(): GroupId {
    return [this.varint() | 0, this.varint() | 0, this.varint() | 0];
  }

  /** After the last field that has no tag: what is read of the field with that tag; null without one. */
  tagged<T>(tag: number, read: (reader: FieldReader) => T): T | null {
    let value: T | null = null;
    while (this.left > 0) {
      const isIt = this.varint() === tag;
      const field = new FieldReader(this.data());
      if (!isIt) continue;
      value = read(field);
      field.end();
    }
    return value;
  }

  /** After the last field that has no tag: each field with one of these tags is read; others are skipped. */
  allTagged(reads: Readonly<Record<number, (reader: FieldReader) => void>>): void {
    while (this.left > 0) {
      const read = reads[this.varint()];
      const field = new FieldReader(this.data());
      if (!read) continue;
      read(field);
      field.end();
    }
  }

  /** After the last field. @throws Malformed when something follows that is not a tagged field */
  override end(): void {
    while (this.left > 0) {
      this.varint();
      this.data();
    }
  }
}

export class BodyReader extends FieldReader {
  private constructor(
    body: Buffer,
    readonly kind: number,
  ) {
    super(body, ENVELOPE);
  }

  /** Whether it is a body of some recipe, but of another version of this format. */
  static isOfOtherVersion(body: Buffer): boolean {
    return body.length >= ENVELOPE && body[0] === MAGIC_0 && body[1] === MAGIC_1 && body[2] !== VERSION;
  }

  /** The number of the recipe times KINDS, and the kind, of a body of this version; -1 for what is none. */
  static headOf(body: Buffer): number {
    if (body.length < ENVELOPE || body[0] !== MAGIC_0 || body[1] !== MAGIC_1 || body[2] !== VERSION)
      return -1;
    return (body[3] as number) * KINDS + (body[4] as number);
  }

  /** Null when the body is none of the recipe. */
  static open(recipe: Recipe, body: Buffer): BodyReader | null {
    const kind = BodyReader.headOf(body) - RECIPES[recipe] * KINDS;
    return kind >= 0 && kind < KINDS ? new BodyReader(body, kind) : null;
  }
}

/** What is read of a body; null when it is none of the recipe, or malformed. */
export function readBody<T>(recipe: Recipe, body: Buffer, read: (reader: BodyReader) => T): T | null {
  const reader = BodyReader.open(recipe, body);
  return reader && readWhole(reader, read);
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
  let isFor = false;
  const body = readBody('private', bytes, (reader) => {
    isFor = reader.text() === group;
    return reader.data();
  });
  return isFor ? (body ?? Buffer.alloc(0)) : null;
}
