/** Pieces of tables that others send ahead of what they say, bounded for each of them. */
import { Buffer } from 'node:buffer';
import { MAX_TABLE_PIECES, TABLE_PIECE } from '../limits.js';

export class PieceStore {
  /** By sender; null: it has sent more than a table may have. */
  private readonly pieces = new Map<string, Buffer[] | null>();

  /** How many are held. */
  get count(): number {
    return [...this.pieces.values()].reduce((sum, pieces) => sum + (pieces?.length ?? 0), 0);
  }

  /** @returns false for one that is too large or too many: then nothing of its sender is held any more */
  add(sender: string, index: number, bytes: Buffer): boolean {
    const pieces = this.pieces.get(sender) ?? (this.pieces.has(sender) ? null : []);
    const fits = pieces !== null && pieces.length < MAX_TABLE_PIECES && bytes.length <= TABLE_PIECE;
    this.pieces.set(sender, fits ? pieces : null);
    // Copied: the buffer of the frame it came in is much larger.
    if (fits && index === pieces.length) pieces.push(Buffer.from(bytes));
    return fits;
  }

  /** All pieces of that sender in one, if there are as many as that; null: there are not. */
  take(sender: string, count: number): Buffer | null {
    const pieces = this.pieces.get(sender);
    if (pieces === null) return null;
    this.pieces.delete(sender);
    return pieces?.length === count ? Buffer.concat(pieces) : null;
  }
}
