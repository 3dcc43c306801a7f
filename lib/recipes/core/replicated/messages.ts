/** What replicas say to one another. */
import type { Buffer } from 'node:buffer';
import type { GroupId } from '../../../wire/group-id.js';
import { BodyReader, BodyWriter } from '../codec.js';
import { CHUNK_BYTES, MAX_LABEL, MAX_ROLL, MAX_SILENT_NAMES } from '../limits.js';
import { readRoll, type Roll, writeRoll } from './roll.js';

/** `fresh` has no state, `loading` is being given one, `live` has one and applies commands. */
export type Mode = 'fresh' | 'loading' | 'live';
const MODES: readonly Mode[] = ['fresh', 'loading', 'live'];

/** What a replica says of itself at the begin of a view. */
export interface Statement {
  readonly mode: Mode;
  /** Whether its component goes on without waiting for the others. */
  readonly continues: boolean;
  /** Whether it has had the state where a quorum was together. */
  readonly votes: boolean;
  /** Voters that came along with it from its last view, whether or not they speak in this one. */
  readonly companions: readonly string[];
  /** What is replicated here, and with which options. */
  readonly label: string;
  /** Number of its process. */
  readonly instance: number;
  /** As far as it knows. */
  readonly roll: Roll;
  /** Equal at replicas that have gone through the same views together since they had one state. */
  readonly past: number;
  /** How often a quorum had come together, as its state knows. */
  readonly epoch: number;
  /** The newest epoch that it has heard of. */
  readonly known: number;
  /** Commands applied. */
  readonly position: number;
  /** Which snapshot it is being given; empty: none. */
  readonly capture: string;
}

export interface Command {
  readonly kind: 'command';
  /** Number of the submitting process. */
  readonly instance: number;
  /** Its own number for the command. */
  readonly ticket: number;
  /** Counts the commands of the process that were applied, from 1. */
  readonly sequence: number;
  readonly payload: Buffer;
}

/** A piece of the state of a component that lost, to be merged. */
export interface Part {
  readonly kind: 'part';
  readonly past: number;
  readonly index: number;
  readonly isLast: boolean;
  readonly data: Buffer;
}

export type Message =
  | Command
  | Part
  | {
      readonly kind: 'state';
      readonly view: GroupId;
      readonly statement: Statement;
      readonly silent: readonly string[];
    }
  | { readonly kind: 'settle'; readonly view: GroupId }
  /** The sender would go on with the others, as a quorum of this epoch. */
  | { readonly kind: 'form'; readonly view: GroupId; readonly epoch: number }
  /** The sender has the snapshot and all that came behind it. */
  | { readonly kind: 'live'; readonly capture: string }
  /** The sender cannot get the snapshot any more. */
  | { readonly kind: 'again'; readonly capture: string }
  | {
      readonly kind: 'pull';
      readonly capture: string;
      readonly offset: number;
      /** How far the donor may send. */
      readonly until: number;
      /** Whether the donor begins at `offset`, instead of going on. */
      readonly restart: boolean;
    }
  | { readonly kind: 'header'; readonly capture: string; readonly data: Buffer }
  | {
      readonly kind: 'chunk';
      readonly capture: string;
      readonly offset: number;
      readonly isLast: boolean;
      readonly data: Buffer;
    }
  | { readonly kind: 'none'; readonly capture: string };

const KINDS = {
  command: 1,
  part: 2,
  state: 3,
  settle: 4,
  live: 5,
  again: 6,
  pull: 7,
  header: 8,
  chunk: 9,
  none: 10,
  form: 11,
} as const satisfies Record<Message['kind'], number>;

const kindOf = new Map(
  Object.entries(KINDS).map(([kind, code]) => [code as number, kind as Message['kind']]),
);

