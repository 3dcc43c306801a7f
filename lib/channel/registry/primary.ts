/**
 * Which part of a broken network may give away names: by the rules of lib/primary, with daemons as voters. A daemon knows
 * what any of the connections at it knows. In a tie the first daemon decides: it has three votes, every other one two.
 */
import {
  type Electorate,
  includesNewest,
  nextEpoch,
  remembers,
  type Testimony,
} from '../../primary/rules.js';
import type { ByteReader, ByteWriter } from '../bytes.js';

/** Name of the daemon in `#name#daemon`. */
export const daemonOf = (member: string): string => member.slice(member.indexOf('#', 1) + 1);

/** The daemons of the members, in their order. */
export const daemonsOf = (members: Iterable<string>): string[] => [...new Set([...members].map(daemonOf))];

const FIRST_WEIGHT = 3;
const WEIGHT = 2;

/** What a member that has no table brings. */
export const NEWCOMER: Testimony = { tookPart: false, epoch: null, promised: 0 };

/** What a member brings that has met others, and has not been told what they know: it counts neither as remembering nor as new. */
export const UNINFORMED: Testimony = { tookPart: true, epoch: null, promised: 0 };

/** The vote on going on in one view. */
export class Ballot {
  /** The number of the epoch that is voted on. */
  readonly next: number;
  /** Daemons of which somebody has voted. */
  private readonly voted = new Set<string>();

  /**
   * @param electorates lists of daemons, the first of each breaking ties: it has to pass by all of them
   * @param testimonies what each member of the view brings
   */
  constructor(
    private readonly electorates: readonly (readonly string[])[],
    private readonly testimonies: ReadonlyMap<string, Testimony>,
  ) {
    this.next = nextEpoch([...testimonies.values()]);
  }

  /** Whether it would pass if everybody here voted. */
  get canPass(): boolean {
    return this.passesWith(new Set(daemonsOf(this.testimonies.keys())));
  }

  /** @returns whether a vote of this member would add to it */
  wants(member: string): boolean {
    return !this.voted.has(daemonOf(member));
  }

  /** @returns whether it has passed */
  vote(member: string, epoch: number): boolean {
    if (epoch === this.next && this.testimonies.has(member)) this.voted.add(daemonOf(member));
    return this.passesWith(this.voted);
  }

  private passesWith(voted: ReadonlySet<string>): boolean {
    const { electorates } = this;
    return electorates.length > 0 && electorates.every((daemons) => this.passesBy(daemons, voted));
  }

  private passesBy(daemons: readonly string[], voted: ReadonlySet<string>): boolean {
    const electorate: Electorate = { of: WEIGHT * daemons.length + 1, quorum: daemons.length + 1 };
    const voters = daemons.flatMap((daemon, i) => {
      if (!voted.has(daemon)) return [];
      const own = [...this.testimonies].filter(([member]) => daemonOf(member) === daemon);
      const testimony = together(own.map(([, each]) => each));
      return Array.from({ length: i === 0 ? FIRST_WEIGHT : WEIGHT }, () => testimony);
    });
    return voters.length >= electorate.quorum && includesNewest(voters, electorate);
  }
}

/** What a daemon brings: what the best of its connections does, never halves of two of them. */
function together(all: readonly Testimony[]): Testimony {
  const byEpoch = all.toSorted((a, b) => (b.epoch ?? -1) - (a.epoch ?? -1));
  const best = byEpoch.find(remembers) ?? byEpoch.find(({ tookPart }) => tookPart) ?? byEpoch[0] ?? NEWCOMER;
  return { ...best, promised: Math.max(0, ...all.map(({ promised }) => promised)) };
}

/** What a part brings, whoever of it took part. */
export type PartTestimony = Pick<Testimony, 'epoch' | 'promised'>;

export function writeTestimony(out: ByteWriter, { epoch, promised }: PartTestimony): void {
  out.u8(epoch === null ? 0 : 1);
  out.u32(epoch ?? 0).u32(promised);
}

/** @throws Malformed */
export function readTestimony(bytes: ByteReader): PartTestimony {
  const hasTable = bytes.u8() !== 0;
  const [epoch, promised] = [bytes.u32(), bytes.u32()];
  return { epoch: hasTable ? epoch : null, promised };
}

export function writeElectorates(out: ByteWriter, electorates: readonly (readonly string[])[]): void {
  out.u16(electorates.length);
  for (const daemons of electorates) {
    out.u16(daemons.length);
    for (const daemon of daemons) out.text(daemon, 'latin1');
  }
}

/** @throws Malformed */
export function readElectorates(bytes: ByteReader): string[][] {
  const electorates: string[][] = [];
  for (let lists = bytes.u16(); lists > 0; lists--) {
    const daemons: string[] = [];
    for (let rest = bytes.u16(); rest > 0; rest--) daemons.push(bytes.text('latin1'));
    electorates.push(daemons);
  }
  return electorates;
}
