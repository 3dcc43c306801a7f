/**
 * The logs read once for all checkers: messages by number, who sent them, and the stays. A stay is the time of one
 * session in one view of one group: "p delivers m in view V" means that m stands in p's stay in V.
 */
import { isPrivateGroup } from '../../../lib/wire/name.js';
import { CAUSAL_MESS, AGREED_MESS, FIFO_MESS, SAFE_MESS, SELF_DISCARD } from '../../../lib/wire/service.js';
import { groupBy } from './group-by.js';
import type { DataEntry, SendEntry, SessionLog, ViewEntry } from './log.js';

export interface Message {
  /** Small whole number, for tables. */
  readonly number: number;
  readonly id: string;
  /** Null: nobody sent it. */
  readonly sent: { readonly log: SessionLog; readonly entry: SendEntry; readonly index: number } | null;
  readonly service: number;
}

export interface Stay {
  readonly log: SessionLog;
  readonly group: string;
  readonly view: ViewEntry;
  /** Everything for the group that was delivered in the view, in order. */
  readonly messages: Message[];
  /** How many of them came before the transitional signal; all of them without one. */
  before: number;
  /** Transitional signals in this view. */
  transitions: number;
  /** The view that followed; null when the session left or its log ends. */
  next: ViewEntry | null;
}

export interface History {
  readonly messages: readonly Message[];
  /** What each log delivered, in order. */
  readonly delivered: ReadonlyMap<SessionLog, readonly Message[]>;
  readonly stays: readonly Stay[];
  /** Stays by group and view. */
  readonly byView: ReadonlyMap<string, readonly Stay[]>;
}

/** Services with an order: FIFO and above. */
export const isOrdered = ({ service }: Message): boolean =>
  (service & (FIFO_MESS | CAUSAL_MESS | AGREED_MESS | SAFE_MESS)) !== 0;

export const isSafe = ({ service }: Message): boolean => (service & SAFE_MESS) !== 0;

export const isSelfDiscard = ({ service }: Message): boolean => (service & SELF_DISCARD) !== 0;

/** The set that moved with the receiver; join, leave and disconnect move everybody together [daemon 2.6]. */
export const companions = (view: ViewEntry): readonly string[] =>
  view.cause === 'network' ? (view.sets[view.own] ?? []) : view.members;

const read = new WeakMap<readonly SessionLog[], History>();

export function historyOf(logs: readonly SessionLog[]): History {
  let history = read.get(logs);
  if (!history) {
    history = new Reader(logs).history();
    read.set(logs, history);
  }
  return history;
}

class Reader {
  private readonly messages: Message[] = [];
  private readonly byId = new Map<string, Message>();
  private readonly delivered = new Map<SessionLog, Message[]>();
  private readonly stays: Stay[] = [];

  constructor(private readonly logs: readonly SessionLog[]) {}

  history(): History {
    for (const log of this.logs) this.readSends(log);
    for (const log of this.logs) this.readDeliveries(log);
    const byView = groupBy(this.stays, ({ group, view }) => `${group} ${view.gid}`);
    return { messages: this.messages, delivered: this.delivered, stays: this.stays, byView };
  }

  private readSends(log: SessionLog): void {
    for (const [index, entry] of log.entries.entries()) {
      if (entry.kind === 'send') this.add(entry.id, { log, entry, index }, entry.service);
    }
  }

  private readDeliveries(log: SessionLog): void {
    const delivered: Message[] = [];
    const open = new Map<string, Stay>();
    this.delivered.set(log, delivered);
    for (const entry of log.entries) {
      switch (entry.kind) {
        case 'data': {
          const message = this.byId.get(entry.id) ?? this.add(entry.id, null, entry.service);
          delivered.push(message);
          this.place(entry, message, open);
          break;
        }
        case 'view': {
          const last = open.get(entry.group);
          if (last) last.next = entry;
          const stay: Stay = {
            log,
            group: entry.group,
            view: entry,
            messages: [],
            before: 0,
            transitions: 0,
            next: null,
          };
          open.set(entry.group, stay);
          this.stays.push(stay);
          break;
        }
        case 'transition': {
          const stay = open.get(entry.group);
          if (stay) stay.transitions++;
          break;
        }
        case 'self-leave':
          open.delete(entry.group);
          break;
        default:
      }
    }
  }

  /** A group named twice holds the message once. */
  private place(entry: DataEntry, message: Message, open: ReadonlyMap<string, Stay>): void {
    for (const [i, group] of entry.groups.entries()) {
      if (isPrivateGroup(group) || entry.groups.indexOf(group) !== i) continue;
      const stay = open.get(group);
      if (!stay) continue;
      stay.messages.push(message);
      if (stay.transitions === 0) stay.before++;
    }
  }

  private add(id: string, sent: Message['sent'], service: number): Message {
    const message: Message = { number: this.messages.length, id, sent, service };
    this.messages.push(message);
    this.byId.set(id, message);
    return message;
  }
}
