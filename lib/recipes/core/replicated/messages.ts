/** What replicas say to one another. */
import type { Buffer } from '#buffer';
import type { GroupId } from '../../../wire/group-id.js';
import { type BodyReader, BodyWriter, readBody } from '../codec.js';
import { LAST_EPOCH } from '../../../primary/ballot.js';
import { OFFER } from '../private-kinds.js';
import { readTrace, writeTrace } from '../trace.js';
import { Component } from './component.js';
import { CHUNK_BYTES, MAX_LABEL, MAX_REQUEST_NAME, MAX_SILENT_NAMES, WINDOW_BYTES } from '../limits.js';

/** The state that a replica holds. */
export interface Held {
  /** Equal at replicas with equal states. */
  readonly lineage: number;
  /** The newest epoch whose commands it has; 0: of none. */
  readonly epoch: number;
  /** Commands applied. */
  readonly position: number;
  /** Whether the member lost its connection since, so that others may have more. */
  readonly isBehind?: boolean;
}

/** What a replica says of itself in a round. */
export interface Statement {
  /** What is replicated here, and with which options. */
  readonly label: string;
  /** Null: none. */
  readonly state: Held | null;
  /** Whether it has been part of an epoch in force, in this life of its process. */
  readonly tookPart: boolean;
  /** The greatest epoch that it has voted for. */
  readonly promised: number;
  /** A name for what it will be given if its state does not go on; no other request has it. */
  readonly ask: string;
}

/** The name of a request. @param number counts those of the process, from 1 */
export const askOf = (instance: number, number: number): string => `${instance}.${number}`;

/** Whether it is the name of one of the requests that the process has made, be it long ago. */
export function isAskOf(instance: number, made: number, ask: string): boolean {
  const number = Number(ask.slice(ask.indexOf('.') + 1));
  return number >= 1 && number <= made && ask === askOf(instance, number);
}

/** The round in which something is said; it counts in no other. */
export interface Tag {
  readonly view: GroupId;
  /** Rounds of the view before it. */
  readonly round: number;
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
  /** The trace that it belongs to, where its submitter is traced. */
  readonly traceparent?: string | undefined;
}

/** A piece of the state of a component that lost, to be merged. */
export interface MergePart {
  readonly kind: 'part';
  readonly past: number;
  readonly index: number;
  readonly isLast: boolean;
  readonly data: Buffer;
}

export type Message =
  | Command
  | MergePart
  | {
      readonly kind: 'state';
      readonly tag: Tag;
      readonly statement: Statement;
      /** Members of which the sender knows that they say nothing. */
      readonly silent: readonly string[];
    }
  /** The sender does not want to wait any longer for those who have said nothing. */
  | { readonly kind: 'settle'; readonly tag: Tag }
  /** The round has to be held again. */
  | { readonly kind: 'reopen'; readonly tag: Tag }
  /** The sender votes for the epoch with this number. */
  | { readonly kind: 'vote'; readonly tag: Tag; readonly epoch: number }
  /** The sender has what it asked for, and all that followed. */
  | { readonly kind: 'arrived'; readonly ask: string }
  /** To the one who asked: the state at that place, as the sender has it. */
  | {
      readonly kind: 'offer';
      readonly ask: string;
      readonly capture: string;
      readonly component: Buffer;
      readonly header: Buffer;
    }
  /** To the one who asked: the group has something else. */
  | { readonly kind: 'misfit'; readonly ask: string; readonly label: string }
  | {
      readonly kind: 'pull';
      readonly capture: string;
      readonly offset: number;
      /** How far the donor may send. */
      readonly until: number;
      /** Whether the donor begins at `offset`, instead of going on. */
      readonly restart: boolean;
    }
  | {
      readonly kind: 'chunk';
      readonly capture: string;
      readonly offset: number;
      readonly isLast: boolean;
      readonly data: Buffer;
    }
  /** The sender does not have the capture. */
  | { readonly kind: 'none'; readonly capture: string };

const KINDS = {
  command: 1,
  part: 2,
  state: 3,
  settle: 4,
  reopen: 5,
  vote: 6,
  arrived: 7,
  // Those from here on are for one member.
  offer: OFFER,
  misfit: 9,
  pull: 10,
  chunk: 11,
  none: 12,
} as const satisfies Record<Message['kind'], number>;

const kindOf = new Map(
  Object.entries(KINDS).map(([kind, code]) => [code as number, kind as Message['kind']]),
);

