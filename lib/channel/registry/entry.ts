/** One channel in the registry [channels 15.1]. */
import { Buffer } from 'node:buffer';
import type { GroupId } from '../../wire/group-id.js';
import { type ByteReader, type ByteWriter, Malformed } from '../../util/bytes.js';
import { isChannelName } from '../check.js';
import { MAX_METADATA_BYTES } from '../limits.js';

export const OVERFLOWS = ['block', 'reject', 'drop-oldest'] as const;
export type Overflow = (typeof OVERFLOWS)[number];
export const ORDERS = ['fifo', 'agreed'] as const;
export type Order = (typeof ORDERS)[number];

/** What the owner has settled for everybody. */
export interface Settings {
  readonly maxBuffered: number;
  readonly maxBufferedBytes: number;
  readonly overflow: Overflow;
  readonly maxBody: number;
  readonly order: Order;
  /** Whether the client of a request learns when the application takes it. */
  readonly ackReceipt: boolean;
  readonly metadata: Buffer;
}

export interface Entry {
  readonly name: string;
  /** Id. */
  readonly owner: string;
  readonly claim: ClaimId;
  /** The epoch of the primary component that gave the name away; 0: it was given away elsewhere. */
  readonly epoch: number;
  /** It was claimed after the transitional signal, and no primary component has shown yet that it holds: it is not announced. */
  readonly unsure: boolean;
  readonly settings: Settings;
  /** Claims of owners who lost the name to this one while they were unreachable. */
  readonly over: readonly ClaimId[];
  /** Ids of the clients, in the order in which they attached. */
  readonly clients: ReadonlySet<string>;
}

/**
 * Whether its end concerns anybody. The end of an unsure entry does not, unless it has clients all the same, or its owner was
 * announced as out of sight. @param told the members by what was last told
 */
export const isKnown = ({ unsure, owner, clients }: Entry, told: ReadonlySet<string>): boolean =>
  !unsure || clients.size > 0 || !told.has(owner);

export function writeSettings(out: ByteWriter, settings: Settings): void {
  out.u32(settings.maxBuffered).u32(settings.maxBufferedBytes).u32(settings.maxBody);
  out
    .u8(OVERFLOWS.indexOf(settings.overflow))
    .u8(ORDERS.indexOf(settings.order))
    .u8(settings.ackReceipt ? 1 : 0);
  out.u16(settings.metadata.length).raw(settings.metadata);
}

/** @throws Malformed */
export function readSettings(bytes: ByteReader): Settings {
  const [maxBuffered, maxBufferedBytes, maxBody] = [bytes.u32(), bytes.u32(), bytes.u32()];
  const overflow = OVERFLOWS[bytes.u8()];
  const order = ORDERS[bytes.u8()];
  const ackReceipt = bytes.u8() !== 0;
  const metadata = Buffer.from(bytes.raw(bytes.u16()));
  if (!overflow || !order || metadata.length > MAX_METADATA_BYTES) throw new Malformed('settings');
  return { maxBuffered, maxBufferedBytes, overflow, maxBody, order, ackReceipt, metadata };
}

export const writeClaim = (out: ByteWriter, claim: ClaimId): void =>
  void out.raw(Buffer.from(claim, 'latin1'));

export const readClaim = (bytes: ByteReader): ClaimId => bytes.raw(CLAIM_BYTES).toString('latin1');

/** @throws Malformed for what is no name of a channel */
export function readChannelName(bytes: ByteReader): string {
  const name = bytes.utf8();
  if (!isChannelName(name)) throw new Malformed('name');
  return name;
}

export function writeEntry(out: ByteWriter, entry: Entry): void {
  out.utf8(entry.name).latin1(entry.owner);
  writeClaim(out, entry.claim);
  out.u32(entry.epoch).u8(entry.unsure ? 1 : 0);
  writeSettings(out, entry.settings);
  out.u16(entry.over.length);
  for (const claim of entry.over) writeClaim(out, claim);
  out.u32(entry.clients.size);
  for (const client of entry.clients) out.latin1(client);
}

/** @throws Malformed */
export function readEntry(bytes: ByteReader): Entry {
  const name = readChannelName(bytes);
  const owner = bytes.latin1();
  const claim = readClaim(bytes);
  const epoch = bytes.u32();
  const unsure = bytes.u8() !== 0;
  const settings = readSettings(bytes);
  const over: ClaimId[] = [];
  for (let rest = bytes.u16(); rest > 0; rest--) over.push(readClaim(bytes));
  const clients = new Set<string>();
  for (let rest = bytes.u32(); rest > 0; rest--) clients.add(bytes.latin1());
  return { name, owner, claim, epoch, unsure, settings, over, clients };
}

/**
 * Claim ids: 16 bytes that name one ownership of a name and no other, ever. They are the id of the view with which the
 * owner's connection came into the registry and a counter of its own. A daemon gives out no group id twice, and the
 * view with which somebody joins brings nobody else in, so no two owners have the same.
 *
 * Inside they are strings of 16 latin1 characters: keys of maps that compare as their bytes do.
 */
export const CLAIM_BYTES = 16;

export type ClaimId = string;

export function claimId(view: GroupId, counter: number): ClaimId {
  const bytes = Buffer.alloc(CLAIM_BYTES);
  for (const [i, word] of [...view, counter].entries()) bytes.writeUInt32BE(word >>> 0, 4 * i);
  return bytes.toString('latin1');
}

/** As people and the API see it: 32 hexadecimal digits. */
export const claimText = (claim: ClaimId): string => Buffer.from(claim, 'latin1').toString('hex');
