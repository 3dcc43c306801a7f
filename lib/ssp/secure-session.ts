/**
 * One connection of the SSP calls whose groups are secure [secure-groups 8]. Loaded with the first of them: a program without
 * any loads no cryptography.
 */
import { Buffer } from 'node:buffer';
import { IllegalParamError } from '../errors.js';
import type { FlushData, FlushStall } from '../flush/core/port.js';
import { reportSecure } from '../mailbox/diagnostics.js';
import type { Mailbox } from '../mailbox/mailbox.js';
import { SECURE_TYPE } from '../secure/core/limits.js';
import { memberKeys, type MemberKeys } from '../secure/member.js';
import {
  BUFFER_TOO_SHORT,
  CONNECTION_CLOSED,
  FLUSH_OK_ALREADY_SENT,
  GROUP_NOT_SECURE,
  ILLEGAL_GROUP,
  ILLEGAL_MESSAGE,
  ILLEGAL_MESSAGE_TYPE,
  ILLEGAL_PARAM,
  ILLEGAL_SERVICE,
  INVALID_PARAM,
  WOULD_BLOCK,
} from '../wire/codes.js';
import { isMessType } from '../wire/header.js';
import { isGroupName } from '../wire/name.js';
import { CAUSED_BY_JOIN, DONT_BLOCK, ENCRYPT_MESS, REGULAR_MESS, SELF_DISCARD } from '../wire/service.js';
import { FlushMailbox, type FlushMessageEvent, type QueueLimits, type Refusal } from './flush-mailbox.js';
import { type GroupHost, MailboxGroup } from './mailbox-group.js';
import { sspLoss } from './mailbox-table.js';
import { bytesOf } from './receive-buffer.js';
import { type CallArguments, now, type SspReceiveResult } from './receive-call.js';
import { clearForm, type Form, MALFORMED, type Malformed, refusalForm } from './secure-forms.js';
import type { SecureMailboxOptions } from './secure-options.js';
import { type KeyResult, leaveSecure, type SecureMailbox } from './secure-table.js';
import { isMissing, isOneService } from './send-call.js';

/** What goes out of the service of a caller. */
const SERVICE_BITS = REGULAR_MESS | SELF_DISCARD;

let hasWarned = false;

/** Tells once in a process what `clear` means. */
function warnOfClear(): void {
  if (hasWarned) return;
  hasWarned = true;
  process.emitWarning(
    "clear: 'as-2.1' sends and hands out messages that are not encrypted: anybody on the way reads and makes them",
    'SspSecureWarning',
  );
}

/** @returns ILLEGAL_PARAM when keys, list or certificates are none */
export function keysOf(secure: SecureMailboxOptions): MemberKeys | number {
  try {
    return memberKeys(secure);
  } catch (error) {
    if (error instanceof IllegalParamError) return ILLEGAL_PARAM;
    throw error;
  }
}

export class SecureSession extends FlushMailbox<Form | Malformed> implements SecureMailbox {
  private readonly joined = new Map<string, MailboxGroup>();
  /** Groups that the message which is being taken in has come to. */
  private readonly touched = new Set<MailboxGroup>();
  private readonly takesClear: boolean;
  private readonly groupHost: GroupHost;

  constructor(
    private readonly mbox: number,
    mailbox: Mailbox,
    private readonly options: SecureMailboxOptions,
    private readonly keys: MemberKeys,
    limits: QueueLimits,
  ) {
    super(mailbox, limits);
    this.takesClear = options.clear === 'as-2.1';
    this.groupHost = this.newGroupHost();
    if (this.takesClear) warnOfClear();
    this.start();
  }

  /** The group of this name, if it is joined, or being joined or left. */
  group(name: string): MailboxGroup | undefined {
    return this.joined.get(name);
  }

  // Coming and going.

  async joinGroup(group: unknown): Promise<number> {
    if (isMissing(group)) return INVALID_PARAM;
    if (typeof group !== 'string' || !isGroupName(group)) return ILLEGAL_GROUP;
    if (!this.isOpen) return CONNECTION_CLOSED;
    if (this.layer.join(group) !== 0) return ILLEGAL_GROUP;
    const options = { ...this.options, takesClear: this.takesClear };
    this.joined.set(group, new MailboxGroup(group, options, this.keys, this.groupHost));
    return await codeOf(this.join(group), 0);
  }

