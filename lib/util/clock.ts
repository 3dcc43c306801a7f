/** The clock as code sees it that needs no other: specs and simulators pass a clock of their own. */
import type { Clock } from './clock/port.js';

export type { Clock, Timer, TimerClock } from './clock/port.js';
export { afterPromises, systemClock } from '#clock';

/** Lets the sockets have their turn. */
export const turn = (clock: Pick<Clock, 'soon'>): Promise<void> =>
  new Promise((resolve) => clock.soon(resolve));
