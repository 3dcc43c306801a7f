/**
 * Daemons that were excluded for their reports. What was wrong is wrong the next time too, and each try is a view change
 * for all, so they come back after a while only, and after a longer one each time.
 */
import type { CpgAddress } from './ordered-transport.js';
import type { ViewsOptions } from './ports.js';

interface Offence {
  readonly count: number;
  readonly until: number;
}

/** An excluded daemon asks again a little later than the others listen, so that it is heard. */
const GRACE = 1.1;

export class Apart {
  private readonly offences = new Map<string, Offence>();

  constructor(
    private readonly self: CpgAddress,
    private readonly times: ViewsOptions['apart'],
  ) {}

  /** @returns milliseconds until it may come back */
  exclude(address: CpgAddress, now: number): number {
    const count = (this.offences.get(keyOf(address))?.count ?? 0) + 1;
    const time = this.timeOf(count) * (this.isSelf(address) ? GRACE : 1);
    this.offences.set(keyOf(address), { count, until: now + time });
    return time;
  }

  /** Milliseconds between two questions of this daemon whether the others have it back; Infinity if it need not ask. */
  get askingTime(): number {
    const count = this.offences.get(keyOf(this.self))?.count ?? 0;
    return count === 0 ? Infinity : this.timeOf(count);
  }

  isApart(address: CpgAddress, now: number): boolean {
    return now < (this.offences.get(keyOf(address))?.until ?? 0);
  }

  /** When this daemon may ask again. */
  get ownEnd(): number {
    return this.offences.get(keyOf(this.self))?.until ?? 0;
  }

  /** A process that has ended is forgotten: the next one has done nothing yet. */
  keepOnly(processes: readonly CpgAddress[]): void {
    const there = new Set(processes.map(keyOf));
    for (const key of this.offences.keys()) if (!there.has(key)) this.offences.delete(key);
  }

  private timeOf(count: number): number {
    return Math.min(this.times.most, this.times.least * 2 ** (count - 1));
  }

  private isSelf(address: CpgAddress): boolean {
    return keyOf(address) === keyOf(this.self);
  }
}

const keyOf = ({ node, pid }: CpgAddress): string => `${node}.${pid}`;