  async leaveGroup(group: unknown): Promise<number> {
    if (isMissing(group)) return INVALID_PARAM;
    const left = this.present(group);
    if (left === undefined) return ILLEGAL_GROUP;
    if (!this.isOpen) return CONNECTION_CLOSED;
    left.isLeaving = true;
    // It may be leaving to come back: then the daemon knows already.
    if (left.member.leaving()) return 0;
    return await codeOf(this.leave(left.name), 0);
  }

  async flushGroup(group: unknown): Promise<number> {
    if (isMissing(group)) return INVALID_PARAM;
    const flushed = this.present(group);
    if (flushed === undefined) return ILLEGAL_GROUP;
    if (!this.isOpen) return CONNECTION_CLOSED;
    const answer = flushed.flush();
    return answer === null ? FLUSH_OK_ALREADY_SENT : await codeOf(answer, 0);
  }

  keyOf(group: unknown): KeyResult {
    if (isMissing(group)) return { ret: INVALID_PARAM };
    return this.present(group)?.key() ?? { ret: ILLEGAL_GROUP };
  }

  // Sending.

  /** The faults in the order of Secure Spread: of the arguments, of the group, and then of its state. */
  async multicast(
    service: unknown,
    group: unknown,
    messType: unknown,
    data: readonly Uint8Array[] | number,
  ): Promise<number> {
    if (isMissing(service) || isMissing(group) || isMissing(messType)) return INVALID_PARAM;
    if (typeof data === 'number') return data;
    if (typeof service !== 'number') return ILLEGAL_SERVICE;
    if (typeof messType !== 'number') return ILLEGAL_MESSAGE_TYPE;
    if (messType <= SECURE_TYPE) return ILLEGAL_MESSAGE;
    if (!isMessType(messType)) return ILLEGAL_MESSAGE_TYPE;
    const to = this.present(group);
    if (to === undefined || to.groupRefusal !== 0) return ILLEGAL_GROUP;
    if (!isOneService(service)) return ILLEGAL_SERVICE;
    const isEncrypted = (service & ENCRYPT_MESS) !== 0;
    if (!isEncrypted && !this.takesClear) return GROUP_NOT_SECURE;
    if (!this.isOpen) return CONNECTION_CLOSED;
    const bytes = bytesOf(data);
    const refusal = to.sendRefusal(service, bytes);
    if (refusal !== 0) return refusal;
    const word = service & SERVICE_BITS;
    const sent = isEncrypted
      ? to.member.send(word, messType, wholeOf(data), null)
      : this.layer.machine(to.name)?.send({ service: word, type: messType, pieces: data });
    return await codeOf(sent, bytes);
  }

  // Receiving.

  async receive(call: CallArguments): Promise<SspReceiveResult> {
    const attempt = (): SspReceiveResult | undefined => this.next(call);
    const answer =
      (call.flags & DONT_BLOCK) === 0
        ? await this.answer(attempt, call.signal)
        : await now(attempt, this.clock);
    return answer ?? { ret: WOULD_BLOCK, more_messes: 0 };
  }

  override async close(): Promise<void> {
    leaveSecure(this.mbox);
    this.lost();
    await super.close();
  }

  override kill(): void {
    leaveSecure(this.mbox);
    this.lost();
    super.kill();
  }

  // What the flush layer hands out.

  protected override delivered(event: FlushMessageEvent): void {
    if (event.kind === 'data') return this.dataDelivered(event);
    const group = this.joined.get(event.group);
    if (event.kind === 'view' && group) {
      group.begun();
      // It was left before its first view.
      if (group.isLeaving) this.layer.machine(event.group)?.leave();
    }
    this.handIn(group, event);
  }

  protected override stalled({ group, waitingFor }: FlushStall): void {
    this.joined.get(group)?.member.stalledFlush(waitingFor);
  }

  protected override refused(refusal: Refusal): void {
    const { service, groups, type } = refusal;
    const [group = ''] = groups;
    if ((service & CAUSED_BY_JOIN) !== 0 && !this.layer.has(group)) this.forget(group);
    this.keep(refusalForm(refusal, type <= SECURE_TYPE));
  }

