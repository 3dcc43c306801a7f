/**
 * A group that has outgrown whole views: members of this daemon that get those leave it. Their leaves have a place in the
 * order as all others, so they see the views up to there and nobody sees a list that is cut.
 */
import type { Admission } from './admission.js';
import type { CoreCounters } from './counters.js';
import type { Group, LocalSession } from './group.js';

export class Outgrown {
  /** Called with the number of sessions that leave. */
  onLeaving: (group: Group, sessions: number) => void = () => undefined;

  /** @param order orders a leave of the session */
  constructor(
    private readonly admission: Admission,
    private readonly counters: CoreCounters,
    private readonly order: (session: LocalSession, group: string) => void,
  ) {}

  leave(group: Group): void {
    const leaving = (group.outgrown ??= new Set());
    let sessions = 0;
    for (const session of group.local) {
      if (!session.getsWhole || session.leaving || leaving.has(session)) continue;
      leaving.add(session);
      sessions++;
      this.admission.begin(session, group.name, group, false);
      this.order(session, group.name);
    }
    if (sessions === 0) return;
    this.counters.outgrown += sessions;
    this.onLeaving(group, sessions);
  }
}