export function encode(message: Message): Buffer {
  const writer = new BodyWriter('replicated', KINDS[message.kind]);
  switch (message.kind) {
    case 'command':
      writer.number(message.instance).number(message.ticket).number(message.sequence).data(message.payload);
      break;
    case 'part':
      writer.number(message.past).number(message.index).flag(message.isLast).data(message.data);
      break;
    case 'state': {
      const { mode, continues, votes, companions, label } = message.statement;
      const { instance, roll, past, epoch, known, position, capture } = message.statement;
      writer.groupId(message.view).number(MODES.indexOf(mode)).flag(continues).flag(votes);
      writer.texts(companions.slice(0, MAX_ROLL)).text(label.slice(0, MAX_LABEL));
      writeRoll(writer.number(instance), roll);
      writer.number(past).number(epoch).number(known).number(position).text(capture);
      writer.texts(message.silent.slice(0, MAX_SILENT_NAMES));
      break;
    }
    case 'settle':
      writer.groupId(message.view);
      break;
    case 'form':
      writer.groupId(message.view).number(message.epoch);
      break;
    case 'pull':
      writer.text(message.capture).number(message.offset).number(message.until).flag(message.restart);
      break;
    case 'header':
      writer.text(message.capture).data(message.data);
      break;
    case 'chunk':
      writer.text(message.capture).number(message.offset).flag(message.isLast).data(message.data);
      break;
    default:
      writer.text(message.capture);
  }
  return writer.finish();
}

/** Null for what is no message of a replica, or a damaged one. */
export function decode(body: Buffer): Message | null {
  const reader = BodyReader.open('replicated', body);
  const kind = reader && kindOf.get(reader.kind);
  if (!reader || !kind) return null;
  const message = read(kind, reader);
  return reader.isSound && isSensible(message) ? message : null;
}

function read(kind: Message['kind'], reader: BodyReader): Message {
  switch (kind) {
    case 'command': {
      const [instance, ticket, sequence] = [reader.number(), reader.number(), reader.number()];
      return { kind, instance, ticket, sequence, payload: reader.data() };
    }
    case 'part': {
      const [past, index] = [reader.number(), reader.number()];
      return { kind, past, index, isLast: reader.flag(), data: reader.data() };
    }
    case 'state': {
      const view = reader.groupId();
      return { kind, view, statement: readStatement(reader), silent: reader.texts(MAX_SILENT_NAMES) };
    }
    case 'settle':
      return { kind, view: reader.groupId() };
    case 'form':
      return { kind, view: reader.groupId(), epoch: reader.number() };
    case 'pull': {
      const [capture, offset, until] = [reader.text(), reader.number(), reader.number()];
      return { kind, capture, offset, until, restart: reader.flag() };
    }
    case 'header':
      return { kind, capture: reader.text(), data: reader.data() };
    case 'chunk': {
      const [capture, offset, isLast] = [reader.text(), reader.number(), reader.flag()];
      return { kind, capture, offset, isLast, data: reader.data() };
    }
    default:
      return { kind, capture: reader.text() };
  }
}

function readStatement(reader: BodyReader): Statement {
  const mode = MODES[reader.number()] ?? 'fresh';
  const [continues, votes] = [reader.flag(), reader.flag()];
  const companions = reader.texts(MAX_ROLL);
  const label = reader.text();
  const instance = reader.number();
  const roll = readRoll(reader);
  const [past, epoch, known] = [reader.number(), reader.number(), reader.number()];
  const position = reader.number();
  const capture = reader.text();
  const own = { mode, continues, votes, companions, label, instance, roll } as const;
  return { ...own, past, epoch, known, position, capture };
}

const isSensible = (message: Message): boolean => {
  if (message.kind === 'chunk') return message.data.length <= CHUNK_BYTES;
  if (message.kind === 'form') return message.epoch > 0 && message.epoch < MAX_EPOCH;
  return message.kind !== 'state' || Math.max(message.statement.epoch, message.statement.known) < MAX_EPOCH;
};

/** Epochs above this are damage: nobody could go on counting. */
const MAX_EPOCH = 2 ** 50;
