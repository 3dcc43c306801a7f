/** `#clock` without Node. */
import type { Clock, Timer } from './port.js';

/** The part of a port that receives, as the web has it. */
interface Receiver {
  onmessage: (() => void) | null;
}

/** Of a page nothing stays alive or ends by its timers. */
class SystemTimer implements Timer {
  constructor(private readonly timeout: ReturnType<typeof setTimeout>) {}

  cancel(): void {
    clearTimeout(this.timeout);
  }

  ref(): this {
    return this;
  }

  unref(): this {
    return this;
  }
}

/** What is to be called in the turns that were asked for, the oldest first. */
const turns: (() => void)[] = [];
/** There once a turn was asked for. A message to oneself comes after what has arrived, and hidden pages get it in time; timers are held back there. */
let channel: InstanceType<typeof MessageChannel> | null = null;

function soon(f: () => void): void {
  if (channel === null) {
    channel = new MessageChannel();
    // Starts the port, too.
    // oxlint-disable-next-line unicorn/prefer-add-event-listener
    (channel.port1 as unknown as Receiver).onmessage = () => turns.shift()?.();
  }
  turns.push(f);
  channel.port2.postMessage(null);
}

/** The one of the machine. */
export const systemClock: Clock = {
  timeOrigin: performance.timeOrigin,
  now: () => performance.now(),
  date: () => Date.now(),
  after: (milliseconds, f) => new SystemTimer(setTimeout(f, milliseconds)),
  soon,
};

/** Calls `f` in this turn, in its place among the promises: a page cannot wait for the last of them within a turn. */
export const afterPromises = (f: () => void): void => queueMicrotask(f);
