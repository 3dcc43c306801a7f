/** A program with a replica: it may stand still, its clock may differ from others, and its machine may take its time. */
import { Buffer } from 'node:buffer';
import { MembersOnly } from '../../../lib/recipes/core/members-only.js';
import { ReplicatedCore } from '../../../lib/recipes/core/replicated/core.js';
import type { ReplicatedSink } from '../../../lib/recipes/core/replicated/ports.js';
import type { CommandInfo } from '../../../lib/recipes/core/replicated/replica.js';
import type { Settled } from '../../../lib/recipes/core/replicated/submissions.js';
import type { GroupId } from '../../../lib/wire/group-id.js';
import { Ledger, ledgers, Snapshots } from '../replicas.js';
import type { Daemon as DaemonOf, GroupClient, GroupView } from '../../support/group-network/daemon.js';

/** Small, so that a small state has several. */
const CHUNK_BYTES = 24;

export const PATIENCE_MS = 1000;

/** A daemon with at most one replica. */
export type Daemon = DaemonOf<ReplicaClient>;

export interface ClientOptions {
  readonly id: string;
  /** Number of the process. */
  readonly instance: number;
  readonly of: number;
  readonly quorum: number | null;
  /** How far its clock is ahead, in milliseconds. */
  readonly clockAhead: number;
}

/** What a client program stands on. */
export interface Ground {
  /** Milliseconds since 1970. */
  readonly now: number;
  send(body: Buffer, service: 'agreed' | 'safe', to: string | null): void;
  settled(text: string, outcome: Settled): void;
  /** An input was taken. */
  took(): void;
  /** Something that may not happen. */
  fault(text: string): void;
}

/** A list of commands that knows how many there have to be. */
class CountedLedger extends Ledger {
  constructor(private readonly fault: (text: string) => void) {
    super();
  }

  override apply(command: Buffer, info?: CommandInfo): number {
    if (info && info.index !== this.lines.length)
      this.fault(`HOLE: command ${info.index} comes after ${this.lines.length} others`);
    return super.apply(command);
  }
}

export class ReplicaClient implements GroupClient {
  readonly id: string;
  readonly instance: number;
  readonly core: ReplicatedCore;
  readonly machine: Ledger;
  isJoined = false;
  isUp = true;
  /** Milliseconds that its machine takes for the next restore; Infinity: as many as it likes. */
  restoreTakes: () => number = () => 0;
  /** Snapshots taken for others. */
  captures = 0;
  /** Id of the view that its core has. */
  viewId: GroupId | null = null;
  /** As its program sees it: of members only. */
  private readonly outer: MembersOnly;
  private submitted = 0;
  private stands = false;
  private readonly inbox: ((core: MembersOnly, now: number) => void)[] = [];
  private readonly texts = new Map<number, string>();
  private restore: { readonly at: number; readonly act: () => void } | null = null;

  constructor(
    private readonly options: ClientOptions,
    private readonly ground: Ground,
  ) {
    const { id, instance, quorum, of } = options;
    this.id = id;
    this.instance = instance;
    this.machine = new CountedLedger((text) => ground.fault(text));
    this.core = new ReplicatedCore(id, instance, this.machine, this.sink(), {
      quorum,
      maxMembers: of,
      label: 'ledger',
      silenceTimeoutMs: PATIENCE_MS,
    });
    this.outer = new MembersOnly(this.core, () => undefined);
  }

  /** Whether it takes nothing, as a stopped process. */
  get isFrozen(): boolean {
    return this.stands;
  }

  /** When it has something to do, in the time of the world. */
  get dueAt(): number {
    if (this.stands) return Infinity;
    return Math.min(this.core.dueAt - this.options.clockAhead, this.restore?.at ?? Infinity);
  }

  view(view: GroupView): void {
    this.give((core, now) => {
      this.viewId = view.id;
      core.view(view, now);
    });
  }

  transition(): void {
    this.give((core, now) => core.transition(now));
  }

  message(sender: string, body: Buffer, toGroup: boolean): void {
    // Members of these schedules are honest: each chooses the service that is needed.
    this.give((core, now) => {
      if (toGroup) core.message(sender, body, now, 'safe');
      else core.direct(sender, body, now);
    });
  }

  freeze(): void {
    this.stands = true;
  }

  /** @param isTimerFirst whether a timer that is overdue is seen before what has come */
  thaw(isTimerFirst = false): void {
    this.stands = false;
    if (isTimerFirst) this.tick();
    this.drain();
  }

  end(): void {
    this.isUp = false;
  }

  /** Does what is due. */
  tick(): void {
    const { core, ground, restore } = this;
    if (restore && restore.at <= ground.now) this.endRestore();
    if (!this.isUp || core.dueAt > this.now) return;
    core.tick(this.now);
    ground.took();
  }

  /** The machine has taken in the state it was given. */
  endRestore(): void {
    const { restore } = this;
    this.restore = null;
    if (!restore || !this.isUp) return;
    restore.act();
    this.ground.took();
  }

  /** @returns the command: the process, and a number that counts its commands */
  submit(): string {
    const text = `${this.instance}.${++this.submitted}`;
    this.texts.set(this.core.submit(Buffer.from(text)), text);
    return text;
  }

  private get now(): number {
    return this.ground.now + this.options.clockAhead;
  }

  /** An input, which is taken when the program gets to it. */
  private give(act: (core: MembersOnly, now: number) => void): void {
    this.inbox.push(act);
    this.drain();
  }

  private drain(): void {
    while (!this.stands && this.isUp) {
      const act = this.inbox.shift();
      if (!act) return;
      act(this.outer, this.now);
      this.ground.took();
    }
  }

  private sink(): ReplicatedSink {
    const { ground } = this;
    const snapshots = new Snapshots(CHUNK_BYTES);
    let restoring: Buffer[] = [];
    return {
      send: (body, service) => this.send(body, service, null),
      sendTo: (name, body) => this.send(body, 'agreed', name),
      capture: (id) => {
        this.captures++;
        snapshots.capture(id, ledgers.save(this.machine));
      },
      release: (id) => snapshots.release(id),
      supply: (id, to, ...range) => {
        if (!snapshots.supply(this.core, id, to, ...range))
          ground.fault(`RELEASED: ${to} is to be given ${id}`);
      },
      restoreBegin: () => {
        restoring = [];
        this.restore = null;
      },
      restoreChunk: (data) => void restoring.push(Buffer.from(data)),
      restoreEnd: () => this.beginRestore(Buffer.concat(restoring)),
      restoreAbort: () => this.core.restored(false),
      contribute: () => undefined,
      rolledBack: () => undefined,
      misfit: (label) => ground.fault(`MISFIT: the group has ${label}`),
      settled: (ticket, outcome) => ground.settled(this.texts.get(ticket) ?? '', outcome),
      changed: () => undefined,
      doubted: () => undefined,
      malformed: () => undefined,
    };
  }

  private send(body: Buffer, service: 'agreed' | 'safe', to: string | null): void {
    if (this.isUp) this.ground.send(Buffer.from(body), service, to);
  }

  private beginRestore(bytes: Buffer): void {
    const takes = this.restoreTakes();
    const act = (): void => {
      ledgers.load(this.machine, bytes);
      this.core.restored();
    };
    if (takes === 0) act();
    else this.restore = { at: this.ground.now + takes, act };
  }
}
