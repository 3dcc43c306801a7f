/** Puts the fragments of long payloads together, for each sender of one view. */
import { Buffer } from 'node:buffer';

export class FragmentAssembler {
  private readonly parts: Buffer[][];

  constructor(members: number) {
    this.parts = Array.from({ length: members }, () => []);
  }

  /** The next fragment of this sender. @returns the whole payload with its last fragment, else null */
  add(sender: number, fragment: Buffer, more: boolean): Buffer | null {
    const parts = this.parts[sender] as Buffer[];
    if (!more && parts.length === 0) return fragment;
    parts.push(fragment);
    if (more) return null;
    this.parts[sender] = [];
    return Buffer.concat(parts);
  }
}
