/** Calls in simulated worlds, and what has to be true of them. */
import { Buffer } from 'node:buffer';
import { CallCore, type CallMode, type RawOutcome, type Ticket } from '../../lib/recipes/core/call.js';
import type { WorldMember } from './world-member.js';

export interface Ended {
  readonly outcomes: ReadonlyMap<string, RawOutcome>;
  readonly asked: readonly string[];
}

/** What a member does with a request; `none`: it has no handler. */
export type Manner = 'value' | 'error' | 'hold' | 'none';

export const TIMEOUT = 3000;

export class Calls {
  readonly cores = new Map<WorldMember, CallCore>();
  readonly ended = new Map<WorldMember, Map<number, Ended | 'broken'>>();
  readonly begun = new Map<WorldMember, Map<number, number>>();
  /** Requests that wait for an answer, where members do not answer at once. */
  readonly held: (() => void)[] = [];
  /** Strangers whose requests came to a handler. */
  private readonly strangers: string[] = [];
  private instances = 0;

  constructor(private readonly answer: (member: Pick<WorldMember, 'name' | 'id' | 'index'>) => Manner) {}

  readonly make = (member: WorldMember): CallCore => {
    const ended = new Map<number, Ended | 'broken'>();
    this.ended.set(member, ended);
    this.begun.set(member, new Map());
    const core: CallCore = new CallCore(member.id, ++this.instances, this.answer(member) !== 'none', {
      send: (body, service) => member.send(body, service),
      sendTo: (name, body) => member.sendTo(name, body),
      request: (from, ticket, body) => {
        if (from.startsWith('#z-stranger')) this.strangers.push(from);
        this.serve(member, core, ticket, body);
      },
      done: (call, outcomes, asked) => void ended.set(call, { outcomes, asked }),
      broken: (call) => void ended.set(call, 'broken'),
    });
    this.cores.set(member, core);
    return core;
  };

  call(member: WorldMember, mode: CallMode, now: number): number {
    const core = this.cores.get(member) as CallCore;
    const call = core.call(Buffer.from('q'), mode, TIMEOUT, now);
    this.begun.get(member)?.set(call, now);
    return call;
  }

  of(member: WorldMember, call: number): Record<string, string> {
    const ended = this.ended.get(member)?.get(call);
    if (!ended || ended === 'broken') return { ended: String(ended) };
    return Object.fromEntries(
      [...ended.outcomes].map(([name, { kind }]) => [name.split('#')[1] ?? '', kind]),
    );
  }

  private serve(member: WorldMember, core: CallCore, ticket: Ticket, body: Buffer): void {
    const how = this.answer(member);
    if (how === 'error') core.fail(ticket, 'no');
    else if (how === 'value') core.answer(ticket, body);
    else this.held.push(() => core.answer(ticket, body));
  }

  /**
   * The checker: every call of those who are there has ended, nobody was given an answer in the name of another, and who
   * has left was not waited for.
   * @param members those who are there
   * @param manners of everybody who ever was, by private name
   */
  faults(members: readonly WorldMember[], manners: ReadonlyMap<string, readonly Manner[]>): string[] {
    const faults = this.strangers.map((id) => `a request of ${id} is served`);
    for (const member of members) {
      const { id } = member;
      const ended = this.ended.get(member) ?? new Map<number, Ended | 'broken'>();
      for (const call of this.begun.get(member)?.keys() ?? [])
        if (!ended.has(call)) faults.push(`call ${call} of ${id} hangs`);
      for (const [call, each] of ended) {
        if (each === 'broken') faults.push(`call ${call} of ${id} is broken, and it is there`);
        else faults.push(...this.falseOutcomes(each, manners).map((text) => `call ${call}: ${text}`));
      }
    }
    return faults;
  }

  private falseOutcomes({ outcomes }: Ended, manners: ReadonlyMap<string, readonly Manner[]>): string[] {
    return [...outcomes]
      .filter(
        ([name, { kind }]) =>
          (kind === 'value' || kind === 'error') &&
          !name.startsWith('#z-') &&
          !manners.get(name)?.includes(kind),
      )
      .map(([name, { kind }]) => `${name} has answered with a ${kind}`);
  }
}
