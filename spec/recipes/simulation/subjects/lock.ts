import { Buffer } from 'node:buffer';
import { isOf, type LockCommand, LockMachine } from '../../../../lib/recipes/core/machines/lock.js';
import type { ReplicatedCore } from '../../../../lib/recipes/core/replicated/core.js';
import type { Random } from '../../../support/random.js';
import type { WorldMember } from '../../world-member.js';
import type { Kind } from '../../replicas.js';
import type { CommandInfo } from '../../../../lib/recipes/core/replicated/replica.js';
import { isLiar, isStranger } from '../guests.js';
import { BEGIN } from '../member.js';
import type { Rules } from '../subject.js';
import { ReplicatedSubject } from './replicated.js';

/** Clocks in a world are within a day of its beginning. */
const LAST_TOKEN = BEGIN + 86_400_000;

/** Knows what changed it. */
class WatchedLock extends LockMachine {
  wrong: (text: string) => void = () => undefined;

  protected override act(command: LockCommand, info: CommandInfo): void {
    const { holder } = this;
    const isTold = this.state.token > 0 || this.state.clocks.length > 0;
    super.act(command, info);
    if (isStranger(info.sender)) this.wrong(`${command.op} counts from ${info.sender}`);
    const isLost = holder !== null && !isOf(this.holder, holder);
    if (isLost && info.sender !== holder.member)
      this.wrong(`${info.sender} ended what ${holder.member} held`);
    if (isTold && this.token > LAST_TOKEN) this.wrong(`a token of ${this.token}`);
    if (!this.isState(this.state)) this.wrong(`${command.op} of ${info.sender} leaves a state that is none`);
  }
}

/**
 * Never held twice where it can be used: a token has one holder, and tokens grow at everybody who sees them, never by a
 * clock far ahead. Nobody ends what another one holds.
 */
export class LockSubject extends ReplicatedSubject<WatchedLock, LockCommand> {
  private readonly byToken = new Map<number, string>();
  private readonly newest = new Map<WorldMember, number>();
  private readonly wanted = new Map<WorldMember, number>();
  private readonly seen: string[] = [];
  /** Members that were granted it and have not lost it, as they know it. */
  private readonly holding = new Set<WorldMember>();
  private requests = 0;

  constructor(rules: Rules) {
    const wrong: string[] = [];
    const locks: Kind<WatchedLock> = {
      make: () => {
        const machine = new WatchedLock();
        machine.wrong = (text) => wrong.push(text);
        return machine;
      },
      save: (machine) => Buffer.from(machine.snapshot()),
      load: (machine, bytes) => machine.load(bytes),
    };
    super('lock', locks, rules);
    this.seen = wrong;
  }

  override make(chair: WorldMember): ReplicatedCore {
    const core = super.make(chair);
    // As the shell does: what an earlier process of the name held is free.
    this.submit(chair, { op: 'begin', instance: this.replicas.of(chair).instance, now: chair.now() });
    return core;
  }

  act(chair: WorldMember, random: Random, now: number): void {
    const request = this.wanted.get(chair);
    const { instance } = this.replicas.of(chair);
    if (request === undefined) {
      this.wanted.set(chair, ++this.requests);
      this.submit(chair, { op: 'acquire', instance, request: this.requests, now });
    } else if (random.chance(0.6)) {
      this.wanted.delete(chair);
      this.submit(chair, { op: 'release', instance, request });
    }
  }

  look(): void {
    for (const [chair, { core, machine, instance }] of this.replicas.seats) {
      const { holder, token } = machine;
      const isOwn = holder?.member === chair.id && holder.instance === instance;
      if (!isOwn || !core.hasState || core.isPartitioned) this.holding.delete(chair);
      else if (core.isWritable) this.holding.add(chair);
      if (!core.isWritable || !holder) continue;
      const text = `${holder.member} with request ${holder.request}`;
      const other = this.byToken.get(token);
      if (other !== undefined && other !== text) this.seen.push(`token ${token} has ${other} and ${text}`);
      this.byToken.set(token, text);
      if (token < (this.newest.get(chair) ?? 0)) this.seen.push(`${chair.id}: back to token ${token}`);
      this.newest.set(chair, token);
    }
  }

  holders(): readonly WorldMember[] {
    return [...this.holding];
  }

  protected quorumFaults({ holder, waiting }: LockMachine): string[] {
    const ended = [holder, ...waiting].filter(
      (claim) => claim && !isLiar(claim.member) && !this.isThere(claim.instance),
    );
    return [...this.seen, ...ended.map((claim) => `${claim?.member} has or wants it, and is gone`)];
  }

  private isThere(instance: number): boolean {
    return [...this.replicas.seats.values()].some((seat) => seat.instance === instance && seat.core.hasState);
  }
}
