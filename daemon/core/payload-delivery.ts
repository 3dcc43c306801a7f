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
   */
  carryOut(payload: Buffer, index: number, daemon?: string): void {
    const { resumption, routing, counters, record } = this;
    const { sources } = resumption;
    record.payload(payload, daemon ?? senderOf(payload));
    if (resumption.isOn && resumption.records.size > 0) this.beginSources(payload, 0, index, daemon);
    let start = 0;
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
        if ((service & DAEMON_MESS) === 0) this.request(service, groups, payload, start);
        else this.daemonFrame(payload, start, end, index, daemon);
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
  }

  private beginSources(payload: Buffer, start: number, index: number, daemon?: string): void {
    const isWrong = this.resumption.sources.begin(payload, start, index, daemon ?? senderOf(payload));
    if (isWrong) this.counters.damaged++;
  }

  private request(service: number, groups: number, payload: Buffer, start: number): void {
    if (groups === 0 && (service & KILL_MESS) === 0) {
      this.counters.damaged++;
      return;
    }
    this.requests.deliver(service, payload, start, this.resumption.sources.owner?.sid);
  }

  /** Where a daemon of the view does not know of such frames, they do not count. */
  private daemonFrame(payload: Buffer, start: number, end: number, index: number, daemon?: string): void {
    const { resumption } = this;
    const kind = frameKind(payload, start);
    this.counters.ordered--;
    if (resumption.isOn) this.beginSources(payload, start, index, daemon);
    try {
      if (kind === DaemonKind.SUBJECT) this.requests.stated(readSubjectFrame(payload, start, end));
      else if (kind === DaemonKind.RETURN) this.requests.returned(readReturn(payload, start, end));
      else if (kind === DaemonKind.ALIAS_END) resumption.endAlias(readAliasEnd(payload, start));
    } catch (error) {
      if (!(error instanceof FrameFault)) throw error;
      this.counters.damaged++;
    }
  }
}
