/**
 * A secure group between the flush layer and the events of the client API [secure-groups 10.1]. Loaded with the first
 * secure group: a program without one loads no cryptography.
 */
import { errorOf, IllegalStateError, ViewChangedError } from '../errors.js';
import type { FlushEvent } from '../flush/core/port.js';
import { MAX_BODY, SECURE_TYPE } from '../secure/core/limits.js';
import type { SecureEvent } from '../secure/core/port.js';
import { SecurityError } from '../secure/errors.js';
import { memberKeys, type MemberKeys, SecureMember } from '../secure/member.js';
import { SecureOptionChecks } from '../secure/options.js';
import { type Deferred, deferred } from '../util/deferred.js';
import { OptionChecks } from '../util/option-checks.js';
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
import type { SecureOptions } from './secure-options.js';
import { secureDataEvent, secureViewEvent } from './secure-events.js';
import { SharedOutcome } from './send.js';

const GIVE_UP_MS = 60_000;
/** Views without this member after which its join gives up. */
const MOST_EXCLUSIONS = 3;

const SECURE: SecureOptionChecks = new SecureOptionChecks(['giveUpMs']);
const check: OptionChecks = new OptionChecks((text) => errorOf(ILLEGAL_PARAM, text));

/** @throws IllegalParamError that says which option is wrong, also when keys, list or certificates are none */
export function secureFilter(group: string, options: SecureOptions): (host: FilterHost) => FlushFilter {
  SECURE.options(options);
  check.time(options.giveUpMs, 'giveUpMs');
  const keys = memberKeys(options);
  return (host) => new SecureMembership(group, options, keys, host);
}

class SecureMembership implements FlushFilter, GroupSecurity {
  private readonly member: SecureMember;
  private readonly held = new HeldSends();
  private readonly isManual: boolean;
  private readonly maxBody: number;
  private members: readonly string[] = [];
  private shownId: GroupId = [0, 0, 0];
  private hasView = false;
  private isViewNew = false;
  private isLeaving = false;
  private exclusions = 0;
  private readonly giveUp: { cancel(): void };
  private readonly outcomes = new SharedOutcome();
  private confirming: Deferred<void> | null = null;
  private isConfirmed = false;
  private rekeying: Deferred<void>[] = [];

  constructor(
    private readonly group: string,
    options: SecureOptions,
    keys: MemberKeys,
    private readonly host: FilterHost,
  ) {
    const { giveUpMs = GIVE_UP_MS } = options;
    this.isManual = options.flush === 'manual';
    this.maxBody = MAX_BODY[options.authenticity ?? 'group'];
    this.member = new SecureMember(group, options, keys, {
      self: host.self,
      clock: host.clock,
      machine: () => host.machine(),
      flush: () => host.flush(),
      requestLeave: () => host.requestLeave(),
      requestJoin: () => host.requestJoin(),
      deliver: (event) => this.deliver(event),
      handled: () => this.handled(),
    });
    this.giveUp = host.clock
      .after(giveUpMs, () => this.fail('stalled', `no key of ${group} came within ${giveUpMs} ms`))
      .unref();
  }

  get security(): GroupSecurity {
    return this;
  }

  get isAgreeing(): boolean {
    return this.member.isAgreeing;
  }

  // What the application does.

  get confirmedMembers(): ReadonlySet<string> {
    return this.member.machine.confirmed;
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
      key = this.member.machine.exportKey(label, length);
    } catch (error) {
      throw errorOf(ILLEGAL_PARAM, error instanceof Error ? error.message : undefined, { cause: error });
    }
    if (!key) throw new IllegalStateError(`${this.group} has no key now`);
    return key;
  }

  async rekey(): Promise<void> {
    const done = deferred<void>();
    this.rekeying.push(done);
    this.member.rekey();
    await done.promise;
  }

  /** Sends under the present key, or under the next one. */
  send(message: GroupMessage): Promise<void> {
    const { service, type, bytes, view, members } = message;
    if (this.isLeaving) throw errorOf(ILLEGAL_STATE, `${this.group} is being left`);
    if (type <= SECURE_TYPE) throw errorOf(ILLEGAL_MESSAGE_TYPE, `${type} is one of secure groups`);
    const refusal = this.member.machine.sendRefusal(service, bytes.length);
    if (refusal === 'too-long')
      throw errorOf(MESSAGE_TOO_LONG, `message is ${bytes.length} bytes, limit is ${this.maxBody}`);
    if (refusal === 'exhausted') throw new IllegalStateError(`the key of ${this.group} is used up`);
    if (view && !(refusal === null && equalGroupIds(view, this.shownId)))
      throw new ViewChangedError(`${this.group} is in view ${groupIdText(this.shownId)}`);
    if (refusal !== null) {
      if (this.isManual) throw new IllegalStateError(`${this.group} has no view to send in`);
      return this.held.hold(message);
    }
    if (this.isManual && !this.host.isViewSeen())
      throw new IllegalStateError(`the new view of ${this.group} is unread`);
    if (members) this.checkReceivers(members);
    return this.outcomes.of(this.member.send(service, type, bytes, members ?? null));
  }

  private checkReceivers(members: readonly string[]): void {
    const strangers = members.filter((name) => !this.members.includes(name));
    if (strangers.length > 0 || members.length === 0)
      throw errorOf(ILLEGAL_RECEIVERS, strangers.join(', ') || 'expected at least one member, got none');
  }

  leaving(): void {
    this.isLeaving = true;
    this.member.leaving();
    this.giveUp.cancel();
    this.rejectAll(errorOf(ILLEGAL_STATE, `${this.group} is being left`));
  }

  end(error: Error): void {
    this.isLeaving = true;
    this.giveUp.cancel();
    this.rejectAll(error);
    this.member.end();
  }

  // What the flush layer says.

  event(event: FlushEvent): void {
    if (event.kind !== 'stalled') return this.member.event(event);
    this.member.stalledFlush(event.waitingFor);
    this.host.handOut(event, []);
  }

  settle(): void {
    this.member.settle();
  }

  // What the member hands out.

  private deliver(event: SecureEvent): void {
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
        host.handOut({ kind: 'flush-request', group, flush: () => void this.member.machine.flush() }, []);
        break;
      case 'clear':
        // No option of this API takes them.
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

  /** After each input what waited goes out where it may. */
  private handled(): void {
    if (!this.isViewNew && this.member.machine.sendRefusal(0, 0) !== null) return;
    this.isViewNew = false;
    this.held.release((message) => this.send(message));
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
}
