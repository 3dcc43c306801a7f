/** Replicas of a list in simulated worlds, and what has to be true of them. */
import { Buffer } from 'node:buffer';
import type { CommandOutcome, StateMachine } from '../../lib/recipes/core/replicated/replica.js';
import { ReplicatedCore } from '../../lib/recipes/core/replicated/core.js';
import type { ReplicatedCoreOptions, ReplicatedSink } from '../../lib/recipes/core/replicated/ports.js';
import type { Machine } from '../../lib/recipes/core/machines/machine.js';
import { CHUNK_BYTES, MAX_PROCESSES } from '../../lib/recipes/core/limits.js';
import type { WorldMember } from './world-member.js';

/** A list of all commands, with who was there. */
export class Ledger implements StateMachine {
  lines: string[] = [];
  who: readonly string[] = [];

  reset(): void {
    this.lines = [];
  }

  apply(command: Buffer): number {
    this.lines.push(command.toString());
    return this.lines.length;
  }

  present(members: readonly string[]): void {
    this.who = members;
  }

  merge(state: Buffer): void {
    const known = new Set(this.lines);
    for (const line of state.toString().split('\n'))
      if (line !== '' && !known.has(line)) this.lines.push(line);
  }
}

export interface Seat {
  readonly core: ReplicatedCore;
  /** Number of the process. */
  readonly instance: number;
  readonly machine: AnyMachine;
  readonly outcomes: Map<number, CommandOutcome>;
  readonly rolledBack: number[];
}

/** A machine as an application writes it, or one of bytes. */
export type AnyMachine = StateMachine | Pick<Machine<never, unknown>, 'reset' | 'apply' | 'present'>;

export interface Kind<M extends AnyMachine> {
  make(): M;
  save(machine: M): Buffer;
  load(machine: M, bytes: Buffer): void;
}

export const ledgers: Kind<Ledger> = {
  make: () => new Ledger(),
  save: (machine) => Buffer.from(JSON.stringify([machine.lines, machine.who])),
  load: (machine, bytes) => {
    [machine.lines, machine.who] = JSON.parse(bytes.toString()) as [string[], string[]];
  },
};

/** What a checker looks at besides. */
interface Inside {
  readonly merge: { readonly parts: readonly Buffer[]; readonly bytes: number } | null;
  readonly submitters: { readonly last: ReadonlyMap<string, number> };
}

const inside = (core: ReplicatedCore): Inside => (core as unknown as { replica: Inside }).replica;

/** More than any world goes through. */
const MOST_EPOCHS = 10_000;

/** Small, so that a snapshot of a small state has several. */
const CHUNK = 40;

/** What a machine was when others were promised it, given away in pieces. */
export class Snapshots {
  private readonly bytes = new Map<string, Buffer>();
  /** Where the next answer to each begins. */
  private readonly places = new Map<string, number>();

  constructor(private readonly chunkBytes: number) {}

  capture(id: string, bytes: Buffer): void {
    this.bytes.set(id, bytes);
  }

  release(id: string): void {
    this.bytes.delete(id);
  }

  get(id: string): Buffer | undefined {
    return this.bytes.get(id);
  }

  /** @returns false when it was released */
  supply(
    core: ReplicatedCore,
    ...[id, to, offset, until, restart]: Parameters<ReplicatedSink['supply']>
  ): boolean {
    const bytes = this.bytes.get(id);
    if (!bytes) return false;
    const key = `${id} ${to}`;
    let at = restart ? offset : (this.places.get(key) ?? offset);
    const end = Math.min(until, bytes.length);
    do {
      const data = bytes.subarray(at, Math.min(at + this.chunkBytes, end));
      core.supplied(id, to, at, data, at + data.length >= bytes.length);
      at += data.length;
    } while (at < end);
    this.places.set(key, at);
    return true;
  }
}

