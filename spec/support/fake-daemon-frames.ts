/** Frames as a daemon sends them, byte by byte from [session 4, 6]; lib/wire plays no part. */
import { Buffer } from 'node:buffer';

export interface FrameFields {
  /** Type word without its marker. */
  type: number;
  /** Sender of data, group of a membership message. */
  name: string;
  groups?: readonly string[];
  messType?: number;
  data?: Buffer | string;
  /** Byte order of the daemon; default little. */
  little?: boolean;
  /** Byte order of the sender of data; default the daemon's. */
  senderLittle?: boolean;
  /** Written instead of the true numbers. */
  numGroups?: number;
  dataLength?: number;
  /** Behind the header, for reject frames. */
  extra?: Buffer;
}

export type Id = readonly [number, number, number];

export const field = (name: string): Buffer => {
  const bytes = Buffer.alloc(32);
  bytes.write(name, 'latin1');
  return bytes;
};

export const word = (value: number, little = true): Buffer => {
  const bytes = Buffer.alloc(4);
  if (little) bytes.writeInt32LE(value | 0);
  else bytes.writeInt32BE(value | 0);
  return bytes;
};

/** A word with the byte-order marker in bits 31 and 7. */
export const markedWord = (value: number, little = true): Buffer =>
  word(little ? value | 0x80000080 : value, little);

export function frame(fields: FrameFields): Buffer {
  const { type, name, groups = [], messType = 0, data = '', little = true, senderLittle = little } = fields;
  const body = typeof data === 'string' ? Buffer.from(data, 'latin1') : data;
  return Buffer.concat([
    markedWord(type, little),
    field(name),
    word(fields.numGroups ?? groups.length, little),
    markedWord((messType & 0xffff) << 8, senderLittle),
    word(fields.dataLength ?? body.length, little),
    fields.extra ?? Buffer.alloc(0),
    ...groups.map(field),
    body,
  ]);
}

const idBytes = (id: Id, little: boolean): Buffer => Buffer.concat(id.map((part) => word(part, little)));

export interface ViewFields {
  group: string;
  /** A CAUSED_BY bit. */
  cause: number;
  members: readonly string[];
  id: Id;
  /** Virtual-synchrony sets. */
  sets: readonly (readonly string[])[];
  /** Index of the receiver's set. */
  own?: number;
  little?: boolean;
}

/** The body of a regular membership message [session 6.3]. */
export function viewBody({ id, sets, own = 0, little = true }: ViewFields): Buffer {
  const blocks = sets.map((set) => Buffer.concat([word(set.length, little), ...set.map(field)]));
  const offset = blocks.slice(0, own).reduce((sum, block) => sum + block.length, 0);
  return Buffer.concat([idBytes(id, little), word(sets.length, little), word(offset, little), ...blocks]);
}

export const viewFrame = (view: ViewFields): Buffer =>
  frame({
    type: 0x1000 | view.cause,
    name: view.group,
    groups: view.members,
    data: viewBody(view),
    little: view.little ?? true,
  });

export const transitionFrame = (group: string, id: Id, little = true): Buffer =>
  frame({ type: 0x2000, name: group, data: idBytes(id, little), little });

export const selfLeaveFrame = (group: string, little = true): Buffer =>
  frame({ type: 0x0200, name: group, little });

/** SSP's body [receive 2], always little-endian: group id, number of names, names. */
export const sspBody = (id: Id, names: readonly string[]): Buffer =>
  Buffer.concat([idBytes(id, true), word(names.length), ...names.map(field)]);
