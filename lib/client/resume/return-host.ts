/** What a connection does about its losses: asks the next daemon for what it wants, and tells the application. */
import type { Daemons } from '../incoming.js';
import type { Memberships } from '../memberships.js';
import type { MovedEvent, ReconnectingEvent, ResumedEvent } from './events.js';
import type { ResumptionHost } from './resumption.js';

/** What the application hears. */
interface ReturnEvents {
  reconnecting(event: ReconnectingEvent): void;
  moved(event: MovedEvent): void;
  resumed(event: ResumedEvent): void;
}

export const returnHost = (
  daemons: Daemons,
  memberships: Memberships,
  events: ReturnEvents,
): ResumptionHost => ({
  ...events,
  lost: (isMove) => memberships.lost(isMove),
  began: (next) => {
    daemons.ask(next, false);
    memberships.returned();
  },
  returned: (next, position, left) => {
    daemons.ask(next, true);
    return memberships.resumed(position, left);
  },
  replayed: () => memberships.back(),
  gaps: (isNew) => memberships.gaps(isNew),
});