export function encode(message: Message): Buffer {
  const writer = new BodyWriter('replicated', KINDS[message.kind]);
  switch (message.kind) {
    case 'command':
      writer.number(message.instance).number(message.ticket).number(message.sequence).data(message.payload);
      writeTrace(writer, message.traceparent);
      break;
    case 'part':
      writer.number(message.past).number(message.index).flag(message.isLast).data(message.data);
      break;
    case 'state':
      writeStatement(writeTag(writer, message.tag), message.statement);
      writer.texts(message.silent.slice(0, MAX_SILENT_NAMES));
      if (message.statement.state?.isBehind) writer.tagged(BEHIND, () => undefined);
      break;
    case 'settle':
    case 'reopen':
      writeTag(writer, message.tag);
      break;
    case 'vote':
      writeTag(writer, message.tag).number(message.epoch);
      break;
    case 'arrived':
      writer.text(message.ask);
      break;
    case 'offer':
      writer.text(message.ask).text(message.capture).data(message.component).data(message.header);
      break;
    case 'misfit':
      writer.text(message.ask).text(message.label.slice(0, MAX_LABEL));
      break;
    case 'pull':
      writer.text(message.capture).number(message.offset).number(message.until).flag(message.restart);
      break;
    case 'chunk':
      writer.text(message.capture).number(message.offset).flag(message.isLast).data(message.data);
      break;
    case 'none':
      writer.text(message.capture);
  }
  return writer.finish();
}

/** Null for what is no message of a replica, or a damaged one. */
export function decode(body: Buffer): Message | null {
  const message = readBody('replicated', body, read);
  return message && isSensible(message) ? message : null;
}

function read(reader: BodyReader): Message | null {
  const kind = kindOf.get(reader.kind);
  switch (kind) {
    case undefined:
      return null;
    case 'command': {
      const [instance, ticket, sequence] = [reader.number(), reader.number(), reader.number()];
      const payload = reader.data();
      const traceparent = readTrace(reader);
      const command: Command = { kind, instance, ticket, sequence, payload };
      return traceparent === undefined ? command : { ...command, traceparent };
    }
    case 'part': {
      const [past, index] = [reader.number(), reader.number()];
      return { kind, past, index, isLast: reader.flag(), data: reader.data() };
    }
    case 'state': {
      const [tag, statement, silent] = [
        readTag(reader),
        readStatement(reader),
        reader.texts(MAX_SILENT_NAMES),
      ];
      const { state } = statement;
      const isBehind = state !== null && reader.tagged(BEHIND, () => true) === true;
      return {
        kind,
        tag,
        statement: isBehind ? { ...statement, state: { ...state, isBehind } } : statement,
        silent,
      };
    }
    case 'settle':
    case 'reopen':
      return { kind, tag: readTag(reader) };
    case 'vote':
      return { kind, tag: readTag(reader), epoch: reader.number() };
    case 'arrived':
      return { kind, ask: reader.text() };
    case 'offer': {
      const [ask, capture] = [reader.text(), reader.text()];
      return { kind, ask, capture, component: reader.data(), header: reader.data() };
    }
    case 'misfit':
      return { kind, ask: reader.text(), label: reader.text() };
    case 'pull': {
      const [capture, offset, until] = [reader.text(), reader.number(), reader.number()];
      return { kind, capture, offset, until, restart: reader.flag() };
    }
    case 'chunk': {
      const [capture, offset, isLast] = [reader.text(), reader.number(), reader.flag()];
      return { kind, capture, offset, isLast, data: reader.data() };
    }
    case 'none':
      return { kind, capture: reader.text() };
  }
}

const writeTag = (writer: BodyWriter, { view, round }: Tag): BodyWriter => writer.groupId(view).number(round);

const readTag = (reader: BodyReader): Tag => ({ view: reader.groupId(), round: reader.number() });

function writeStatement(writer: BodyWriter, { label, state, tookPart, promised, ask }: Statement): void {
  writer
    .text(label.slice(0, MAX_LABEL))
    .flag(tookPart)
    .number(promised)
    .text(ask)
    .flag(state !== null);
  if (!state) return;
  writer.number(state.lineage).number(state.epoch).number(state.position);
}

/** Tag of what is said of a state that may be behind. */
const BEHIND = 1;

function readStatement(reader: BodyReader): Statement {
  const label = reader.text();
  const tookPart = reader.flag();
  const [promised, ask] = [reader.number(), reader.text()];
  if (!reader.flag()) return { label, state: null, tookPart, promised, ask };
  const state = { lineage: reader.number(), epoch: reader.number(), position: reader.number() };
  return { label, state, tookPart, promised, ask };
}

/** Whether its fields are within their bounds. */
function isSensible(message: Message): boolean {
  if ('capture' in message && message.capture.length > MAX_REQUEST_NAME) return false;
  if ('ask' in message && message.ask.length > MAX_REQUEST_NAME) return false;
  switch (message.kind) {
    case 'chunk':
    case 'part':
      return message.data.length <= CHUNK_BYTES;
    case 'offer':
      return Component.decode(message.component) !== null;
    case 'pull':
      return message.until >= message.offset && message.until - message.offset <= WINDOW_BYTES;
    case 'vote':
      return message.epoch > 0 && message.epoch <= LAST_EPOCH;
    case 'misfit':
      return message.label.length <= MAX_LABEL;
    case 'state':
      return isStatement(message.statement);
    default:
      return true;
  }
}

const isStatement = ({ label, ask, state, promised }: Statement): boolean =>
  label.length <= MAX_LABEL &&
  ask.length <= MAX_REQUEST_NAME &&
  Math.max(state?.epoch ?? 0, promised) <= LAST_EPOCH;
