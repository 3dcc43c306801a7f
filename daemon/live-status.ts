/** The daemon's state as the monitor reads it. */
import { createHash } from 'node:crypto';
import { groupIdText } from '../lib/wire/group-id.js';
import { isGroupName, nameField, parsePrivateGroup } from '../lib/wire/name.js';
import { TOOLKIT_VERSION, versionText } from '../lib/wire/handshake/connect-request.js';
import type { Core } from './core/core.js';
import type { Engine } from './engine/port.js';
import type { GroupInfo, SessionInfo, DaemonStatus } from './monitor/status.js';
import { type CheckedOptions, engineOptionsOf } from './options.js';
import type { SessionServer } from './session/server.js';
import type { Session } from './session/session.js';

/** What the daemon knows of its addresses. */
interface Place {
  readonly name: string;
  readonly addresses: DaemonStatus['addresses'];
  readonly unixPath: string | null;
}

export class LiveStatus implements DaemonStatus {
  readonly version = versionText(TOOLKIT_VERSION);
  readonly started = Date.now();

  constructor(
    private readonly place: Place,
    private readonly theCore: Core,
    private readonly theEngine: Engine,
    private readonly server: SessionServer,
    private readonly options: () => CheckedOptions,
  ) {}

  get name(): string {
    return this.place.name;
  }

  get id(): number {
    return engineOptionsOf(this.options()).id >>> 0;
  }

  get configurationHash(): string {
    return createHash('sha256').update(JSON.stringify(this.options())).digest('hex');
  }

  get addresses(): DaemonStatus['addresses'] {
    return this.place.addresses;
  }

  get unixPath(): string | null {
    return this.place.unixPath;
  }

  get daemons(): readonly string[] {
    return this.theEngine.view?.members.map(({ name }) => name) ?? [];
  }

  get counters(): DaemonStatus['counters'] {
    return this.server.counters;
  }

  get core(): DaemonStatus['core'] {
    return this.theCore.counters;
  }

  get engine(): DaemonStatus['engine'] {
    return { kind: this.options().engine, ...this.theEngine.stats() };
  }

  get sessionCount(): number {
    return this.server.size;
  }

  get handshakes(): number {
    return this.server.handshakes;
  }

  get groupCount(): number {
    return this.theCore.groups.size;
  }

  get membershipCount(): number {
    return this.theCore.memberships;
  }

  get waitingBytes(): number {
    return this.server.waitingBytes;
  }

  get behindCount(): number {
    return this.server.behind;
  }

  sessions(): SessionInfo[] {
    return [...this.eachSession()];
  }

  groups(): GroupInfo[] {
    return [...this.eachGroup()];
  }

  *eachSession(): IterableIterator<SessionInfo> {
    for (const session of Array.from(this.server.values())) yield sessionInfo(session);
  }

  /** One that has vanished since the first was asked for is left out. */
  *eachGroup(): IterableIterator<GroupInfo> {
    for (const { name, id, members, local } of Array.from(this.theCore.groups.values())) {
      if (members.length === 0) continue;
      yield { name, id: groupIdText(id), members: members.length, local: local.length };
    }
  }

  members(group: string): string[] | null {
    if (!isGroupName(group)) return null;
    const found = this.theCore.groups.find(nameField(group), 0);
    return found?.members.map(({ privateGroup }) => privateGroup) ?? null;
  }
}

const sessionInfo = (session: Session): SessionInfo => ({
  number: session.id,
  id: session.name,
  name: parsePrivateGroup(session.name)?.name ?? '',
  from: session.peer.from,
  tls: session.peer.tls,
  principal: session.principal,
  version: session.version,
  membership: session.membership,
  groups: session.groups,
  since: session.since,
  messagesIn: session.messagesIn,
  bytesIn: session.bytesIn,
  messagesOut: session.messagesOut,
  bytesOut: session.bytesOut,
  waitingMessages: session.waitingMessages,
  waitingBytes: session.waitingBytes,
  held: session.heldBy,
});