  protected override malformed(): void {
    this.keep(MALFORMED);
  }

  protected override taken(): void {
    for (const { member } of this.touched) member.settle();
    this.touched.clear();
  }

  protected override lost(): void {
    for (const { member } of this.joined.values()) member.end();
  }

  protected override isAgreeing(group: string): boolean {
    return super.isAgreeing(group) || this.joined.get(group)?.member.isAgreeing === true;
  }

  private dataDelivered(event: FlushData): void {
    const { inGroups, sender } = event;
    const isClear = event.type > SECURE_TYPE;
    if (inGroups.length === 0) {
      // Private, so in clear.
      if (isClear && this.takesClear) this.keep(clearForm(event));
      else this.reportClear(sender);
    } else if (isClear && this.takesClear) {
      // One message, whatever number of groups it was sent to.
      const place = inGroups.find((group) => this.joined.get(group)?.hasKey) ?? inGroups[0] ?? '';
      this.handIn(this.joined.get(place), event);
    } else for (const group of inGroups) this.handIn(this.joined.get(group), event);
  }

  private handIn(group: MailboxGroup | undefined, event: FlushMessageEvent): void {
    if (group === undefined) return;
    this.touched.add(group);
    group.member.event(event);
  }

  private reportClear(sender: string): void {
    const id = this.mailbox.privateGroup;
    reportSecure({ id, group: id, event: 'tampering', reason: 'clear', sender, names: [], count: 1 });
  }

  // Inside.

  private get isOpen(): boolean {
    return this.mailbox.state === 'open';
  }

  /** The group of this name, unless it is not joined here or is being left. */
  private present(group: unknown): MailboxGroup | undefined {
    const found = typeof group === 'string' ? this.group(group) : undefined;
    return found?.isLeaving === true ? undefined : found;
  }

  private newGroupHost(): GroupHost {
    return {
      self: this.mailbox.privateGroup,
      clock: this.clock,
      machine: (group) => this.layer.machine(group),
      flush: (group) => this.flush(group),
      requestLeave: (group) => void this.leave(group),
      requestJoin: (group) => {
        this.layer.join(group);
        void this.join(group);
      },
      keep: (form) => this.keep(form),
      gone: (group) => this.forget(group),
      handled: () => this.drain(),
    };
  }

  private forget(group: string): void {
    this.joined.get(group)?.member.end();
    this.joined.delete(group);
  }

  /** Hands out one message; undefined when there is none and the connection is open. */
  private next({ room, maxGroups, groups: names }: CallArguments): SspReceiveResult | undefined {
    const form = this.take();
    if (form === undefined) {
      const ret = sspLoss(this.mailbox, this.mbox);
      if (ret === CONNECTION_CLOSED) leaveSecure(this.mbox);
      return ret === 0 ? undefined : { ret };
    }
    if (form.kind === 'malformed') return { ret: form.error, more_messes: this.waiting };
    form.seen?.();
    const { service, sender, groups, type, mismatch, body, membership } = form;
    room.fill(body);
    const stored = groups.slice(0, maxGroups);
    if (names !== undefined) for (const [i, name] of stored.entries()) names[i] = name;
    return {
      ret: form.error ?? (body.length > room.bytes ? BUFFER_TOO_SHORT : body.length),
      service_type: service,
      sender,
      num_groups: groups.length > maxGroups ? 0 - groups.length : groups.length,
      groups: stored,
      mess_type: type,
      endian_mismatch: mismatch,
      more_messes: this.waiting,
      full_length: body.length,
      ...(membership && { membership }),
    };
  }
}

/** The pieces as one, which encryption wants; not copied where there is one. */
const wholeOf = (data: readonly Uint8Array[]): Uint8Array =>
  data.length === 1 ? (data[0] as Uint8Array) : Buffer.concat(data);

/** The answer of a call whose bytes have left, or have not. */
const codeOf = async (sent: Promise<number> | undefined, answer: number): Promise<number> =>
  sent === undefined || (await sent) < 0 ? CONNECTION_CLOSED : answer;
