/** Work that several ask for and that is done for all of them: each piece at most once in a time, one after the other. */

/** Milliseconds for which what was made is given to everybody who asks for it. */
export const FRESH_TIME = 1_000;
/** Pieces that are kept. */
const MAX_KEPT = 16;

interface Piece<T> {
  readonly made: Promise<T>;
  /** Until when it is given out; while it is being made, always. */
  freshUntil: number;
}

export class Once<T> {
  private readonly pieces = new Map<string, Piece<T>>();
  private last: Promise<unknown> = Promise.resolve();

  constructor(private readonly now: () => number) {}

  get(key: string, make: () => Promise<T>): Promise<T> {
    const known = this.pieces.get(key);
    if (known !== undefined && this.now() < known.freshUntil) return known.made;
    let startedAt = 0;
    const made = this.last.then(() => {
      startedAt = this.now();
      return make();
    });
    const piece: Piece<T> = { made, freshUntil: Infinity };
    this.last = made
      .catch(() => this.pieces.delete(key))
      .finally(() => {
        piece.freshUntil = startedAt + FRESH_TIME;
      });
    this.pieces.delete(key);
    this.pieces.set(key, piece);
    const [oldest] = this.pieces.keys();
    if (this.pieces.size > MAX_KEPT && oldest !== undefined) this.pieces.delete(oldest);
    return made;
  }
}
