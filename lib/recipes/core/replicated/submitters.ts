/**
 * How many commands of each submitter were applied. A submitter is a process of a member: its number alone travels in clear
 * and proves nothing. Part of the replicated state: equal at all replicas of a component,
 * and in every snapshot. A command is applied only as the next of its submitter, so none is applied twice, whatever is
 * sent again after the network broke.
 */
import type { BodyReader, BodyWriter } from '../codec.js';
import { MAX_SUBMITTERS } from '../limits.js';

const keyOf = (member: string, instance: number): string => `${instance} ${member}`;

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
    this.last.delete(key);
    this.last.set(key, sequence);
    if (this.last.size > MAX_SUBMITTERS) {
      for (const oldest of this.last.keys()) {
        this.last.delete(oldest);
        break;
      }
    }
    return 'next';
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
    const count = Math.min(reader.number(), MAX_SUBMITTERS);
    for (let i = 0; i < count && reader.isOpen; i++) {
      const key = reader.text();
      this.last.set(key, reader.number());
    }
  }
}
