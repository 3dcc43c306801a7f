/**
 * The kernel's table of TCP connections, one a line, as `/proc/net/tcp` and `/proc/net/tcp6` of Linux show it. It tells
 * which connections wait for an answer, and how often they have asked for one: no call of Node does.
 */
import { Buffer } from 'node:buffer';
import { isIPv4 } from 'node:net';
import { endianness } from 'node:os';

/** Two ends of a connection, as sockets have them. */
export interface Ends {
  readonly localAddress: string;
  readonly localPort: number;
  readonly remoteAddress: string;
  readonly remotePort: number;
}

/** What an end waits for that nobody answers. */
export type Awaited =
  /** Data it has sent are to be acknowledged. */
  | 'acknowledgement'
  /** Nothing is on its way; it asks whether the other end is there (keepalive). */
  | 'life'
  /** The other end takes no more bytes; it asks for room. */
  | 'room'
  | 'nothing';

export interface TcpLine {
  /** Both ends; the same as `tableKey` makes. */
  readonly key: string;
  /** Bytes sent and not acknowledged, or not sent yet. */
  readonly queued: number;
  readonly awaits: Awaited;
  /** How often it has asked in vain. An answer sets it to 0. */
  readonly unanswered: number;
}

/** By the number of the timer that runs. */
const AWAITED: Readonly<Record<string, Awaited>> = { '01': 'acknowledgement', '02': 'life', '04': 'room' };

/** Number, both ends, state, queues, timer, times sent again, user, questions without an answer. */
const LINE = /^ *\d+: (\S+ \S+) \S+ ([\dA-F]+):\S+ (\d\d):\S+ ([\dA-F]+) +\d+ +(\d+) /;

/** Reads one line; null for the head of the table and what is not a line. */
export function readTcpLine(line: string): TcpLine | null {
  const match = LINE.exec(line);
  if (match === null) return null;
  const [, key = '', queue = '', timer = '', retransmissions = '', questions = ''] = match;
  const awaits = AWAITED[timer] ?? 'nothing';
  const unanswered = awaits === 'acknowledgement' ? Number.parseInt(retransmissions, 16) : Number(questions);
  return {
    key,
    queued: Number.parseInt(queue, 16),
    awaits,
    unanswered: awaits === 'nothing' ? 0 : unanswered,
  };
}

/** How the connection is named in the table. */
export const tableKey = ({ localAddress, localPort, remoteAddress, remotePort }: Ends): string =>
  `${tableEnd(localAddress, localPort)} ${tableEnd(remoteAddress, remotePort)}`;

const tableEnd = (address: string, port: number): string =>
  `${tableAddress(address)}:${port.toString(16).toUpperCase().padStart(4, '0')}`;

/** Words of 32 bits in the byte order of the machine. */
function tableAddress(address: string): string {
  const bytes = isIPv4(address) ? ipv4Bytes(address) : ipv6Bytes(address);
  if (endianness() === 'LE') bytes.swap32();
  return bytes.toString('hex').toUpperCase();
}

const ipv4Bytes = (address: string): Buffer => Buffer.from(address.split('.').map(Number));

/** @param address legal, perhaps with a zone (`%eth0`) or an IPv4 address at its end */
function ipv6Bytes(address: string): Buffer {
  const [bare = ''] = address.split('%');
  const [head = '', tail] = bare.split('::');
  const front = pieces(head);
  const back = pieces(tail ?? '');
  return Buffer.concat([front, Buffer.alloc(16 - front.length - back.length), back]);
}

function pieces(text: string): Buffer {
  if (text === '') return Buffer.alloc(0);
  const parts = text
    .split(':')
    .map((part) => (part.includes('.') ? ipv4Bytes(part) : Buffer.from(part.padStart(4, '0'), 'hex')));
  return Buffer.concat(parts);
}
