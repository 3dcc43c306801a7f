/**
 * What one run of a daemon delivers for groups, in its place in the order and whoever listens: read where the core notes what
 * comes of each payload, and not from its ring.
 */
import { Buffer } from 'node:buffer';
import type { DeliveryRecord } from '../../../daemon/core/delivery-record.js';
import type { Group } from '../../../daemon/core/group.js';
import { checkDelivery, Delivery } from '../../../lib/wire/delivery.js';
import { type GroupId, groupIdText } from '../../../lib/wire/group-id.js';
import { NAME_BYTES } from '../../../lib/wire/limits.js';
import { writeName } from '../../../lib/wire/name.js';
import { DAEMON_MESS, ENDIAN_RESERVED, JOIN_MESS, KILL_MESS, LEAVE_MESS } from '../../../lib/wire/service.js';
import type { DaemonEntry, DaemonLog, ViewEntry } from '../../support/resume-checks/log.js';
import type { SimulatedDaemon } from '../daemon.js';

const NO_DATA = JOIN_MESS | LEAVE_MESS | KILL_MESS | DAEMON_MESS;

/** Names a view. Daemons that part can give one id to two views. */
export const gidOf = (id: GroupId, members: readonly string[]): string =>
  `${groupIdText(id)} ${members.join()}`;

/** A message to several groups has a place in each of them. */
export const messageIn = (group: string, body: Buffer): string => `${textOf(body)}@${group}`;

/** Bodies are a program, a number and padding. */
export const textOf = (body: Buffer): string => body.toString('latin1').split(' ', 2).join(' ');

type Watched = {
  -readonly [K in keyof DeliveryRecord]: DeliveryRecord[K];
};

export class RecordedDaemon implements DaemonLog {
  readonly entries: DaemonEntry[] = [];
  alive = true;
  /** Whether it has completed an exchange: before that it has no groups and no past. */
  hasState = false;
  /** Whether it knows what was ordered before it began: it has come to those who do. */
  knows = false;
  private bytes: Buffer | null = null;
  private frameAt = -1;

  constructor(
    readonly daemon: string,
    private readonly of: SimulatedDaemon,
    private readonly logOf: (daemon: string) => RecordedDaemon | undefined,
  ) {
    this.watch(of.core.record);
  }

  private watch(record: Watched): void {
    const before = <
      K extends 'payload' | 'frame' | 'dropped' | 'changed' | 'network' | 'done' | 'exchanged' | 'begin',
    >(
      name: K,
      see: (...args: Parameters<DeliveryRecord[K]>) => void,
    ): void => {
      const original = record[name].bind(record) as (...args: unknown[]) => unknown;
      record[name] = ((...args: Parameters<DeliveryRecord[K]>) => {
        see(...args);
        return original(...args);
      }) as never;
    };
    before('begin', (tag, _, past) => {
      if (this.hasState) this.entries.push({ kind: 'installed', tag: String(tag), past: String(past) });
    });
    before('payload', (bytes) => {
      this.bytes = bytes;
      this.frameAt = -1;
    });
    before('frame', (at) => {
      this.message();
      this.frameAt = at;
    });
    before('dropped', () => {
      this.frameAt = -1;
    });
    before('changed', (group, cause, member) => {
      this.message();
      this.view(group.name, group.id, cause, member.privateGroup, membersOf(group));
    });
    before('network', ({ group, id }) => {
      this.message();
      this.view(group, id, 'network', null, this.listOf(group));
    });
    before('done', () => {
      this.message();
      this.bytes = null;
    });
    before('exchanged', () => {
      this.message();
      this.exchanged();
    });
  }

  private exchanged(): void {
    const { core } = this.of;
    const tag = String(core.view?.tag ?? 0);
    if (!this.hasState) {
      for (const group of core.groups.values()) {
        const members = membersOf(group);
        this.entries.push({ kind: 'found', group: group.name, gid: gidOf(group.id, members), members });
      }
    }
    this.hasState = true;
    this.knows ||= core.view?.daemons.some((name) => this.logOf(name)?.knows) === true;
    this.entries.push({ kind: 'exchanged', tag });
  }

  /** The frame under way was delivered, if it is a message. */
  private message(): void {
    const { bytes, frameAt: at } = this;
    this.frameAt = -1;
    if (!this.hasState || bytes === null || at < 0) return;
    if ((bytes.readInt32LE(at) & ~ENDIAN_RESERVED & NO_DATA) !== 0) return;
    const frame = new Delivery(bytes, at, at + checkDelivery(bytes, at));
    for (const group of new Set(frame.names()))
      if (!group.startsWith('#'))
        this.entries.push({ kind: 'data', group, id: messageIn(group, frame.body) });
  }

  private view(
    group: string,
    id: GroupId,
    cause: ViewEntry['cause'],
    changed: string | null,
    members: readonly string[],
  ): void {
    if (this.hasState)
      this.entries.push({ kind: 'view', group, gid: gidOf(id, members), cause, changed, members });
  }

  private listOf(name: string): readonly string[] {
    const field = Buffer.alloc(NAME_BYTES);
    writeName(field, 0, name);
    const group = this.of.core.groups.find(field, 0);
    return group ? membersOf(group) : [];
  }
}

const membersOf = ({ members }: Group): readonly string[] =>
  members.chunks.flatMap(({ items }) => items.map(({ privateGroup }) => privateGroup));
