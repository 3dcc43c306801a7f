/** A stall in words. */
import type { FlushStall } from './port.js';

/** @param self who waits */
export const stallText = (self: string, { group, waitingFor }: FlushStall): string =>
  `${self} waits for a new view of ${group}: no flush from ${waitingFor.join(', ')} ` +
  `(stopped, or a member that does not use view synchrony)`;
