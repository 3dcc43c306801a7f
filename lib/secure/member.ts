/**
 * This process as a member of one secure group, below both APIs: the machine with node:crypto, the clock of its
 * connection, the answers of the application, and the flush layer under it. An API gives its form to what is handed out. Loaded
 * with the first secure group: a program without one loads no cryptography.
 */
import { Buffer } from 'node:buffer';
import type { KeyObject } from 'node:crypto';
import type { GroupMachine } from '../flush/core/machine.js';
import type { FlushEvent, FlushStall } from '../flush/core/port.js';
import { reportSecure } from '../mailbox/diagnostics.js';
import type { Clock } from '../util/clock.js';
import { DeadlineTimer } from '../util/deadline-timer.js';
import { equalGroupIds, type GroupId } from '../wire/group-id.js';
import { type Judge, judgeOf } from './authorize.js';
import type { Authorization } from './core/agreement.js';
import { SECURE_TYPE } from './core/limits.js';
import { SecureMachine } from './core/machine.js';
import type { AuthorizationRequest, Dropped, SecureEvent, SecureSink } from './core/port.js';
import { importIdentity } from './identity.js';
import { nodeProvider, pairOf, publicBytes } from './node-provider.js';
import type { SecureMemberOptions } from './options.js';

const SEAL_AFTER_MS = 2_000;
const REKEY_AFTER_MS = 3_600_000;
const STALL_FACTOR = 5;

/** What a member needs of its connection. */
export interface MemberHost {
  /** Id of the connection. */
  readonly self: string;
  /** That of the connection. */
  readonly clock: Clock;
  /** The flush layer of the group; null without a view. */
  machine(): GroupMachine<Promise<number>> | null;
  /** Answers a flush request. */
  flush(): void;
  /** Asks the daemon to leave, and later to join, while the application stays a member. */
  requestLeave(): void;
  requestJoin(): void;
  deliver(event: SecureEvent): void;
  /** An input has been handled: the state may be another one. */
  handled(): void;
}

/** What the options of a member amount to when they are read: one of them may be no key. */
export interface MemberKeys {
  readonly judge: Judge;
  readonly privateKey: KeyObject;
}

/** @throws IllegalParamError when keys, list or certificates are none */
export const memberKeys = (options: SecureMemberOptions): MemberKeys => ({
  judge: judgeOf(options),
  privateKey: importIdentity(options.identity.privateKey).privateKey,
});

const NO: Authorization = { isAllowed: false, notAfter: Infinity };

export class SecureMember implements SecureSink {
  readonly machine: SecureMachine;
  private readonly timer: DeadlineTimer;
  private isLeaving = false;
  private isComingBack = false;
  private isOver = false;
  /** When that view came. */
  private flushedAt = 0;
  /** What the connection answered to the message that is being sent. */
  private sent: Promise<number> = Promise.resolve(0);
  /** Whether something has come that time or sends may depend on: all but messages for the application. */
  private isTouched = false;
  /** Whether the message that is being taken is one for the application. */
  private isHandedOut = false;

  constructor(
    readonly group: string,
    options: SecureMemberOptions & { readonly takesClear?: boolean },
    private readonly keys: MemberKeys,
    private readonly host: MemberHost,
  ) {
    const { sealAfterMs = SEAL_AFTER_MS, rekeyAfterMs = REKEY_AFTER_MS, rejoin = true } = options;
    const { stalledAfterMs = STALL_FACTOR * sealAfterMs, credential = Buffer.alloc(0) } = options;
    this.machine = new SecureMachine(
      nodeProvider,
      {
        group,
        self: host.self,
        mode: options.authenticity ?? 'group',
        identity: pairOf(keys.privateKey),
        credential,
        ownNotAfter: options.authority === undefined ? Infinity : this.ownNotAfter(credential),
        isManual: options.flush === 'manual',
        rejoins: rejoin,
        sealAfterMs,
        rekeyAfterMs,
        stalledAfterMs,
        takesClear: options.takesClear === true,
      },
      this,
    );
    const { machine } = this;
    this.timer = new DeadlineTimer(
      host.clock,
      { dueAt: () => machine.dueAt, ring: () => this.input(() => machine.tick(host.clock.now())) },
      false,
    );
  }

  /**
   * Whether the members wait for what this one takes in by itself: then a slow reader must not hold up the key. Not for one
   * that was reported to take too long, and may never come.
   */
  get isAgreeing(): boolean {
    return this.machine.isAgreeing;
  }

  // What the application does.

  /** Encrypts and sends. Only where `sendRefusal` of the machine is null. @returns the answer of the connection */
  send(
    service: number,
    type: number,
    body: Uint8Array,
    receivers: readonly string[] | null,
  ): Promise<number> {
    this.machine.send(service, type, body, receivers);
    return this.sent;
  }

  rekey(): void {
    this.input(() => this.machine.rekey());
  }

  /** The application leaves: the self-leave is for it. @returns whether the daemon has been asked to leave already */
  leaving(): boolean {
    this.isLeaving = true;
    this.machine.leaving();
    return this.isComingBack;
  }

