/**
 * What travels in the registry's group [channels 15.2]: commands of the members, and what the registry itself
 * says: tables after a change of the members [channels 15.4], and votes on which part of the network continues.
 */
import { Buffer } from 'node:buffer';
import { type Delivery, isAsSureAs } from '../../primary/delivery.js';
import type { ReturnedMember } from '../../client/event.js';
import { GROUP_ID_BYTES } from '../../wire/group-id.js';
import { ByteReader, ByteWriter, Malformed, readWhole } from '../../util/bytes.js';
import { MAX_RETURNS } from '../limits.js';
import {
  type ClaimId,
  type Settings,
  readChannelName,
  readClaim,
  readSettings,
  writeClaim,
  writeSettings,
} from './entry.js';
import {
  type PartTestimony,
  readElectorates,
  readTestimony,
  writeElectorates,
  writeTestimony,
} from './primary.js';

const VERSION = 5;

/** In the order of their numbers on the wire, from 32. */
const KINDS = [
  'claim',
  'release',
  'attach',
  'detach',
  'update',
  'nothing',
  'part',
  'state',
  'vote',
  'settle',
] as const;
const FIRST_KIND = 32;

/** A view, and how many exchanges there were in it before: what is said in one of them counts in no other. */
export type RoundTag = readonly [daemon: number, time: number, counter: number, round: number];

export const equalTags = (a: RoundTag, b: RoundTag): boolean => a.every((word, i) => word === b[i]);

export type Command =
  | {
      readonly kind: 'claim';
      readonly name: string;
      readonly claim: ClaimId;
      readonly settings: Settings;
      /** Refuse outside the primary component. */
      readonly strict: boolean;
      /** Claim of the owner who has been unreachable for so long that the name may be taken from him. */
      readonly from: ClaimId | null;
    }
  | { readonly kind: 'release'; readonly claim: ClaimId; readonly force: boolean }
  | { readonly kind: 'attach'; readonly name: string }
  | { readonly kind: 'detach'; readonly claim: ClaimId }
  | { readonly kind: 'update'; readonly claim: ClaimId; readonly settings: Settings }
  /** Only its place in the order matters: for a lookup that has seen everything before it. */
  | { readonly kind: 'nothing' };

/** A piece of the sender's table, for those who do not have it. */
export interface TablePart {
  readonly kind: 'part';
  readonly tag: RoundTag;
  readonly index: number;
  readonly bytes: Buffer;
}

/** What the sender and those it speaks for bring into the view. Follows its parts. */
export interface State {
  readonly kind: 'state';
  readonly tag: RoundTag;
  /** Whether its parts went to the group. If not, it has to account for every member: then only newcomers need them. */
  readonly wide: boolean;
  /** False for a newcomer, who has no table. */
  readonly has: boolean;
  /** Whether it knows what anybody knew who was here before it. */
  readonly informed: boolean;
  readonly testimony: PartTestimony;
  /** Lists of daemons of which each has to agree on who may go on; none: not settled yet. */
  readonly electorates: readonly (readonly string[])[];
  readonly parts: number;
  /** For each member of the view in its order, whether what the sender brings is its too. */
  readonly covers: readonly boolean[];
  /** For each member of the view, whether the sender saw it join with nothing. */
  readonly fresh: readonly boolean[];
  /** For each member of the view, whether the sender knows that it says nothing. */
  readonly silent: readonly boolean[];
  /** For each member of the view, whether it was part of a primary component together with the sender. */
  readonly tookPart: readonly boolean[];
  /** Whether its table is from before a loss of the connection, so that it votes as a newcomer does. */
  readonly moved: boolean;
  /** Members that were there before under another id, as the sender's views say. */
  readonly returns: readonly ReturnedMember[];
}

/** The sender's daemon votes for giving away names in this view. */
export interface Vote {
  readonly kind: 'vote';
  readonly tag: RoundTag;
  readonly epoch: number;
}

/** The sender has waited long enough: the exchange ends without those that have said nothing by now. */
export interface Settle {
  readonly kind: 'settle';
  readonly tag: RoundTag;
}

/** A command carries its sender's number for it, by which the sender knows it again. */
export interface Numbered {
  readonly serial: number;
  /** Where it was sent: it counts nowhere else. */
  readonly tag: RoundTag;
  readonly command: Command;
}

export type RegistryMessage = Numbered | TablePart | State | Vote | Settle;

/** What it has to be sent with: votes, and names that only the primary component gives away, are for all who continue or for nobody. */
export function neededFor(message: RegistryMessage): Delivery {
  if ('kind' in message) return message.kind === 'vote' ? 'safe' : 'agreed';
  const { command } = message;
  return command.kind === 'claim' && command.strict ? 'safe' : 'agreed';
}

/** @param service with which it came to the group; null: it came to one member */
export const isSureEnough = (message: RegistryMessage, service: string | null): boolean =>
  service === null || isAsSureAs(neededFor(message), service);

/** Whether it is a message of the registry that another version of this library sent. */
export const isOfOtherVersion = (encoded: Buffer): boolean =>
  KINDS[(encoded[0] ?? 0) - FIRST_KIND] !== undefined && encoded[1] !== VERSION;

const writeTag = (out: ByteWriter, tag: RoundTag): void => {
  for (const word of tag) out.u32(word >>> 0);
};

const readTag = (bytes: ByteReader): RoundTag => {
  const view = bytes.raw(GROUP_ID_BYTES);
  return [view.readInt32BE(0), view.readInt32BE(4), view.readInt32BE(8), bytes.u32()];
};

