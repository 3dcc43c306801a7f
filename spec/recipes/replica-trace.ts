/** One member of replicated state, told step by step what comes, and all that it says and does. */
import { Buffer } from 'node:buffer';
import type { DropReason, RecipeView } from '../../lib/recipes/core/port.js';
import { Component } from '../../lib/recipes/core/replicated/component.js';
import { ReplicatedCore } from '../../lib/recipes/core/replicated/core.js';
import type { ReplicatedCoreOptions } from '../../lib/recipes/core/replicated/ports.js';
import { decode, encode, type Held, type Message } from '../../lib/recipes/core/replicated/messages.js';

export const [A, B, C, D] = ['#a#d1', '#b#d2', '#c#d3', '#d#d4'] as const;
type Id = RecipeView['id'];

export class Trace {
  readonly said: Message[] = [];
  readonly services: string[] = [];
  readonly lines: string[] = [];
  readonly misfits: string[] = [];
  readonly thrown: number[] = [];
  readonly settled: string[] = [];
  readonly presented: string[] = [];
  readonly doubted: string[] = [];
  readonly malformed: string[] = [];
  readonly captured: string[] = [];
  readonly released: string[] = [];
  core: ReplicatedCore;
  /** Why the last message does not count. */
  reason: DropReason | null = null;
  /** How often the machine was to take in a state. */
  restores = 0;
  /** How often the machine was told that what it is given belongs to nothing. */
  aborted = 0;
  /** Whether the machine needs a while to take in a state, until the test says `restored`. */
  isSlow = false;
  private now = 1000;
  private id: Id = [1, 1, 1];

  constructor(
    quorum: number | null,
    self: string = A,
    options: Partial<ReplicatedCoreOptions> = { label: 'x' },
  ) {
    this.core = new ReplicatedCore(
      self,
      1,
      {
        reset: () => void (this.lines.length = 0),
        apply: (command) => this.lines.push(command.toString()),
        present: (members) => void this.presented.push(members.join(' ')),
        merge: () => undefined,
      },
      {
        send: (body, service) => {
          this.said.push(decode(body) as Message);
          this.services.push(service);
        },
        sendTo: (_, body) => void this.said.push(decode(body) as Message),
        capture: (id) => void this.captured.push(id),
        release: (id) => void this.released.push(id),
        supply: () => undefined,
        restoreBegin: () => void this.restores++,
        restoreChunk: (data) => void this.lines.push(...data.toString().split(' ')),
        restoreEnd: () => !this.isSlow && this.core.restored(),
        restoreAbort: () => {
          this.aborted++;
          if (!this.isSlow) this.core.restored(false);
        },
        contribute: () => undefined,
        settled: (ticket, { kind }) => void this.settled.push(`${ticket} ${kind}`),
        rolledBack: (commands) => void this.thrown.push(commands),
        misfit: (label) => void this.misfits.push(label),
        changed: () => undefined,
        doubted: (name) => void this.doubted.push(name),
        malformed: (name) => void this.malformed.push(name),
      },
      { quorum, ...options },
    );
  }

  /** A view, @param along by default all of them. */
  view(cause: RecipeView['cause'], members: readonly string[], along = members): this {
    const [daemon, time, count] = this.id;
    this.id = cause === 'network' ? [daemon, time + 1, 1] : [daemon, time, count + 1];
    this.core.view({ id: this.id, cause, members, cameWithMe: along }, this.now);
    return this;
  }

  signal(): this {
    this.core.transition(this.now);
    return this;
  }

  hear(sender: string, message: Message): this {
    this.reason = this.core.message(sender, encode(message), this.now);
    return this;
  }

  state(sender: string, state: Held | null, promised = 0, tookPart = state !== null): this {
    const statement = { label: 'x', state, tookPart, promised, ask: `${sender} asks` };
    return this.hear(sender, { kind: 'state', tag: this.tag, statement, silent: [] });
  }

  /** What this member said last comes back to it, as everything does that is sent to a group. */
  echo(kind: Message['kind']): this {
    return this.hear(A, this.last(kind));
  }

  vote(sender: string, epoch: number): this {
    return this.hear(sender, { kind: 'vote', tag: this.tag, epoch });
  }

  command(text: string): this {
    const payload = Buffer.from(text);
    const sequence = this.commands++;
    return this.hear(B, { kind: 'command', instance: 9, ticket: sequence, sequence, payload });
  }
  private commands = 1;

  last<K extends Message['kind']>(kind: K): Message & { kind: K } {
    return this.said.findLast((each) => each.kind === kind) as Message & { kind: K };
  }

  /** B gives the state for what this member asked with last. */
  offer(component: Component, header: Buffer): this {
    const { statement } = this.last('state');
    const bytes = component.encode();
    return this.hear(B, { kind: 'offer', ask: statement.ask, capture: '7/0', component: bytes, header });
  }

  chunk(text: string, isLast = true): this {
    return this.hear(B, { kind: 'chunk', capture: '7/0', offset: 0, isLast, data: Buffer.from(text) });
  }

  pass(milliseconds: number): this {
    this.now += milliseconds;
    this.core.tick(this.now);
    return this;
  }

  private get tag(): { readonly view: Id; readonly round: number } {
    return { view: this.id, round: 0 };
  }
}

/** What stands before a snapshot of a state with so many commands of B, @param last and one of A. */
export const headerOf = (position: number, last?: Message): Buffer => {
  const before = new Trace(null, B);
  before.view('join', [B]).hear(B, before.last('state'));
  for (let i = 0; i < position; i++) before.command(`c${i}`);
  if (last) before.hear(A, last);
  before.view('join', [A, B]).state(A, null);
  return before.last('offer').header;
};

/** A component of B and C with an epoch in force, as it is where A asks for the state. */
export const formed = (ask: string, lineage = 7, next = 5): Component => {
  const component = new Component({ quorum: 2, lineage, epoch: next - 1, next, holders: [B, C] });
  component.vote(B, next);
  component.vote(C, next);
  component.asked(A, ask);
  return component;
};

/** The same without a quorum. */
export const loose = (ask: string, lineage: number): Component => {
  const component = new Component({ quorum: null, lineage, epoch: 0, next: 1, holders: [B, C] });
  component.asked(A, ask);
  return component;
};
