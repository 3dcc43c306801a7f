/** Daemons as voters (lib/primary), and what they state in a vote. */
import type { Testimony } from '../../primary/ballot.js';
import type { ByteReader, ByteWriter } from '../../util/bytes.js';

/** Name of the daemon in `#name#daemon`. */
export const daemonOf = (member: string): string => member.slice(member.indexOf('#', 1) + 1);

/** The daemons of the members, in their order. */
export const daemonsOf = (members: Iterable<string>): string[] => [...new Set([...members].map(daemonOf))];

/** Tells who has ended, by these members of a view: whose daemon is there without them. */
export function goneFrom(members: ReadonlySet<string>): (member: string) => boolean {
  const daemons = new Set(daemonsOf(members));
  return (member) => !members.has(member) && daemons.has(daemonOf(member));
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
    for (const daemon of daemons) out.latin1(daemon);
  }
}

/** @throws Malformed */
export function readElectorates(bytes: ByteReader): string[][] {
  const electorates: string[][] = [];
  for (let lists = bytes.u16(); lists > 0; lists--) {
    const daemons: string[] = [];
    for (let rest = bytes.u16(); rest > 0; rest--) daemons.push(bytes.latin1());
    electorates.push(daemons);
  }
  return electorates;
}
