/** How many data messages of a group have come, as daemons count them in the order: a list after a gap says how many are missing. */
import type { GapReason } from './events.js';

/** Behind these the daemons count the messages of the history that the client has. */
const SAME_HISTORY: ReadonlySet<GapReason> = new Set(['overrun', 'slow']);

/** Numbers further apart are of two counts: daemons begin again where they have had different messages. */
const MAX_MISSED = 0xffff_ffff;

export class MessageCount {
  /** Messages that have come since the last list with a count. */
  private received = 0;
  private base: number | null = null;
  /** Of the newest list. */
  private told: number | null = null;

  message(): void {
    this.received++;
  }

  /** A list has come. @param messages of the group up to there; null: nobody counts */
  listed(messages: number | null): void {
    this.told = messages;
  }

  /** The view of the list is handed on. @returns messages that have not come; null when nobody knows */
  view(gap: GapReason | null): number | null {
    const { base, received, told } = this;
    if (told === null && gap === null) return null;
    [this.base, this.received, this.told] = [told, 0, null];
    if (base === null || told === null || gap === null || !SAME_HISTORY.has(gap)) return null;
    const missed = told - base - received;
    return missed < 0 || missed > MAX_MISSED ? null : missed;
  }
}