export function encodeRegistryMessage(message: RegistryMessage): Buffer {
  const out = new ByteWriter('BE');
  const kind = 'command' in message ? message.command.kind : message.kind;
  out.u8(FIRST_KIND + KINDS.indexOf(kind)).u8(VERSION);
  if ('command' in message) {
    out.u32(message.serial);
    writeTag(out, message.tag);
    writeCommand(out, message.command);
  } else if (message.kind === 'part') {
    writeTag(out, message.tag);
    out.u32(message.index).raw(message.bytes);
  } else if (message.kind === 'state') {
    writeState(out, message);
  } else {
    writeTag(out, message.tag);
    if (message.kind === 'vote') out.u32(message.epoch);
  }
  return out.finish();
}

/** The message, or null when there is none in the bytes. */
export function decodeRegistryMessage(encoded: Buffer): RegistryMessage | null {
  return readWhole(new ByteReader(encoded, 'BE'), (bytes) => {
    const kind = KINDS[bytes.u8() - FIRST_KIND];
    if (kind === undefined || bytes.u8() !== VERSION) throw new Malformed('kind or version');
    return readMessage(kind, bytes);
  });
}

function readMessage(kind: (typeof KINDS)[number], bytes: ByteReader): RegistryMessage {
  switch (kind) {
    case 'part':
      return { kind, tag: readTag(bytes), index: bytes.u32(), bytes: bytes.raw(bytes.left) };
    case 'state':
      return readState(bytes);
    case 'vote':
      return { kind, tag: readTag(bytes), epoch: bytes.u32() };
    case 'settle':
      return { kind, tag: readTag(bytes) };
    default:
      return { serial: bytes.u32(), tag: readTag(bytes), command: readCommand(kind, bytes) };
  }
}

function writeCommand(out: ByteWriter, command: Command): void {
  switch (command.kind) {
    case 'claim':
      out.utf8(command.name).u8(command.strict ? 1 : 0);
      writeClaim(out, command.claim);
      writeSettings(out, command.settings);
      out.u8(command.from === null ? 0 : 1);
      if (command.from !== null) writeClaim(out, command.from);
      break;
    case 'release':
      writeClaim(out, command.claim);
      out.u8(command.force ? 1 : 0);
      break;
    case 'attach':
      out.utf8(command.name);
      break;
    case 'detach':
      writeClaim(out, command.claim);
      break;
    case 'update':
      writeClaim(out, command.claim);
      writeSettings(out, command.settings);
      break;
    case 'nothing':
      break;
  }
}

function readCommand(kind: Command['kind'], bytes: ByteReader): Command {
  switch (kind) {
    case 'claim': {
      const name = readChannelName(bytes);
      const strict = bytes.u8() !== 0;
      const claim = readClaim(bytes);
      const settings = readSettings(bytes);
      const from = bytes.u8() === 0 ? null : readClaim(bytes);
      return { kind, name, strict, claim, settings, from };
    }
    case 'release':
      return { kind, claim: readClaim(bytes), force: bytes.u8() !== 0 };
    case 'attach':
      return { kind, name: readChannelName(bytes) };
    case 'detach':
      return { kind, claim: readClaim(bytes) };
    case 'update':
      return { kind, claim: readClaim(bytes), settings: readSettings(bytes) };
    case 'nothing':
      return { kind };
  }
}

function writeState(
  out: ByteWriter,
  {
    tag,
    wide,
    has,
    informed,
    testimony,
    electorates,
    parts,
    covers,
    fresh,
    silent,
    tookPart,
    moved,
    returns,
  }: State,
): void {
  writeTag(out, tag);
  out
    .u8(wide ? 1 : 0)
    .u8(has ? 1 : 0)
    .u8(informed ? 1 : 0);
  writeTestimony(out, testimony);
  writeElectorates(out, electorates);
  out.u32(parts).u32(covers.length);
  writeBits(out, covers);
  writeBits(out, fresh);
  writeBits(out, silent);
  writeBits(out, tookPart);
  out.u8(moved ? 1 : 0).u32(returns.length);
  for (const { from, to } of returns) out.latin1(from).latin1(to);
}

function readState(bytes: ByteReader): State {
  const tag = readTag(bytes);
  const [wide, has, informed] = [bytes.u8() !== 0, bytes.u8() !== 0, bytes.u8() !== 0];
  const testimony = readTestimony(bytes);
  const electorates = readElectorates(bytes);
  const parts = bytes.u32();
  const count = bytes.u32();
  const bits = (): boolean[] => readBits(bytes, count);
  const [covers, fresh, silent, tookPart] = [bits(), bits(), bits(), bits()];
  const moved = bytes.u8() !== 0;
  const returns: ReturnedMember[] = [];
  const named = bytes.u32();
  if (named > MAX_RETURNS) throw new Malformed('returns');
  for (let rest = named; rest > 0; rest--) returns.push({ from: bytes.latin1(), to: bytes.latin1() });
  return {
    kind: 'state',
    tag,
    wide,
    has,
    informed,
    testimony,
    electorates,
    parts,
    covers,
    fresh,
    silent,
    tookPart,
    moved,
    returns,
  };
}

function writeBits(out: ByteWriter, flags: readonly boolean[]): void {
  const bits = Buffer.alloc(Math.ceil(flags.length / 8));
  for (const [i, flag] of flags.entries()) if (flag) (bits[i >> 3] as number) |= 1 << (i & 7);
  out.raw(bits);
}

function readBits(bytes: ByteReader, count: number): boolean[] {
  const bits = bytes.raw(Math.ceil(count / 8));
  return Array.from({ length: count }, (_, i) => ((bits[i >> 3] as number) & (1 << (i & 7))) !== 0);
}
