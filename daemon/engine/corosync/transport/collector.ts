/**
 * What the library calls while it dispatches. Here things are copied and put aside only: JavaScript of ours inside a
 * callback could call the library again, and an exception would lose the rest of the turn [corosync 2.1].
 */
import { Buffer } from 'node:buffer';
import type { CpgAddress, CpgEvent } from '../../views/ordered-transport.js';
import type { CpgLibrary, Pointer, RawCallbacks } from './library.js';

/** `struct cpg_address`: node, process, reason. */
const ADDRESS_WORDS = 3;

export class Collector {
  /** Of the events that wait: of their data. */
  bytes = 0;
  /** An event that could not be taken, after which there is no order any more. */
  failure: Error | null = null;
  private events: CpgEvent[] = [];

  constructor(private readonly library: CpgLibrary) {}

  get size(): number {
    return this.events.length;
  }

  /** What has come since the last call. */
  take(): readonly CpgEvent[] {
    const { events } = this;
    this.events = [];
    this.bytes = 0;
    return events;
  }

  readonly callbacks: RawCallbacks = {
    deliver: (_handle, _group, node, pid, data, length) =>
      this.put(() => {
        const size = Number(length);
        this.bytes += size;
        return { kind: 'deliver', node, pid, data: this.copy(Buffer.allocUnsafe(size), data, size) };
      }),
    confchg: (_handle, _group, members, count) =>
      this.put(() => ({ kind: 'confchg', members: this.addresses(members, Number(count)) })),
    ring: (_handle, { nodeid, seq }, count, nodes) =>
      this.put(() => ({
        kind: 'ring',
        rep: nodeid,
        seq: BigInt(seq),
        nodes: [...this.words(nodes, count)],
      })),
  };

  private put(make: () => CpgEvent): void {
    try {
      this.events.push(make());
    } catch (error) {
      this.failure ??= error as Error;
    }
  }

  private addresses(from: Pointer, count: number): CpgAddress[] {
    const words = this.words(from, count * ADDRESS_WORDS);
    return Array.from({ length: count }, (_, i) => ({
      node: words[i * ADDRESS_WORDS] ?? 0,
      pid: words[i * ADDRESS_WORDS + 1] ?? 0,
    })).toSorted((a, b) => a.node - b.node || a.pid - b.pid);
  }

  private words(from: Pointer, count: number): Uint32Array {
    return this.copy(new Uint32Array(count), from, count * Uint32Array.BYTES_PER_ELEMENT);
  }

  private copy<T extends Buffer | Uint32Array>(to: T, from: Pointer, bytes: number): T {
    if (bytes > 0) this.library.memcpy(to, from, bytes);
    return to;
  }
}