  /** The group was left, or the connection is gone: nothing more is handed out, and the keys are wiped. */
  end(): void {
    if (this.isOver) return;
    this.isOver = true;
    this.timer.stop();
    this.leaving();
    this.machine.selfLeave();
  }

  // What the flush layer says.

  event(event: Exclude<FlushEvent, FlushStall>): void {
    const now = this.host.clock.now();
    const { machine } = this;
    const wasTouched = this.isTouched;
    this.isTouched = true;
    switch (event.kind) {
      case 'view':
        this.flushedAt = now;
        machine.flushedView(event, now);
        break;
      case 'transition':
        machine.transition();
        break;
      case 'flush-request':
        machine.flushRequest();
        break;
      case 'self-leave':
        machine.selfLeave();
        if (this.isComingBack && !this.isLeaving) this.host.requestJoin();
        this.isComingBack = false;
        break;
      case 'data':
        this.isHandedOut = false;
        machine.data(event, now);
        this.isTouched = wasTouched || !this.isHandedOut;
    }
  }

  /** Everything of a frame has been handed in. */
  settle(): void {
    if (!this.isTouched) return;
    this.isTouched = false;
    this.input(() => this.machine.settle(this.host.clock.now()));
  }

  /** The flush layer reports that a view takes too long. */
  stalledFlush(missing: readonly string[]): void {
    reportSecure({ ...this.place, event: 'stalled', reason: 'flush', missing, refused: [] });
  }

  // The port of the machine.

  maySend(view: GroupId): boolean {
    const flush = this.host.machine();
    return flush !== null && flush.sendRefusal() === 0 && equalGroupIds(flush.viewId, view);
  }

  transmit(service: number, receivers: readonly string[] | null, body: Uint8Array): void {
    const flush = this.host.machine();
    const message = { service, type: SECURE_TYPE, pieces: [body], receivers: receivers ?? undefined };
    if (flush) this.sent = flush.send(message);
  }

  flush(): void {
    this.host.flush();
  }

  rejoin(): void {
    this.isComingBack = true;
    this.host.requestLeave();
  }

  authorize(request: AuthorizationRequest): Authorization | null {
    const { view, member } = request;
    let answer: Authorization | Promise<Authorization>;
    try {
      answer = this.keys.judge(request);
    } catch {
      // An application that throws has not said yes.
      return NO;
    }
    if (!(answer instanceof Promise)) return answer;
    const later = (authorization: Authorization): void =>
      this.input(() => this.machine.authorized(view, member, authorization, this.host.clock.now()));
    answer.then(later, () => later(NO));
    return null;
  }

  clock(): number {
    return Math.floor(this.host.clock.date() / 1000);
  }

  drop(reason: Dropped, sender: string): void {
    reportSecure({ ...this.place, event: 'dropped', reason, sender });
  }

  deliver(event: SecureEvent): void {
    if (this.isOver) return;
    if (event.kind === 'data') this.isHandedOut = true;
    else this.report(event);
    this.host.deliver(event);
  }

  // Inside.

  private get place(): { readonly id: string; readonly group: string } {
    return { id: this.host.self, group: this.group };
  }

  /** After each input the timer learns when it is wanted. */
  private input(act: () => void): void {
    act();
    this.host.handled();
    this.timer.update();
  }

  /** [secure-groups SM-6]. Names, numbers and reasons; no key, no share, no body. */
  private report(event: SecureEvent): void {
    const { place } = this;
    switch (event.kind) {
      case 'view': {
        const { members, outsiders } = event;
        reportSecure({
          ...place,
          event: 'keyed',
          members,
          outsiders,
          ms: this.host.clock.now() - this.flushedAt,
        });
        break;
      }
      case 'rekeyed':
      case 'confirmed':
        reportSecure({ ...place, event: event.kind, epoch: event.epoch });
        break;
      case 'excluded': {
        const { reason, sealer, rejoinInMs } = event;
        reportSecure({ ...place, event: 'excluded', reason, sealer, rejoinInMs });
        break;
      }
      case 'disagreement': {
        const { sealer, names } = event;
        reportSecure({ ...place, event: 'disagreement', sealer, names });
        break;
      }
      case 'stalled': {
        const { reason, missing, refused } = event;
        reportSecure({ ...place, event: 'stalled', reason, missing, refused });
        break;
      }
      case 'decrypt-failed':
        reportSecure({
          ...place,
          event: 'tampering',
          reason: 'forged',
          sender: event.sender,
          names: [],
          count: 1,
        });
        break;
      case 'tampering': {
        const { reason, sender, names, count } = event;
        reportSecure({ ...place, event: 'tampering', reason, sender, names, count });
      }
    }
  }

  /** What the own authority says of the own certificate. */
  private ownNotAfter(credential: Uint8Array): number {
    const identity = publicBytes(this.keys.privateKey);
    const judged = this.keys.judge({ group: this.group, member: this.host.self, identity, credential });
    return judged instanceof Promise || !judged.isAllowed ? 0 : judged.notAfter;
  }
}
