/** What a connection does about its losses: asks the next daemon for what it wants, and tells the application. */
import type { MovedEvent, ReconnectingEvent, ResumedEvent } from './events.js';
import type { ResumptionHost } from './resumption.js';
import type { ReturningDaemons } from './returning-daemons.js';
import type { ReturningMemberships } from './returning-memberships.js';

/** The connection, which tells the application. */
export interface ReturnEmitter {
  emit(event: 'reconnecting', what: ReconnectingEvent): boolean;
  emit(event: 'moved', what: MovedEvent): boolean;
  emit(event: 'resumed', what: ResumedEvent): boolean;
}

export const returnHost = (
  daemons: ReturningDaemons,
  memberships: ReturningMemberships,
  emitter: ReturnEmitter,
): ResumptionHost => ({
  reconnecting: (event) => void emitter.emit('reconnecting', event),
  moved: (event) => void emitter.emit('moved', event),
  resumed: (event) => void emitter.emit('resumed', event),
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
