/**
 * Who gets a data message [session 5.1]: the local members of each group named, and the sessions named by
 * their private group; each one copy, with the destinations as sent.
 */
import type { Buffer } from 'node:buffer';
import { NAME_AT } from '../../lib/wire/header.js';
import { HEADER_BYTES, NAME_BYTES } from '../../lib/wire/limits.js';
import { SELF_DISCARD } from '../../lib/wire/service.js';
import type { Group, LocalSession } from './group.js';
import type { Groups } from './groups.js';
import type { Roster } from './roster.js';
import type { SessionRecords } from './session-records.js';

const HASH = '#'.charCodeAt(0);

export class Routing {
  private stamp = 0;
  /** Frames side by side with one and the same group as destination are delivered in one go. */
  private run: Group | null = null;
  private runBytes: Buffer | null = null;
  private runStart = 0;
  private runEnd = 0;
  private runMessages = 0;

  constructor(
    private readonly groups: Groups,
    private readonly roster: Roster,
    private readonly records: SessionRecords,
  ) {}

  /**
   * Routes the data frame `bytes[start, end)`, little-endian, as every frame in the order.
   * @param sender the session of this daemon that it is from, when it is known by more than the name in the frame
   */
  route(
    bytes: Buffer,
    start: number,
    end: number,
    service: number,
    destinations: number,
    sender?: LocalSession | null,
  ): void {
    const at = start + HEADER_BYTES;
    if (destinations === 1 && bytes[at] !== HASH && (service & SELF_DISCARD) === 0) {
      const group = this.groups.find(bytes, at);
      if (group) this.extend(group, bytes, start, end);
      return;
    }
    this.flush();
    if ((service & SELF_DISCARD) !== 0) this.discard(sender ?? this.sessionOf(bytes, start + NAME_AT));
    this.scatter(bytes, start, end, destinations);
  }

  /** Delivers what has been gathered; due before anything else is delivered and before a group changes. */
  flush(): void {
    const { run, runBytes } = this;
    if (run === null || runBytes === null) return;
    this.run = null;
    this.runBytes = null;
    run.messages += this.runMessages;
    for (const session of run.local) {
      if (!session.leaving) session.outlet.deliver(runBytes, this.runStart, this.runEnd, this.runMessages);
    }
  }

  private extend(group: Group, bytes: Buffer, start: number, end: number): void {
    if (this.run === group && this.runBytes === bytes && this.runEnd === start) {
      this.runEnd = end;
      this.runMessages++;
      return;
    }
    this.flush();
    this.run = group;
    this.runBytes = bytes;
    this.runStart = start;
    this.runEnd = end;
    this.runMessages = 1;
  }

  /** The next frame that is scattered does not come back to its sender. */
  private discard(sender: LocalSession | undefined): void {
    if (sender) sender.lastDeliveryId = this.stamp + 1;
  }

  private scatter(bytes: Buffer, start: number, end: number, destinations: number): void {
    const stamp = ++this.stamp;
    let at = start + HEADER_BYTES;
    for (let i = 0; i < destinations; i++, at += NAME_BYTES) {
      if (bytes[at] === HASH) {
        const session = this.sessionOf(bytes, at);
        if (session) once(session, stamp, bytes, start, end);
      } else {
        const group = this.groups.find(bytes, at);
        if (group) scatterTo(group, stamp, bytes, start, end);
      }
    }
  }

  /** The session of this daemon that the private group at `at` stands for; also one that had it before it moved. */
  private sessionOf(bytes: Buffer, at: number): LocalSession | undefined {
    return this.records.ofName(bytes, at)?.session ?? this.roster.find(bytes, at);
  }
}

function scatterTo(group: Group, stamp: number, bytes: Buffer, start: number, end: number): void {
  if (group.lastMessageId !== stamp) group.messages++;
  group.lastMessageId = stamp;
  for (const session of group.local) once(session, stamp, bytes, start, end);
}

function once(session: LocalSession, stamp: number, bytes: Buffer, start: number, end: number): void {
  if (session.lastDeliveryId === stamp || session.leaving) return;
  session.lastDeliveryId = stamp;
  session.outlet.deliver(bytes, start, end, 1);
}
