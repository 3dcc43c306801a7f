/**
 * A secure group between the flush layer and the events of the client API [secure-groups 10.1]. Loaded with the first
 * secure group: a program without one loads no cryptography.
 */
import { Buffer } from 'node:buffer';
import { errorOf, IllegalStateError, ViewChangedError } from '../errors.js';
import type { FlushEvent } from '../flush/core/port.js';
import { reportDropped } from '../mailbox/diagnostics.js';
import { judgeOf } from '../secure/authorize.js';
import type { Authorization } from '../secure/core/agreement.js';
import { SECURE_TYPE } from '../secure/core/limits.js';
import { SecureMachine } from '../secure/core/machine.js';
import type { AuthorizationRequest, Dropped, SecureEvent, SecureSink } from '../secure/core/port.js';
import { SecurityError } from '../secure/errors.js';
import { importIdentity } from '../secure/identity.js';
import { nodeProvider, pairOf, publicBytes } from '../secure/node-provider.js';
import { systemClock } from '../util/clock.js';
import { DeadlineTimer } from '../util/deadline-timer.js';
import { type Deferred, deferred } from '../util/deferred.js';
import {
  ILLEGAL_MESSAGE_TYPE,
  ILLEGAL_PARAM,
  ILLEGAL_RECEIVERS,
  ILLEGAL_STATE,
  MESSAGE_TOO_LONG,
} from '../wire/codes.js';
import { equalGroupIds, type GroupId, groupIdText } from '../wire/group-id.js';
import type { FilterHost, FlushFilter } from './flush-filter.js';
import type { GroupSecurity } from './group.js';
import { HeldSends, type GroupMessage } from './held-sends.js';
import type { SecureOptions } from './options.js';
import { secureDataEvent, secureViewEvent } from './secure-events.js';

const SEAL_AFTER_MS = 2_000;
const REKEY_AFTER_MS = 3_600_000;
const STALL_FACTOR = 5;
const GIVE_UP_MS = 60_000;
/** Views without this member after which its join gives up. */
const MOST_EXCLUSIONS = 3;

/** @throws IllegalParamError when keys, list or certificates are none */
export function secureFilter(group: string, options: SecureOptions): (host: FilterHost) => FlushFilter {
  const judge = judgeOf(options);
  const { privateKey } = importIdentity(options.identity.privateKey);
  return (host) => new SecureMembership(group, options, { judge, privateKey }, host);
}

type Keys = { readonly judge: ReturnType<typeof judgeOf>; readonly privateKey: Parameters<typeof pairOf>[0] };

class SecureMembership implements FlushFilter, SecureSink, GroupSecurity {
  private readonly machine: SecureMachine;
  private readonly timer: DeadlineTimer;
  private readonly held = new HeldSends();
  private readonly isManual: boolean;
  private members: readonly string[] = [];
  private shownId: GroupId = [0, 0, 0];
  private hasView = false;
  private isViewNew = false;
  private isLeaving = false;
  private isComingBack = false;
  private exclusions = 0;
  private readonly giveUp: { cancel(): void };
  /** What the connection answered to the message that is being sent. */
  private sent: Promise<number> = Promise.resolve(0);
  private confirming: Deferred<void> | null = null;
  private isConfirmed = false;
  private rekeying: Deferred<void>[] = [];

  constructor(
    private readonly group: string,
    options: SecureOptions,
    private readonly keys: Keys,
    private readonly host: FilterHost,
  ) {
    const { sealAfterMs = SEAL_AFTER_MS, rekeyAfterMs = REKEY_AFTER_MS, giveUpMs = GIVE_UP_MS } = options;
    const {
      stalledAfterMs = STALL_FACTOR * sealAfterMs,
      credential = Buffer.alloc(0),
      rejoin = true,
    } = options;
    this.isManual = options.flush === 'manual';
    this.machine = new SecureMachine(
      nodeProvider,
      {
        group,
        self: host.self,
        mode: options.authenticity ?? 'group',
        identity: pairOf(keys.privateKey),
        credential,
        ownNotAfter: options.authority === undefined ? Infinity : this.ownNotAfter(credential),
        isManual: this.isManual,
        rejoins: rejoin,
        sealAfterMs,
        rekeyAfterMs,
        stalledAfterMs,
      },
      this,
    );
    const { machine } = this;
    this.timer = new DeadlineTimer(
      systemClock,
      { dueAt: () => machine.dueAt, ring: () => this.input(() => machine.tick(systemClock.now())) },
      false,
    );
    this.giveUp = systemClock
      .after(giveUpMs, () => this.fail('stalled', `no key of ${group} came within ${giveUpMs} ms`))
      .unref();
  }

