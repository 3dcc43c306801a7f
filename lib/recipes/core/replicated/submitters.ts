/**
 * How many commands of each submitter were applied. A submitter is a process of a member: its number alone travels in clear
 * and proves nothing. Part of the replicated state: equal at all replicas of a component,
 * and in every snapshot. A command is applied only as the next of its submitter, so none is applied twice, whatever is
 * sent again after the network broke.
 */
import type { BodyReader, BodyWriter } from '../codec.js';
import { MAX_PROCESSES, MAX_SUBMITTERS } from '../limits.js';

const keyOf = (member: string, instance: number): string => `${instance} ${member}`;
const memberOf = (key: string): string => key.slice(key.indexOf(' ') + 1);

export class Submitters {
  /** By submitter; those whose last command is longest ago come first. */
  private readonly last = new Map<string, number>();

  lastOf(member: string, instance: number): number {
    return this.last.get(keyOf(member, instance)) ?? 0;
  }

  /** @returns whether the command is the next one, an old one, or one behind a gap */
  take(member: string, instance: number, sequence: number): 'next' | 'old' | 'gap' {
    const key = keyOf(member, instance);
    const last = this.lastOf(member, instance);
    if (sequence <= last) return 'old';
    if (sequence > last + 1) return 'gap';
    if (!this.last.delete(key)) this.makeRoom(member);
    this.last.set(key, sequence);
    return 'next';
  }

  /** Members that are here from this input on: of too many submitters those go first that are not. */
  present(members: readonly string[]): void {
    if (this.last.size <= MAX_SUBMITTERS) return;
    const here = new Set(members);
    for (const key of this.last.keys()) {
      if (here.has(memberOf(key))) continue;
      this.last.delete(key);
      if (this.last.size <= MAX_SUBMITTERS) return;
    }
  }

  clear(): void {
    this.last.clear();
  }

  write(writer: BodyWriter): void {
    writer.number(this.last.size);
    for (const [key, sequence] of this.last) writer.text(key).number(sequence);
  }

  read(reader: BodyReader): void {
    this.clear();
    for (let count = reader.number(); count > 0; count--) {
      const key = reader.text();
      this.last.set(key, reader.number());
    }
  }

  /** One that invents processes pushes out nobody else's. */
  private makeRoom(member: string): void {
    const own = [...this.last.keys()].filter((key) => memberOf(key) === member);
    const excess = Math.max(0, own.length + 1 - MAX_PROCESSES);
    for (const oldest of own.slice(0, excess)) this.last.delete(oldest);
  }
}
