/**
 * How many commands of each submitter were applied. Part of the replicated state: equal at all replicas of a component,
 * and in every snapshot. A command is applied only as the next of its submitter, so none is applied twice, whatever is
 * sent again after the network broke.
 */
import type { BodyReader, BodyWriter } from '../codec.js';
import { MAX_SUBMITTERS } from '../limits.js';

export class Submitters {
  /** By instance; those whose last command is longest ago come first. */
  private readonly last = new Map<number, number>();

  lastOf(instance: number): number {
    return this.last.get(instance) ?? 0;
  }

  /** @returns whether the command is the next one, an old one, or one behind a gap */
  take(instance: number, sequence: number): 'next' | 'old' | 'gap' {
    const last = this.lastOf(instance);
    if (sequence <= last) return 'old';
    if (sequence > last + 1) return 'gap';
    this.last.delete(instance);
    this.last.set(instance, sequence);
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
    for (const [instance, sequence] of this.last) writer.number(instance).number(sequence);
  }

  read(reader: BodyReader): void {
    this.clear();
    const count = Math.min(reader.number(), MAX_SUBMITTERS);
    for (let i = 0; i < count; i++) this.last.set(reader.number(), reader.number());
  }
}
