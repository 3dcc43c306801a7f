/**
 * Joins, leaves and disconnects in their place in the order. Those that come between a cut and the end of the exchange
 * behind it are put off ([daemon 2.7.4], the recommended way): nobody carries them out, each daemon keeps
 * those of its own sessions for its report, and all daemons carry them out behind the regular views of the exchange.
 */
import { Buffer } from 'node:buffer';
import { NAME_AT } from '../../lib/wire/header.js';
import { HEADER_BYTES, NAME_BYTES } from '../../lib/wire/limits.js';
import { parsePrivateGroup, readName } from '../../lib/wire/name.js';
import { JOIN_MESS, KILL_MESS, LEAVE_MESS } from '../../lib/wire/service.js';
import type { Admission, UnderWay } from './admission.js';
import type { CoreCounters } from './counters.js';
import type { GroupMembership } from './group-membership.js';
import type { Request } from './report.js';
import type { Roster } from './roster.js';

const NO_GROUP = Buffer.alloc(NAME_BYTES);
const REQUEST_COST = 4;

export class Requests {
  private kept: Request[] = [];
  private isHeld = true;
  /** Positions of the daemons in the view whose exchange was completed last. */
  private positions: ReadonlyMap<string, number> = new Map();

  constructor(
    private readonly roster: Roster,
    private readonly views: GroupMembership,
    private readonly underWay: UnderWay,
    private readonly counters: CoreCounters,
    private readonly admission: Admission,
  ) {}

  /** Requests of this daemon's sessions that wait, in order. */
  get waiting(): readonly Request[] {
    return this.kept;
  }

  /** From now on requests wait. */
  hold(): void {
    this.isHeld = true;
  }

  /** A request in its place in the order; it stands in `bytes` at `start`. */
  deliver(service: number, bytes: Buffer, start: number): void {
    const sender = bytes.subarray(start + NAME_AT, start + NAME_AT + NAME_BYTES);
    const groupAt = start + HEADER_BYTES;
    const isKill = (service & KILL_MESS) !== 0;
    const group = isKill ? NO_GROUP : bytes.subarray(groupAt, groupAt + NAME_BYTES);
    const kind = service & (JOIN_MESS | LEAVE_MESS | KILL_MESS);
    if (!this.isHeld) this.carryOut({ kind, sender, group });
    else if (this.roster.find(sender, 0)) this.keep({ kind, sender, group });
  }

  /**
   * The exchange of a daemon view is complete.
   * @param daemons names of the daemons in the view's order
   * @param requests those of all of them that waited
   * @yields units of work
   */
  *release(daemons: readonly string[], requests: readonly Request[]): Generator<number, void> {
    this.positions = new Map(daemons.map((name, position) => [name, position]));
    this.kept = [];
    this.isHeld = false;
    for (const request of requests) {
      this.carryOut(request);
      yield REQUEST_COST;
    }
  }

  /** The bytes it stands in are not kept. */
  private keep({ kind, sender, group }: Request): void {
    this.counters.deferred++;
    this.kept.push({ kind, sender: Buffer.from(sender), group: Buffer.from(group) });
  }

  private carryOut({ kind, sender, group }: Request): void {
    const name = readName(sender, 0);
    const session = this.roster.find(sender, 0) ?? null;
    if (session !== null) this.admission.carriedOut(session);
    if (kind === KILL_MESS) {
      this.views.disconnect(name);
      if (!session) return;
      this.admission.gone(session);
      this.roster.remove(session);
      session.outlet.close();
    } else if (kind === LEAVE_MESS) {
      this.views.leave(name, group);
    } else {
      const daemon = this.positions.get(parsePrivateGroup(name)?.daemon ?? '');
      if (session) this.underWay.arrived(group);
      if (daemon !== undefined) this.views.join(name, daemon, session, group);
    }
  }
}
