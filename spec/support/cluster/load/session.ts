/** One connection of a load client with the log that the checkers read. */
import type { ReceivedMessage } from '../../../../lib/mailbox/received-message.js';
import type { Mailbox } from '../../../../lib/mailbox/mailbox.js';
import { readTransition, readView } from '../../../../lib/mailbox/view.js';
import { groupIdText } from '../../../../lib/wire/group-id.js';
import { readMembershipBody, readVsSet } from '../../../../lib/wire/membership.js';
import { parsePrivateGroup } from '../../../../lib/wire/name.js';
import { AGREED_MESS, JOIN_MESS, LEAVE_MESS } from '../../../../lib/wire/service.js';
import type { Entry, SessionLog, ViewEntry } from '../../../../daemon/testing/checks/log.js';
import { bodyOf, idIn } from './body.js';
import { isIntruder } from './visitor.js';

export class LoadSession {
  readonly log: SessionLog;
  /** What no log can hold: bodies that were damaged. */
  readonly damages: string[] = [];
  /** Groups that it has asked for. */
  readonly groups = new Set<string>();
  private sent = 0;
  private heard = '';

  constructor(
    private readonly mailbox: Mailbox,
    number: number,
  ) {
    const { privateGroup, membership } = mailbox;
    const daemon = parsePrivateGroup(privateGroup)?.daemon ?? '';
    const session = `${privateGroup}~${number}`;
    this.log = { session, privateGroup, daemon, membership, entries: [], end: 'open' };
    void this.receive();
  }

  get isOpen(): boolean {
    return this.log.end === 'open';
  }

  join(group: string): void {
    this.groups.add(group);
    this.log.entries.push({ kind: 'join', group });
    void this.mailbox.send(JOIN_MESS, [group], 0, []);
  }

  leave(group: string): void {
    this.groups.delete(group);
    this.log.entries.push({ kind: 'leave', group });
    void this.mailbox.send(LEAVE_MESS, [group], 0, []);
  }

  /** Resolves when the kernel has the bytes. */
  async send(service: number, groups: readonly string[], filler: number): Promise<string> {
    const id = `${this.log.session}.${++this.sent}`;
    this.log.entries.push({ kind: 'send', id, groups, service });
    await this.mailbox.send(service, groups, 0, [bodyOf(id, filler)]);
    return id;
  }

  /** Sends itself a message, so that everything in front of it has arrived when that is heard. */
  async ask(): Promise<() => boolean> {
    const id = await this.send(AGREED_MESS, [this.log.privateGroup], 0);
    return () => this.heard === id || !this.isOpen;
  }

  async disconnect(): Promise<void> {
    this.log.entries.push({ kind: 'disconnect' });
    this.log.end = 'disconnected';
    await this.mailbox.disconnect();
  }

  kill(): void {
    this.log.end = 'killed';
    this.mailbox.kill();
  }

  /** The last view of each group that it is in. */
  get views(): Map<string, ViewEntry> {
    const views = new Map<string, ViewEntry>();
    for (const entry of this.log.entries) {
      if (entry.kind === 'view') views.set(entry.group, entry);
      else if (entry.kind === 'self-leave') views.delete(entry.group);
    }
    return views;
  }

  private async receive(): Promise<void> {
    const { mailbox, log } = this;
    while (mailbox.state === 'open') {
      for (let arrival = mailbox.take(); arrival && this.isOpen; arrival = mailbox.take()) {
        const isForeign = arrival.kind === 'data' && isIntruder(arrival.name);
        if (!isForeign) log.entries.push(this.entryOf(arrival));
      }
      await mailbox.wait();
    }
    if (this.isOpen) log.end = 'closed';
  }

  private entryOf(arrival: ReceivedMessage): Entry {
    const { kind, name, body, service } = arrival;
    if (kind === 'self-leave') return { kind, group: name };
    if (kind === 'transition') return { kind, group: name, gid: groupIdText(readTransition(arrival)) };
    if (kind === 'view') return this.viewOf(arrival);
    const id = idIn(body);
    if (id === null) this.damages.push(`${this.log.session} got a damaged body of ${name}`);
    else this.heard = name === this.log.privateGroup ? id : this.heard;
    return { kind: 'data', id: id ?? '', sender: name, groups: arrival.names(), service };
  }

  private viewOf(arrival: ReceivedMessage): ViewEntry {
    const { body, little } = arrival;
    const { group, id, cause, members } = readView(arrival, this.log.privateGroup);
    const { sets, ownSet } = readMembershipBody(body, 0, body.length, little);
    const names = sets.map((set) => readVsSet(body, 0, set));
    const changed = cause === 'network' ? null : (names[0]?.[0] ?? '');
    return { kind: 'view', group, gid: groupIdText(id), cause, changed, members, sets: names, own: ownSet };
  }
}
