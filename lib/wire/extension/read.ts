/** Frames between daemon and client by their kind. */
import type { Buffer } from '#buffer';
import { type Move, readMove, readPeers } from './addresses.js';
import { type End, readEnd } from './end.js';
import { Kind, frameKind } from './frame.js';
import { type Gap, readGap } from './gap.js';
import { readPing, readPong } from './heartbeat.js';
import { type List, readList, readListRequest } from './list.js';
import { type Network, readNetwork } from './network.js';
import { type Mark, readMark } from './position.js';
import { type Resume, readAck, readNumber, readResume, readResumed } from './resume.js';
import { type ViewChanges, readViews } from './view-changes.js';

/** What both sides send. */
type Heartbeat =
  { readonly kind: 'ping'; readonly value: bigint } | { readonly kind: 'pong'; readonly value: bigint };

/** What a daemon sends. */
export type ToClient =
  | Heartbeat
  | ({ readonly kind: 'mark' } & Mark)
  | { readonly kind: 'ack'; readonly number: number }
  | ({ readonly kind: 'views' } & ViewChanges)
  | ({ readonly kind: 'network' } & Network)
  | ({ readonly kind: 'list' } & List)
  | ({ readonly kind: 'gap' } & Gap)
  | { readonly kind: 'resumed'; readonly groups: number }
  | ({ readonly kind: 'move' } & Move)
  | { readonly kind: 'peers'; readonly addresses: readonly string[] }
  | ({ readonly kind: 'end' } & End);

/** What a client sends. */
export type ToDaemon =
  | Heartbeat
  | ({ readonly kind: 'resume' } & Resume)
  | { readonly kind: 'number'; readonly number: number }
  | { readonly kind: 'list-request'; readonly group: string };

/** Reads a frame that a daemon sent: `bytes[start, end)`. Null for an unknown kind. @throws FrameFault */
export function readToClient(bytes: Buffer, start: number, end: number): ToClient | null {
  switch (frameKind(bytes, start)) {
    case Kind.MARK:
      return { kind: 'mark', ...readMark(bytes, start) };
    case Kind.ACK:
      return { kind: 'ack', number: readAck(bytes, start) };
    case Kind.VIEWS:
      return { kind: 'views', ...readViews(bytes, start, end) };
    case Kind.NETWORK:
      return { kind: 'network', ...readNetwork(bytes, start, end) };
    case Kind.LIST:
      return { kind: 'list', ...readList(bytes, start, end) };
    case Kind.GAP:
      return { kind: 'gap', ...readGap(bytes, start, end) };
    case Kind.RESUMED:
      return { kind: 'resumed', groups: readResumed(bytes, start, end) };
    case Kind.MOVE:
      return { kind: 'move', ...readMove(bytes, start, end) };
    case Kind.PEERS:
      return { kind: 'peers', addresses: readPeers(bytes, start, end) };
    case Kind.END:
      return { kind: 'end', ...readEnd(bytes, start, end) };
    default:
      return readHeartbeat(bytes, start);
  }
}

/** Reads a frame that a client sent: `bytes[start, end)`. Null for an unknown kind. @throws FrameFault */
export function readToDaemon(bytes: Buffer, start: number, end: number): ToDaemon | null {
  switch (frameKind(bytes, start)) {
    case Kind.RESUME:
      return { kind: 'resume', ...readResume(bytes, start, end) };
    case Kind.NUMBER:
      return { kind: 'number', number: readNumber(bytes, start) };
    case Kind.LIST_REQUEST:
      return { kind: 'list-request', group: readListRequest(bytes, start) };
    default:
      return readHeartbeat(bytes, start);
  }
}

function readHeartbeat(bytes: Buffer, start: number): Heartbeat | null {
  const kind = frameKind(bytes, start);
  if (kind === Kind.PING) return { kind: 'ping', value: readPing(bytes, start) };
  return kind === Kind.PONG ? { kind: 'pong', value: readPong(bytes, start) } : null;
}
