/** Those who wait for somebody to create a channel, so that they can open it. */
import type { TimerQueue } from '../util/timer-queue.js';
import { BoundedWait } from './bounded-wait.js';
import type { WaitLimits } from './check.js';
import type { ClientChannel } from './client-channel.js';
import { NotFoundError } from './errors.js';

/** One that waits for the channel of that name. */
interface Opening {
  readonly name: string;
  look(): void;
  fail(error: Error): void;
}

/** Tries to open the channel once. @param failed called with the reason; else the wait has its channel */
export type Attempt = (waiting: BoundedWait<ClientChannel>, failed: (error: Error) => void) => void;

export class Openings {
  private readonly openings = new Set<Opening>();

  constructor(private readonly alarm: TimerQueue) {}

  /** @param waitMs milliseconds to wait for a channel that is not there @throws what the last attempt fails with */
  async open(name: string, waitMs: number, patience: WaitLimits, attempt: Attempt): Promise<ClientChannel> {
    const { alarm, openings } = this;
    let opening: Opening;
    const waiting = new BoundedWait<ClientChannel>(alarm, patience, () => openings.delete(opening));
    opening = {
      name,
      look: () => {
        openings.delete(opening);
        if (!waiting.isOver) attach();
      },
      fail: (error) => {
        openings.delete(opening);
        waiting.reject(error);
      },
    };
    let isLate = waitMs === 0;
    const attach = (): void =>
      attempt(waiting, (error) => {
        if (isLate || !(error instanceof NotFoundError)) waiting.reject(error);
        else openings.add(opening);
      });
    const end = (): void => {
      isLate = true;
      if (openings.delete(opening)) waiting.reject(new NotFoundError(`${name} within ${waitMs} ms`));
    };
    const due = isLate ? null : alarm.after(waitMs, end);
    try {
      attach();
      return await waiting.promise;
    } finally {
      alarm.cancel(due);
    }
  }

  /** There is a channel of that name now. */
  opened(name: string): void {
    for (const opening of this.openings) if (opening.name === name) opening.look();
  }

  end(error: Error): void {
    for (const opening of this.openings) opening.fail(error);
  }
}
