/** The daemon's state as the monitor reads it. */
import { createHash } from 'node:crypto';
import { groupIdText } from '../lib/wire/group-id.js';
import { isGroupName, nameField, parsePrivateGroup } from '../lib/wire/name.js';
import { TOOLKIT_VERSION, versionText } from '../lib/wire/version.js';
import type { Core } from './core/core.js';
import type { Group } from './core/group.js';
import type { Engine, View } from './engine/port.js';
import type { DaemonStatus, DaemonViewInfo, GroupInfo, SessionInfo, StatusEvent } from './monitor/status.js';
import { type CheckedOptions, engineOptionsOf } from './options.js';
import type { SessionWatcher } from './session/context.js';
import type { EndReason } from './session/end-reason.js';
import type { SessionServer } from './session/server.js';
import type { Session } from './session/session.js';

/** What the daemon knows of its addresses. */
interface Place {
  readonly name: string;
  readonly addresses: DaemonStatus['addresses'];
  readonly unixPath: string | null;
  readonly webSockets: number;
}

export class LiveStatus implements DaemonStatus {
  readonly version = versionText(TOOLKIT_VERSION);
  readonly started = Date.now();
  private readonly listeners = new Set<(event: StatusEvent) => void>();

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

  get webSocketCount(): number {
    return this.place.webSockets;
  }

  get daemons(): readonly string[] {
    return this.theEngine.view?.members.map(({ name }) => name) ?? [];
  }

  get view(): DaemonViewInfo | null {
    const { view } = this.theEngine;
    return view && viewInfo(view);
  }

  get limits(): DaemonStatus['limits'] {
    return this.server.limits;
  }

  get isDraining(): boolean {
    return this.server.moves.isDraining;
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

  get resume(): DaemonStatus['resume'] {
    const { record, resumption } = this.theCore;
    return {
      bufferBytes: record.ring?.bytes ?? 0,
      sessions: resumption.records.size,
      replays: this.server.attachments.replays.size,
    };
  }

  get sessionCount(): number {
    return this.server.size;
  }

  get heldCount(): number {
    return this.server.attachments.parking.size;
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
    for (const group of Array.from(this.theCore.groups.values())) {
      if (group.members.length > 0) yield groupInfo(group);
    }
  }

  members(group: string): string[] | null {
    return (
      this.find(group)
        ?.members.toArray()
        .map(({ privateGroup }) => privateGroup) ?? null
    );
  }

  group(name: string, most: number): ReturnType<DaemonStatus['group']> {
    const group = this.find(name);
    if (group === undefined) return null;
    const memberIds: string[] = [];
    for (const { privateGroup } of group.members) {
      if (memberIds.length >= most) break;
      memberIds.push(privateGroup);
    }
    return { ...groupInfo(group), memberIds };
  }

  heaviest(most: number): SessionInfo[] {
    const found: Session[] = [];
    for (const session of this.server.total.values()) {
      if (found.length < most) found.push(session);
      else if (!isHeavier(session, found[most - 1])) continue;
      else found[most - 1] = session;
      for (let at = found.length - 1; at > 0 && isHeavier(found[at], found[at - 1]); at--) {
        [found[at - 1], found[at]] = [found[at] as Session, found[at - 1] as Session];
      }
    }
    const heavy = new Set(found);
    for (const session of this.server.values()) {
      if (heavy.size >= most) break;
      heavy.add(session);
    }
    return Array.from(heavy, sessionInfo);
  }

  session(number: number): ReturnType<DaemonStatus['session']> {
    for (const session of this.server.values()) {
      if (session.id !== number) continue;
      const groups = session.local?.member?.groups ?? [];
      return { ...sessionInfo(session), groupNames: Array.from(groups, ({ name }) => name).toSorted() };
    }
    return null;
  }

  watch(listener: (event: StatusEvent) => void): () => void {
    this.listeners.add(listener);
    this.attend();
    return () => {
      this.listeners.delete(listener);
      this.attend();
    };
  }

  /** A new daemon view. */
  installed(view: View): void {
    if (this.listeners.size > 0) this.tell({ kind: 'daemon-view', ...viewInfo(view) });
  }

  /** New options are in force. */
  reloaded(): void {
    this.tell({ kind: 'reload' });
  }

  private find(group: string): Group | undefined {
    return isGroupName(group) ? this.theCore.groups.find(nameField(group), 0) : undefined;
  }

  private tell(event: StatusEvent): void {
    for (const listener of this.listeners) listener(event);
  }

  /** Core and sessions tell nothing that nobody wants to know. */
  private attend(): void {
    const isWanted = this.listeners.size > 0;
    this.theCore.views.watcher = isWanted
      ? ({ id, ...view }) => this.tell({ kind: 'view', gid: groupIdText(id), ...view })
      : null;
    this.server.watcher = isWanted ? this.sessionWatcher : null;
  }

  private readonly sessionWatcher: SessionWatcher = {
    ended: ({ name: id, peer: { from }, local }, reason, detail = '') => {
      if (local !== null) this.tell({ kind: 'session-ended', id, from, reason, detail });
      else if (REFUSALS.has(reason)) this.tell({ kind: 'refused', from, reason: detail || reason });
    },
    refused: (from, reason) => this.tell({ kind: 'refused', from, reason }),
  };
}

/** Reasons for which a connection ends before it is a session, beside those of its client. */
const REFUSALS: ReadonlySet<string> = new Set<EndReason>([
  'rejected',
  'handshake-timeout',
  'handshake-crowded',
]);

const isHeavier = (session: Session | undefined, other: Session | undefined): boolean =>
  (session?.waitingBytes ?? 0) > (other?.waitingBytes ?? 0);

const namesOf = (daemons: View['members']): string[] => daemons.map(({ name }) => name);

const viewInfo = ({ id, members, sets }: View): DaemonViewInfo => ({
  id: id.text,
  daemons: namesOf(members),
  sets: sets.map(namesOf),
});

const groupInfo = ({ name, id, members, local, messages }: Group): GroupInfo => ({
  name,
  id: groupIdText(id),
  members: members.length,
  local: local.length,
  messages,
});

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