  get security(): GroupSecurity {
    return this;
  }

  get isAgreeing(): boolean {
    return this.machine.state === 'keying';
  }

  // What the application does.

  get confirmedMembers(): ReadonlySet<string> {
    return this.machine.confirmed;
  }

  async confirmed(): Promise<void> {
    if (this.isConfirmed) return;
    if (!this.confirming) {
      this.confirming = deferred<void>();
      // Whoever waits hears of it.
      this.confirming.promise.catch(() => undefined);
    }
    await this.confirming.promise;
  }

  exportKey(label: string, length: number): Uint8Array {
    let key: Uint8Array | null;
    try {
      key = this.machine.exportKey(label, length);
    } catch (error) {
      throw errorOf(ILLEGAL_PARAM, error instanceof Error ? error.message : undefined, { cause: error });
    }
    if (!key) throw new IllegalStateError(`${this.group} has no key now`);
    return key;
  }

  async rekey(): Promise<void> {
    const done = deferred<void>();
    this.rekeying.push(done);
    this.input(() => this.machine.rekey());
    await done.promise;
  }

  /** Sends under the present key, or under the next one. */
  async send(message: GroupMessage): Promise<void> {
    const { service, type, bytes, view, members } = message;
    if (this.isLeaving) throw errorOf(ILLEGAL_STATE, `${this.group} is being left`);
    if (type <= SECURE_TYPE) throw errorOf(ILLEGAL_MESSAGE_TYPE, `${type} is one of secure groups`);
    const refusal = this.machine.sendRefusal(service, bytes.length);
    if (refusal === 'too-long') throw errorOf(MESSAGE_TOO_LONG, `message is ${bytes.length} bytes`);
    if (refusal === 'exhausted') throw new IllegalStateError(`the key of ${this.group} is used up`);
    if (view && !(refusal === null && equalGroupIds(view, this.shownId)))
      throw new ViewChangedError(`${this.group} is in view ${groupIdText(this.shownId)}`);
    if (refusal !== null) {
      if (this.isManual) throw new IllegalStateError(`${this.group} has no view to send in`);
      return await this.held.hold(message);
    }
    if (this.isManual && !this.host.isViewSeen())
      throw new IllegalStateError(`the new view of ${this.group} is unread`);
    const strangers = members?.filter((name) => !this.members.includes(name)) ?? [];
    if (strangers.length > 0 || members?.length === 0)
      throw errorOf(ILLEGAL_RECEIVERS, strangers.join(', ') || 'expected at least one member, got none');
    this.machine.send(service, type, bytes, members ?? null);
    const code = await this.sent;
    if (code < 0) throw errorOf(code);
  }

  leaving(): void {
    this.isLeaving = true;
    this.machine.leaving();
    this.giveUp.cancel();
    this.rejectAll(errorOf(ILLEGAL_STATE, `${this.group} is being left`));
  }

  end(error: Error): void {
    this.giveUp.cancel();
    this.timer.stop();
    this.rejectAll(error);
    this.isLeaving = true;
    this.machine.leaving();
    this.machine.selfLeave();
  }

  // What the flush layer says.

  event(event: FlushEvent): void {
    const now = systemClock.now();
    const { machine } = this;
    switch (event.kind) {
      case 'view':
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
        if (!this.isComingBack || this.isLeaving) break;
        this.isComingBack = false;
        this.host.requestJoin();
        break;
      case 'data':
        machine.data(event, now);
        break;
      case 'stalled':
        this.host.handOut(event, []);
    }
  }

