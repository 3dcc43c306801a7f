/** One channel in the registry [channels 15.1]. */
import { Buffer } from 'node:buffer';
import { type ByteReader, type ByteWriter, Malformed } from '../bytes.js';
import { CLAIM_BYTES, type ClaimId } from '../claim-id.js';
import { MAX_METADATA_BYTES } from '../limits.js';
import { isChannelName } from '../name.js';

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
  /** Whether the client of a request is told when the application takes it. */
  readonly ackReceipt: boolean;
  readonly metadata: Buffer;
}

export interface Entry {
  readonly name: string;
  /** Private name. */
  readonly owner: string;
  readonly claim: ClaimId;
  /** The epoch of the primary component that gave the name away; 0: it was given away elsewhere. */
  readonly epoch: number;
  readonly settings: Settings;
  /** Claims of owners who lost the name to this one while they were unreachable. */
  readonly over: readonly ClaimId[];
  /** Private names of the clients, in the order in which they attached. */
  readonly clients: ReadonlySet<string>;
}

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
  const name = bytes.text();
  if (!isChannelName(name)) throw new Malformed('name');
  return name;
}

export function writeEntry(out: ByteWriter, entry: Entry): void {
  out.text(entry.name).text(entry.owner, 'latin1');
  writeClaim(out, entry.claim);
  out.u32(entry.epoch);
  writeSettings(out, entry.settings);
  out.u16(entry.over.length);
  for (const claim of entry.over) writeClaim(out, claim);
  out.u32(entry.clients.size);
  for (const client of entry.clients) out.text(client, 'latin1');
}

/** @throws Malformed */
export function readEntry(bytes: ByteReader): Entry {
  const name = readChannelName(bytes);
  const owner = bytes.text('latin1');
  const claim = readClaim(bytes);
  const epoch = bytes.u32();
  const settings = readSettings(bytes);
  const over: ClaimId[] = [];
  for (let rest = bytes.u16(); rest > 0; rest--) over.push(readClaim(bytes));
  const clients = new Set<string>();
  for (let rest = bytes.u32(); rest > 0; rest--) clients.add(bytes.text('latin1'));
  return { name, owner, claim, epoch, settings, over, clients };
}
