/** Text in pieces of any size -> lines of the feed. */
import type { FeedLine } from './lines.js';

export class LineReader {
  private rest = '';

  /** @returns the lines that are whole now; lines that are not JSON are left out */
  push(text: string): FeedLine[] {
    const parts = (this.rest + text).split('\n');
    this.rest = parts.pop() ?? '';
    return parts.flatMap((part) => {
      try {
        return [JSON.parse(part) as FeedLine];
      } catch {
        return [];
      }
    });
  }
}
