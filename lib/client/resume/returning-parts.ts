/** The parts of a connection that comes back: made in the place of those of one that does not. */
import type { SelfLeaveEvent } from '../event.js';
import type { MembershipsHost } from '../memberships.js';
import { type ReturnEmitter, returnHost } from './return-host.js';
import type { NextDaemon, Resumption } from './resumption.js';
import { ReturningDaemons } from './returning-daemons.js';
import { ReturningMemberships } from './returning-memberships.js';

export class ReturningParts {
  private parts: {
    readonly daemons: ReturningDaemons;
    readonly memberships: ReturningMemberships;
  } | null = null;

  constructor(readonly resumption: Resumption) {}

  /** @param daemons what the daemons of the connection are made of */
  make(daemons: ConstructorParameters<typeof ReturningDaemons>, host: MembershipsHost) {
    return (this.parts = {
      daemons: new ReturningDaemons(...daemons),
      memberships: new ReturningMemberships(host),
    });
  }

  /** The connection is there, with these parts. */
  start(connection: ReturnEmitter): void {
    const { parts, resumption } = this;
    if (parts) resumption.start(returnHost(parts.daemons, parts.memberships, connection));
  }

  /** The last daemon was read to its end. @returns self-leaves to be handed out before what the next one brings */
  moveTo({ gap, overlap }: NextDaemon): SelfLeaveEvent[] {
    this.parts?.daemons.move(overlap);
    return this.parts?.memberships.continued(gap, this.resumption.awayMs) ?? [];
  }
}
