/**
 * The keys that tokens of sessions are sealed with, as the daemons share them in the exchange. The first daemon of the
 * first view makes one; where daemons with several come together, the one with the smallest id seals, and the others still
 * open what they have sealed. Opaque bytes here: whoever seals is outside of the core.
 */
import type { Buffer } from 'node:buffer';

export const RESUME_KEY_BYTES = 32;
/** Keys that are kept: of more, those with the largest ids go. */
export const MAX_RESUME_KEYS = 8;

export interface ResumeKey {
  /** Unsigned, 32 bits. */
  readonly id: number;
  readonly key: Buffer;
}

export class ResumeKeys {
  /** Those of the views that this daemon was in, by id; the first one seals. */
  known: readonly ResumeKey[] = [];

  /** @param own what this daemon proposes where nobody has a key */
  constructor(private readonly own: ResumeKey | null) {}

  /** For the report: what it knows, or what it proposes. */
  get reported(): { readonly keys: readonly ResumeKey[]; readonly isProposal: boolean } {
    const isProposal = this.known.length === 0;
    return { keys: isProposal && this.own ? [this.own] : this.known, isProposal };
  }

  /** The exchange is complete. @param reports of all daemons of the view, in its order */
  learn(reports: readonly ResumeKeys['reported'][]): void {
    const known = reports.filter(({ isProposal }) => !isProposal).flatMap(({ keys }) => keys);
    const proposed = reports.find(({ keys }) => keys.length > 0)?.keys ?? [];
    const keys = new Map([...(known.length > 0 ? known : proposed)].map((each) => [each.id, each]));
    this.known = [...keys.values()].toSorted((a, b) => a.id - b.id).slice(0, MAX_RESUME_KEYS);
  }
}
