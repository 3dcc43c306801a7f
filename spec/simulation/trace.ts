/** What happened, in words for people; nothing is made when nobody listens. */
import type { Loop } from './loop.js';

export class Trace {
  readonly lines: string[] = [];

  constructor(
    private readonly loop: Loop,
    readonly isOn: boolean,
  ) {}

  note(who: string, what: () => string): void {
    if (this.isOn) this.lines.push(`${this.loop.now.toFixed(2).padStart(9)}  ${who.padEnd(8)} ${what()}`);
  }
}

const BASIS = 0x811c9dc5;
const PRIME = 0x01000193;

/** FNV-1a of 32 bits over text and numbers: two runs with one seed must come to the same. */
export class TraceHash {
  private value = BASIS;

  text(text: string): void {
    for (let i = 0; i < text.length; i++) this.value = Math.imul(this.value ^ text.charCodeAt(i), PRIME);
    this.value = Math.imul(this.value ^ 0xff, PRIME);
  }

  get hex(): string {
    return (this.value >>> 0).toString(16).padStart(8, '0');
  }
}
