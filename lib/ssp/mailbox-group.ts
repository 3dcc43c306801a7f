/** One group of a secure mailbox: its member, and what of it the application has received [secure-groups 8]. */
import type { GroupMachine } from '../flush/core/machine.js';
import type { SecureEvent, SendRefusal } from '../secure/core/port.js';
import { type MemberKeys, SecureMember } from '../secure/member.js';
import type { Clock } from '../util/clock.js';
import {
  ENCRYPT_FAILED,
  GROUP_NOT_SECURE,
  ILLEGAL_GROUP,
  MESSAGE_TOO_LONG,
  NOT_ALLOWED_TO_SEND,
} from '../wire/codes.js';
import type { GroupId } from '../wire/group-id.js';
import {
  clearForm,
  dataForm,
  type Form,
  requestForm,
  selfLeaveForm,
  transitionForm,
  undecryptedForm,
  viewForm,
} from './secure-forms.js';
import type { SecureMailboxOptions } from './secure-options.js';
import type { KeyResult } from './secure-table.js';

/** What `SSP_get_key` exports: 32 bytes under this label. */
const KEY_LABEL = 'SSP_get_key';
const KEY_BYTES = 32;

/** Why the machine does not send, as the calls answer it. */
const REFUSALS: Readonly<Record<Exclude<SendRefusal, null>, number>> = {
  // It has left, and joins again.
  'not-joined': NOT_ALLOWED_TO_SEND,
  keying: NOT_ALLOWED_TO_SEND,
  flushed: NOT_ALLOWED_TO_SEND,
  outside: GROUP_NOT_SECURE,
  exhausted: ENCRYPT_FAILED,
  'too-long': MESSAGE_TOO_LONG,
};

/** What a group needs of its mailbox. */
export interface GroupHost {
  /** Id of the connection. */
  readonly self: string;
  /** That of the connection. */
  readonly clock: Clock;
  machine(group: string): GroupMachine<Promise<number>> | null;
  /** Answers a flush request. @returns what the connection answers */
  flush(group: string): Promise<number>;
  /** Asks the daemon. */
  requestLeave(group: string): void;
  requestJoin(group: string): void;
  /** Puts a message into the queue. */
  keep(form: Form): void;
  /** The group was left. */
  gone(group: string): void;
  /** Something may wait for the calls that receive. */
  handled(): void;
}

export class MailboxGroup {
  readonly member: SecureMember;
  isLeaving = false;
  /** Whether the flush layer has had a view. */
  private hasBegun = false;
  /** Views that the application has not received. */
  private unseenViews = 0;
  /** Whether the application has received a flush request and not answered it. */
  private isAsked = false;
  /** What the connection answered to the last flush. */
  private flushed: Promise<number> = Promise.resolve(0);
  /** Id of the last view that was handed out. */
  private viewId: GroupId = [0, 0, 0];

  constructor(
    readonly name: string,
    options: SecureMailboxOptions & { readonly takesClear: boolean },
    keys: MemberKeys,
    private readonly host: GroupHost,
  ) {
    this.member = new SecureMember(name, options, keys, {
      self: host.self,
      clock: host.clock,
      machine: () => host.machine(name),
      flush: () => {
        if (host.machine(name)?.flushRefusal() === 0) this.flushed = host.flush(name);
      },
      requestLeave: () => host.requestLeave(name),
      requestJoin: () => host.requestJoin(name),
      deliver: (event) => this.handOut(event),
      handled: () => host.handled(),
    });
  }

  /** Whether messages have a secure view to stand in. */
  get hasKey(): boolean {
    return this.member.machine.id !== null;
  }

  /** A view of the flush layer is about to be handed in. */
  begun(): void {
    this.hasBegun = true;
  }

  /** 0, or why nothing is sent to the group, whatever it is. */
  get groupRefusal(): number {
    return this.hasBegun && !this.isLeaving ? 0 : ILLEGAL_GROUP;
  }

  /** 0, or why this message cannot be sent now. */
  sendRefusal(service: number, bytes: number): number {
    const refusal = this.member.machine.sendRefusal(service, bytes);
    if (refusal !== null) return REFUSALS[refusal];
    // Nothing is sent to members that the application has not been shown.
    return this.unseenViews > 0 ? NOT_ALLOWED_TO_SEND : 0;
  }

  /** Answers the flush request that was received. @returns null when there is none */
  flush(): Promise<number> | null {
    if (!this.isAsked) return null;
    this.isAsked = false;
    return this.member.machine.flush() ? this.flushed : null;
  }

  /** The key for the application, of the view that it has received last. */
  key(): KeyResult {
    const key = this.unseenViews > 0 ? null : this.member.machine.exportKey(KEY_LABEL, KEY_BYTES);
    return key === null ? { ret: ILLEGAL_GROUP } : { ret: 0, key };
  }

  private handOut(event: SecureEvent): void {
    const form = this.formOf(event);
    if (form !== null) this.host.keep(form);
    if (event.kind === 'self-leave') this.host.gone(this.name);
  }

  /** @returns null for what is for the diagnostics channel alone */
  private formOf(event: SecureEvent): Form | null {
    const { name } = this;
    switch (event.kind) {
      case 'view':
        this.unseenViews++;
        this.isAsked = false;
        this.viewId = event.gid;
        return viewForm(name, event, () => this.unseenViews--);
      case 'data':
        return dataForm(event);
      case 'clear':
        return clearForm(event.frame);
      case 'decrypt-failed':
        return undecryptedForm(event);
      case 'transition':
        return transitionForm(name);
      case 'flush-request':
        return requestForm(name, () => {
          this.isAsked = true;
        });
      case 'self-leave':
        return selfLeaveForm(name, this.viewId, this.host.self);
      default:
        return null;
    }
  }
}
