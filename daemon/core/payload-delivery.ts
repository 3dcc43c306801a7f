/**
 * Carries out a payload that has come in its place in the order, frame by frame: messages go to their receivers, requests
 * change the groups, frames of daemons say what becomes of resumable sessions.
 */
import type { Buffer } from 'node:buffer';
import { readAliasEnd, readReturn, readSubjectFrame } from '../../lib/wire/extension/daemon-frames.js';
import { DaemonKind, frameKind } from '../../lib/wire/extension/frame.js';
import { FrameFault } from '../../lib/wire/fault.js';
import { NUM_GROUPS_AT } from '../../lib/wire/header.js';
import {
  DAEMON_MESS,
  ENDIAN_RESERVED,
  JOIN_MESS,
  KILL_MESS,
  LEAVE_MESS,
  SELF_DISCARD,
} from '../../lib/wire/service.js';
import type { CoreCounters } from './counters.js';
import type { DeliveryRecord } from './delivery-record.js';
import { endOfFrame, senderOf } from './payload.js';
import type { GroupMembership } from './group-membership.js';
import type { Requests } from './requests.js';
import type { Resumption } from './resumption.js';
import type { Routing } from './routing.js';

const NO_DATA = JOIN_MESS | LEAVE_MESS | KILL_MESS | DAEMON_MESS;

export class PayloadDelivery {
  /** Where the next frame stands in the payload that is being carried out. */
  private at = 0;

  constructor(
    private readonly routing: Routing,
    private readonly requests: Requests,
    private readonly views: GroupMembership,
    private readonly resumption: Resumption,
    private readonly counters: CoreCounters,
    private readonly record: DeliveryRecord,
  ) {}

  /**
   * @param index place of the payload in the view
   * @param daemon that sent it; without it the one of its first frame
   * @returns what is left to be done of it before anything else is delivered; null for nothing
   */
  carryOut(payload: Buffer, index: number, daemon?: string): Generator<number, void> | null {
    const { resumption } = this;
    this.record.payload(payload, daemon ?? senderOf(payload));
    if (resumption.isOn && resumption.records.size > 0) this.beginSources(payload, 0, index, daemon);
    this.at = 0;
    const work = this.frames(payload, index, daemon);
    return work && this.inPieces(work, payload, index, daemon);
  }

  /** One request after the other that takes long, and the frames between them. */
  private *inPieces(
    first: Generator<number, void>,
    payload: Buffer,
    index: number,
    daemon?: string,
  ): Generator<number, void> {
    for (let work: typeof first | null = first; work !== null; work = this.frames(payload, index, daemon))
      yield* work;
  }

  /**
   * Carries out the frames of the payload from the next one on.
   * @returns what is to be done of one of them before those behind it; null when all are carried out
   */
  private frames(payload: Buffer, index: number, daemon?: string): Generator<number, void> | null {
    const { resumption, routing, counters, record } = this;
    const { sources } = resumption;
    let start = this.at;
    while (start < payload.length) {
      const end = endOfFrame(payload, start);
      if (end < 0) {
        counters.damaged++;
        break;
      }
      const service = payload.readInt32LE(start) & ~ENDIAN_RESERVED;
      const groups = payload.readInt32LE(start + NUM_GROUPS_AT);
      const isRepeat = sources.isRepeat(start, end);
      counters.ordered++;
      record.frame(start);
      if ((service & NO_DATA) !== 0) {
        routing.flush();
        const isDaemons = (service & DAEMON_MESS) !== 0;
        const work = isDaemons
          ? this.daemonFrame(payload, start, end, index, daemon)
          : this.request(service, groups, payload, start);
        this.at = end;
        if (work !== null) return work;
      } else if (isRepeat) {
        counters.repeats++;
        record.dropped();
      } else {
        const { owner } = sources;
        if (owner && (service & SELF_DISCARD) !== 0) record.discarded(owner.sid);
        this.views.closeRun();
        routing.route(payload, start, end, service, groups, owner?.session);
      }
      start = end;
    }
    routing.flush();
    sources.end();
    record.done();
    return null;
  }

  private beginSources(payload: Buffer, start: number, index: number, daemon?: string): void {
    const isWrong = this.resumption.sources.begin(payload, start, index, daemon ?? senderOf(payload));
    if (isWrong) this.counters.damaged++;
  }

  private request(
    service: number,
    groups: number,
    payload: Buffer,
    start: number,
  ): Generator<number, void> | null {
    if (groups === 0 && (service & KILL_MESS) === 0) {
      this.counters.damaged++;
      return null;
    }
    return this.requests.deliver(service, payload, start, this.resumption.sources.owner?.sid);
  }

  /** Where a daemon of the view does not know of such frames, they do not count. */
  private daemonFrame(
    payload: Buffer,
    start: number,
    end: number,
    index: number,
    daemon?: string,
  ): Generator<number, void> | null {
    const { resumption } = this;
    const kind = frameKind(payload, start);
    this.counters.ordered--;
    if (resumption.isOn) this.beginSources(payload, start, index, daemon);
    try {
      if (kind === DaemonKind.SUBJECT) this.requests.stated(readSubjectFrame(payload, start, end));
      else if (kind === DaemonKind.RETURN) return this.requests.returned(readReturn(payload, start, end));
      else if (kind === DaemonKind.ALIAS_END) resumption.endAlias(readAliasEnd(payload, start));
    } catch (error) {
      if (!(error instanceof FrameFault)) throw error;
      this.counters.damaged++;
    }
    return null;
  }
}
