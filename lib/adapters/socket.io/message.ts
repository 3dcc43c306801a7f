/** What servers send each other: messages of the host's cluster adapter, and those of recovery. Everything that comes in is checked. */
import type { Buffer } from 'node:buffer';
import { decodeValue, encodeValue } from '../codec.js';

/** Numbers of the host's messages, and ours from 101 on. */
export const KINDS = {
  broadcast: 3,
  join: 4,
  leave: 5,
  disconnect: 6,
  fetch: 7,
  fetched: 8,
  serverEmit: 9,
  serverEmitted: 10,
  clientCount: 11,
  ack: 12,
  /** The server that has the session of this client hands it to the sender. */
  take: 101,
  taken: 102,
  announce: 103,
  forget: 104,
} as const;

/** Options of a broadcast as the host sends them. */
export interface WireOptions {
  readonly rooms: readonly string[];
  readonly except: readonly string[];
  readonly flags: Readonly<Record<string, unknown>>;
}

/** One message. `data` has what its kind needs. */
export interface LinkMessage {
  readonly type: number;
  readonly data: Readonly<Record<string, unknown>>;
}

/** One that has come in. */
export interface ReceivedLinkMessage extends LinkMessage {
  /** The number that its sender has given it; undefined for one without. */
  readonly number: number | undefined;
}

/** @param number says to its sender which one it is; answers need none */
export const encodeMessage = ({ type, data }: LinkMessage, number?: number): Buffer =>
  encodeValue(number === undefined ? [type, data] : [type, data, number]);

/** Null for what is damaged, or is not one of the messages. */
export function decodeMessage(bytes: Buffer): ReceivedLinkMessage | null {
  const value = decodeValue(bytes);
  if (!Array.isArray(value)) return null;
  const [type, data, number] = value as readonly unknown[];
  const check = typeof type === 'number' ? CHECKS.get(type) : undefined;
  if (!check || !isRecord(data) || !check(data)) return null;
  return {
    type: type as number,
    data,
    number: Number.isSafeInteger(number) ? (number as number) : undefined,
  };
}

type Fields = Readonly<Record<string, unknown>>;
type Check = (data: Fields) => boolean;

const isRecord = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const isText = (value: unknown): value is string => typeof value === 'string';
const isCount = (value: unknown): boolean => Number.isSafeInteger(value) && (value as number) >= 0;
const areTexts = (value: unknown): boolean => Array.isArray(value) && value.every(isText);

function areOptions(value: unknown): boolean {
  if (!isRecord(value)) return false;
  const { rooms, except, flags } = value;
  return areTexts(rooms) && areTexts(except) && (flags === undefined || isRecord(flags));
}

const isPacket = (value: unknown): boolean =>
  isRecord(value) && typeof value['type'] === 'number' && Array.isArray(value['data']);

const isSession = (value: unknown): boolean =>
  isRecord(value) && isText(value['sid']) && isText(value['pid']) && areTexts(value['rooms']);

const isSocket = (value: unknown): boolean =>
  isRecord(value) && isText(value['id']) && areTexts(value['rooms']) && isRecord(value['handshake']);

const hasRequest: Check = ({ requestId }) => isText(requestId);
const mayHaveRequest: Check = ({ requestId }) => requestId === undefined || isText(requestId);
const hasRooms: Check = ({ opts, rooms }) => areOptions(opts) && areTexts(rooms);

const CHECKS: ReadonlyMap<number, Check> = new Map<number, Check>([
  [KINDS.broadcast, (data) => isPacket(data['packet']) && areOptions(data['opts']) && mayHaveRequest(data)],
  [KINDS.join, hasRooms],
  [KINDS.leave, hasRooms],
  [
    KINDS.disconnect,
    ({ opts, close }) => areOptions(opts) && (close === undefined || typeof close === 'boolean'),
  ],
  [KINDS.fetch, (data) => areOptions(data['opts']) && hasRequest(data)],
  [
    KINDS.fetched,
    (data) => hasRequest(data) && Array.isArray(data['sockets']) && data['sockets'].every(isSocket),
  ],
  [
    KINDS.serverEmit,
    (data) => Array.isArray(data['packet']) && isText(data['packet'][0]) && mayHaveRequest(data),
  ],
  [KINDS.serverEmitted, hasRequest],
  [KINDS.clientCount, (data) => hasRequest(data) && isCount(data['clientCount'])],
  [KINDS.ack, hasRequest],
  [KINDS.take, (data) => hasRequest(data) && isText(data['pid']) && isText(data['offset'])],
  [
    KINDS.taken,
    ({ requestId, session, missed }) =>
      isText(requestId) &&
      (session === null ||
        (isSession(session) &&
          (missed === null || (Array.isArray(missed) && missed.every((each) => Array.isArray(each)))))),
  ],
  [KINDS.announce, ({ session }) => isSession(session)],
  [KINDS.forget, ({ pid }) => isText(pid)],
]);
