/**
 * Questions to the other servers. Who is asked is decided at the place of the question in the order: all servers of the view there. Nobody waits for one that
 * is gone: a view without it ends the wait for it.
 */
import type { TimerQueue } from '../../util/timer-queue.js';
import { OpenRequests } from './open-requests.js';

/** Milliseconds to wait for an answer by default, as in the host. */
export const REQUEST_TIMEOUT_MS = 5_000;

export interface Question {
  readonly timeoutMs: number;
  /** @returns true when that is enough */
  answered(value: unknown, sender: string): boolean;
  /** Everybody has answered or is gone, or one answer was enough. */
  done(): void;
  /** The time is up. @param missing number of servers that are there and have not answered */
  silent(missing: number): void;
}

interface Asked {
  readonly question: Question;
  /** Those that have to answer; null before the question has its place. */
  asked: Set<string> | null;
}

export class Requests {
  private readonly open: OpenRequests<Asked>;

  /** @param prefix of the ids, which no other server has */
  constructor(prefix: string, timers: TimerQueue) {
    this.open = new OpenRequests(prefix, timers, 'open requests to other servers');
  }

  /** Questions that are open. */
  get size(): number {
    return this.open.size;
  }

  /** @returns the id of the question. @throws Error with 10,000 open ones */
  ask(question: Question): string {
    return this.open.add({ question, asked: null }, question.timeoutMs, ({ asked }) =>
      question.silent(asked?.size ?? 0),
    );
  }

  /** The question has its place in the order. @param asked ids of the servers there that have to answer */
  placed(id: string, asked: Iterable<string>): void {
    const open = this.open.get(id);
    if (!open) return;
    open.asked = new Set(asked);
    this.check(id, open);
  }

  /** An answer has come: it counts once, from a server that was asked. */
  answer(id: string, value: unknown, sender: string): void {
    const open = this.open.get(id);
    if (!open?.asked?.delete(sender)) return;
    if (open.question.answered(value, sender)) open.asked.clear();
    this.check(id, open);
  }

  /** @param returned ids of servers before, and now */
  view(isMember: (id: string) => boolean, returned: ReadonlyMap<string, string>): void {
    for (const id of this.open.ids()) {
      const open = this.open.get(id);
      if (!open?.asked) continue;
      const now = [...open.asked].map((each) => returned.get(each) ?? each);
      open.asked = new Set(now.filter(isMember));
      this.check(id, open);
    }
  }

  private check(id: string, { question, asked }: Asked): void {
    if (!asked || asked.size > 0) return;
    this.open.end(id);
    question.done();
  }
}