  settle(): void {
    this.input(() => this.machine.settle(systemClock.now()));
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
    const no: Authorization = { isAllowed: false, notAfter: Infinity };
    let answer: Authorization | Promise<Authorization>;
    try {
      answer = this.keys.judge(request);
    } catch {
      // An application that throws has not said yes.
      return no;
    }
    if (!(answer instanceof Promise)) return answer;
    const later = (authorization: Authorization): void =>
      this.input(() => this.machine.authorized(view, member, authorization, systemClock.now()));
    answer.then(later, () => later(no));
    return null;
  }

  clock(): number {
    return Math.floor(Date.now() / 1000);
  }

  drop(reason: Dropped): void {
    reportDropped({ id: this.host.self, group: this.group, sender: '', reason });
  }

  deliver(event: SecureEvent): void {
    const { group, host } = this;
    switch (event.kind) {
      case 'view': {
        const isFirst = !this.hasView;
        this.hasView = true;
        this.giveUp.cancel();
        this.exclusions = 0;
        this.members = event.members;
        this.shownId = event.gid;
        this.newKey(new ViewChangedError(`${group} has a new view`));
        this.isViewNew = true;
        if (!isFirst) host.viewShown();
        host.handOut(secureViewEvent(group, event, isFirst), []);
        break;
      }
      case 'rekeyed':
        this.newKey(null);
        host.handOut({ kind: 'rekeyed', group, epoch: event.epoch, secureId: event.id }, []);
        break;
      case 'confirmed':
        this.isConfirmed = true;
        this.confirming?.resolve();
        break;
      case 'data':
        host.handOut(secureDataEvent(event, host.self), [group]);
        break;
      case 'transition':
        host.handOut({ kind: 'transition', group, id: this.shownId }, []);
        break;
      case 'self-leave':
        host.handOut({ kind: 'self-leave', group, id: this.shownId }, []);
        break;
      case 'flush-request':
        host.handOut({ kind: 'flush-request', group, flush: () => void this.machine.flush() }, []);
        break;
      case 'decrypt-failed':
        host.handOut(
          { kind: 'tampering', group, reason: 'forged', sender: event.sender, names: [], count: 1 },
          [],
        );
        break;
      case 'stalled': {
        const { missing, reason, refused } = event;
        host.handOut({ kind: 'stalled', group, waitingFor: missing, reason, refused }, []);
        break;
      }
      case 'excluded':
        host.handOut({ ...event, group }, []);
        if (event.reason === 'outside' && !this.hasView && ++this.exclusions >= MOST_EXCLUSIONS)
          this.fail(
            'excluded',
            `the members of ${group} made keys without this one ${MOST_EXCLUSIONS} times`,
          );
        break;
      default:
        host.handOut({ ...event, group }, []);
    }
  }

  // Inside.

  /** After each input: what waited goes out where it may, and the timer learns when it is wanted. */
  private input(act: () => void): void {
    act();
    if (this.isViewNew || this.machine.sendRefusal(0, 0) === null) {
      this.isViewNew = false;
      this.held.release((message) => this.send(message));
    }
    this.timer.update();
  }

  /** The key is another one: rekeys have come to their end, and confirmations begin again. */
  private newKey(isOver: Error | null): void {
    this.isConfirmed = false;
    const { confirming } = this;
    if (isOver) {
      this.confirming = null;
      confirming?.reject(isOver);
    }
    for (const done of this.rekeying.splice(0)) done.resolve();
  }

  private rejectAll(error: Error): void {
    this.held.reject(error);
    this.confirming?.reject(error);
    this.confirming = null;
    for (const done of this.rekeying.splice(0)) done.reject(error);
  }

  private fail(reason: SecurityError['reason'], text: string): void {
    if (!this.hasView && !this.isLeaving) this.host.failed(new SecurityError(reason, text));
  }

  /** What the own authority says of the own certificate. */
  private ownNotAfter(credential: Uint8Array): number {
    const identity = publicBytes(this.keys.privateKey);
    const judged = this.keys.judge({ group: this.group, member: this.host.self, identity, credential });
    return judged instanceof Promise || !judged.isAllowed ? 0 : judged.notAfter;
  }
}