export class Replicas<M extends AnyMachine> {
  readonly seats = new Map<WorldMember, Seat & { readonly machine: M }>();
  instances = 0;
  /** Members that had no place in the group, and what the group has. */
  readonly misfits: string[] = [];
  /** What somebody did that has no bound. */
  private readonly unbounded = new Set<string>();

  constructor(
    private readonly kind: Kind<M>,
    private readonly options: Partial<ReplicatedCoreOptions>,
  ) {}

  readonly make = (member: WorldMember): ReplicatedCore => {
    const machine = this.kind.make();
    const snapshots = new Snapshots(CHUNK);
    const outcomes = new Map<number, CommandOutcome>();
    const rolledBack: number[] = [];
    const restoring: Buffer[] = [];
    const instance = ++this.instances;
    const core: ReplicatedCore = new ReplicatedCore(
      member.id,
      instance,
      bytesOf(machine),
      {
        send: (body, service) => member.send(body, service),
        sendTo: (name, body) => member.sendTo(name, body),
        capture: (id) => snapshots.capture(id, this.kind.save(machine)),
        release: (id) => snapshots.release(id),
        supply: (...request) => {
          if (!snapshots.supply(core, ...request))
            this.unbounded.add(`${request[1]} is given what it did not ask for`);
        },
        restoreBegin: () => void (restoring.length = 0),
        restoreChunk: (data) => void restoring.push(Buffer.from(data)),
        restoreAbort: () => core.restored(false),
        restoreEnd: () => {
          this.kind.load(machine, Buffer.concat(restoring));
          core.restored();
        },
        contribute: (id) => core.contribution(id, Buffer.from(linesOf(snapshots.get(id) as Buffer))),
        settled: (ticket, outcome) => void outcomes.set(ticket, outcome),
        rolledBack: (commands) => void rolledBack.push(commands),
        misfit: (label) => void this.misfits.push(`${member.id}: ${label}`),
        changed: () => this.look(core),
        doubted: () => undefined,
        malformed: () => undefined,
      },
      this.options,
    );
    this.seats.set(member, { core, instance, machine, outcomes, rolledBack });
    return core;
  };

  of(member: WorldMember | undefined): Seat & { readonly machine: M } {
    return this.seats.get(member as WorldMember) as Seat & { readonly machine: M };
  }

  /** What a member keeps or does without a bound. */
  bounds(member: WorldMember): string[] {
    const { core } = this.of(member);
    const { submitters } = inside(core);
    const processes = new Map<string, number>();
    for (const key of submitters.last.keys()) {
      const name = key.slice(key.indexOf(' ') + 1);
      processes.set(name, (processes.get(name) ?? 0) + 1);
    }
    const many = [...processes].filter(([, count]) => count > MAX_PROCESSES);
    return [
      ...this.unbounded,
      ...many.map(([name, count]) => `${count} processes of ${name} are remembered`),
      ...(core.epoch > MOST_EPOCHS ? [`epoch ${core.epoch}`] : []),
    ];
  }

  /** After each input. */
  private look(core: ReplicatedCore): void {
    const { merge } = inside(core);
    if (merge && merge.parts.length > 1 + merge.bytes / CHUNK_BYTES)
      this.unbounded.add('a merge of pieces that are nothing');
  }

  submit(member: WorldMember, text: string): number {
    return this.of(member).core.submit(Buffer.from(text));
  }
}

/** Commands that are no bytes travel as JSON. */
const bytesOf = (machine: AnyMachine): StateMachine =>
  'merge' in machine
    ? machine
    : {
        reset: () => machine.reset(),
        apply: (command, info) => machine.apply(JSON.parse(command.toString()) as never, info),
        present: (members) => machine.present?.(members),
        merge: () => undefined,
      };

function linesOf(bytes: Buffer): string {
  try {
    return ((JSON.parse(bytes.toString()) as [string[]])[0] ?? []).join('\n');
  } catch {
    return '';
  }
}
