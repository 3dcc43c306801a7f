/** View machines over a CPG that behaves well: one order for each ring, in virtual time. What it does is scripted. */
import { Buffer } from 'node:buffer';
import type { CpgAddress, CpgEvent, Multicast } from '../../../daemon/engine/views/ordered-transport.js';
import type { ViewsOptions } from '../../../daemon/engine/views/ports.js';
import { ViewMachine } from '../../../daemon/engine/views/machine.js';
import type { DaemonId, SendOptions } from '../../../daemon/engine/port.js';

/** So often do daemons answer each other, or timers fire, at one time: beyond it, it would never end. */
const MAX_ROUNDS = 1000;

export interface DaemonOptions {
  readonly name?: string;
  readonly pid?: number;
  readonly inc?: bigint;
  readonly views?: Partial<ViewsOptions>;
  /** Calls `proceed` in every view at once; default true. */
  readonly proceeds?: boolean;
}

/** One daemon: its machine, and in words what the machine said. */
export class RingDaemon {
  readonly machine: ViewMachine;
  readonly self: DaemonId;
  /** `view a,b (a|b)`, `message text`, `transitional a`, `drain`, `refused ...`. */
  said: string[] = [];
  /** What it said of the payloads that all members have. */
  readonly stable: number[] = [];
  readonly notes: string[] = [];
  /** The notes with their levels and facts. */
  readonly logged: { readonly level: string; readonly text: string; readonly facts: object }[] = [];
  /** Whom its exchange waits for. */
  awaited: string[] = [];
  /** Events that wait for it. */
  inbox: CpgEvent[] = [];
  /** What its next multicasts are answered. */
  answer: Multicast = 'ok';
  /** It stands still: nothing is handed to it and no timer of it fires. */
  frozen = false;

  constructor(
    private readonly ring: Ring,
    node: number,
    { name = `d${node}`, pid = 100 + node, inc = BigInt(node), views = {}, proceeds = true }: DaemonOptions,
  ) {
    this.self = { name, node, pid, inc };
    this.machine = new ViewMachine(
      this.self,
      {
        mcast: (head, body) => {
          if (this.answer === 'ok') ring.multicast(this, Buffer.concat(body ? [head, body] : [head]));
          return this.answer;
        },
        message: ({ sender, payload, safe, exchange }) =>
          this.say(
            `${exchange ? 'exchange' : safe ? 'safe' : 'message'} ${sender.name} ${payload.toString()}`,
          ),
        transitional: ({ members }) => this.say(`transitional ${namesOf(members)}`),
        view: ({ members, sets }) => {
          this.say(`view ${namesOf(members)} (${sets.map(namesOf).join('|')})`);
          if (proceeds) this.machine.exchangeDone(ring.now);
        },
        stable: (index) => this.stable.push(index),
        awaited: () => this.awaited,
        drain: () => this.say('drain'),
        behind: (isBehind) => this.say(isBehind ? 'behind' : 'not behind'),
        refused: (reason) => this.say(`refused: ${reason}`),
        note: (level, text, facts) => {
          this.notes.push(text);
          this.logged.push({ level, text, facts });
        },
      },
      views,
    );
  }

  get address(): CpgAddress {
    return { node: this.self.node, pid: this.self.pid };
  }

  send(text: string, options?: SendOptions): boolean {
    return this.machine.send(Buffer.from(text), options, this.ring.now);
  }

  take(): string[] {
    const { said } = this;
    this.said = [];
    return said;
  }

  private say(text: string): void {
    this.said.push(text);
  }
}

const namesOf = (members: readonly DaemonId[]): string => members.map(({ name }) => name).join(',');

export class Ring {
  now = 1000;
  readonly daemons: RingDaemon[] = [];
  /** Every multicast, for a look at it; the return value says who gets it (default all of the side). */
  filter: (data: Buffer, from: RingDaemon, to: RingDaemon) => boolean = () => true;
  private sides: RingDaemon[][] = [];
  private seq = 0n;

  constructor(...nodes: readonly (number | (DaemonOptions & { readonly node: number }))[]) {
    for (const each of nodes) this.add(each);
  }

  /** A daemon that is not in any ring yet. */
  add(each: number | (DaemonOptions & { readonly node: number })): RingDaemon {
    const { node, ...options } = typeof each === 'number' ? { node: each } : each;
    const daemon = new RingDaemon(this, node, options);
    this.daemons.push(daemon);
    return daemon;
  }

  /** Forms these rings: everybody gets its confchg and its ring. */
  form(...sides: readonly (readonly RingDaemon[])[]): this {
    this.sides = sides.map((side) => side.slice());
    for (const side of this.sides) {
      this.seq += 4n;
      const members = side.map(({ address }) => address);
      const nodes = [...new Set(members.map(({ node }) => node))];
      const rep = Math.min(...nodes);
      for (const daemon of side) {
        daemon.inbox.push({ kind: 'confchg', members }, { kind: 'ring', rep, seq: this.seq, nodes });
      }
    }
    return this;
  }

  /** All in one ring, and time for a view. */
  together(): this {
    return this.form(this.daemons).run(10);
  }

  /** A confchg alone, as for a process that came or went without a ring change. */
  processes(members: readonly CpgAddress[]): this {
    for (const daemon of this.sides.flat()) daemon.inbox.push({ kind: 'confchg', members });
    return this;
  }

  /** This one takes no part any more. */
  remove(daemon: RingDaemon): this {
    this.sides = this.sides.map((side) => side.filter((each) => each !== daemon));
    return this;
  }

  multicast(from: RingDaemon, data: Buffer): void {
    const { node, pid } = from.address;
    for (const to of this.sides.find((side) => side.includes(from)) ?? []) {
      if (this.filter(data, from, to)) to.inbox.push({ kind: 'deliver', node, pid, data: Buffer.from(data) });
    }
  }

  /** A message of somebody who is no daemon of ours. */
  foreign({ node, pid }: CpgAddress, data: Buffer): this {
    for (const to of this.sides.flat()) to.inbox.push({ kind: 'deliver', node, pid, data });
    return this;
  }

  /** Hands out what waits, without time going by. */
  deliver(): this {
    let rounds = 0;
    for (let again = true; again;) {
      again = false;
      if (++rounds > MAX_ROUNDS) throw new Error(`the daemons talk without end at ${this.now}`);
      for (const daemon of this.daemons) {
        if (daemon.inbox.length === 0 || daemon.frozen) continue;
        again = true;
        const { inbox } = daemon;
        daemon.inbox = [];
        daemon.machine.receive(inbox, this.now);
      }
    }
    return this;
  }

  /** Lets so many milliseconds go by. */
  run(time: number): this {
    const end = this.now + time;
    let [last, turns] = [this.now, 0];
    this.deliver();
    for (; this.now < end; this.deliver()) {
      turns = this.now === last ? turns + 1 : 0;
      last = this.now;
      if (turns > MAX_ROUNDS) throw new Error(`a timer is due without end at ${this.now}`);
      const awake = this.daemons.filter(({ frozen }) => !frozen);
      const next = Math.min(end, ...awake.map(({ machine }) => machine.dueAt));
      this.now = Math.max(next, this.now);
      for (const { machine } of awake) if (machine.dueAt <= this.now) machine.tick(this.now);
    }
    return this;
  }
}
