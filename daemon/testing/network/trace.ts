/** What happened, in words for people; nothing is made when nobody listens. */
import { Buffer } from 'node:buffer';
import { fnv32 } from '../../../lib/util/hash.js';
import type { Time } from '../time/time.js';

export class Trace {
  readonly lines: string[] = [];

  constructor(
    private readonly time: Pick<Time, 'now'>,
    readonly isOn: boolean,
  ) {}

  note(who: string, what: () => string): void {
    if (this.isOn) this.write(`${this.time.now.toFixed(2).padStart(9)}  ${who.padEnd(8)} ${what()}`);
  }

  protected write(line: string): void {
    this.lines.push(line);
  }
}

/** FNV-1a of 32 bits over text and numbers: two runs with one seed must come to the same. */
export class TraceHash {
  private value = fnv32([]);

  text(text: string): void {
    this.value = fnv32([0xff], fnv32(Buffer.from(text, 'latin1'), this.value));
  }

  get hex(): string {
    return this.value.toString(16).padStart(8, '0');
  }
}
