/**
 * An agreement under way at one member: SHAREs that arrive are judged and asked about, this member seals when it is its
 * turn, and the first SEAL that passes the open test decides. A SEAL that names a member on which the application has not
 * answered waits, and with it everything that a SEAL could decide about.
 */
import { AGREED_MESS } from '../../wire/service.js';
import { Agreement, type Authorization, type PreviousEpoch } from './agreement.js';
import { isAgreedFrame, readShare, type Seal } from './messages.js';
import type { FlushedView, Outsider, SecureFrame, SecureOptions, SecureSink } from './port.js';
import type { Provider } from './provider.js';
import type { OutsiderReason, ShareFault } from './reasons.js';

/** A flush view with its number in this program. */
export interface NumberedView extends FlushedView {
  readonly number: number;
}

/** A SEAL that has passed the open test. */
export interface Decision {
  readonly keying: Keying;
  readonly sealer: string;
  readonly seal: Seal;
  readonly insiders: readonly string[];
}

/** What follows is up to the group. */
export interface KeyingHost {
  decided(decision: Decision, now: number): void;
  /** A SEAL after the one that has decided. */
  lateSeal(sender: string, seal: Seal): void;
  /** A message that has waited for a SEAL. */
  data(frame: SecureFrame, now: number): void;
}

export interface KeyingStart {
  readonly view: NumberedView;
  readonly epoch: number;
  readonly previous: PreviousEpoch | null;
  /** In a later epoch: the identities of the one before. */
  readonly insiders: ReadonlyMap<string, Uint8Array> | null;
  readonly now: number;
}

type HeldInput =
  | { readonly kind: 'seal'; readonly sender: string; readonly seal: Seal }
  | { readonly kind: 'data'; readonly frame: SecureFrame };

export class Keying {
  readonly agreement: Agreement;
  /** When the own SHARE was sent; null: it was not. */
  private sentAt: number | null = null;
  private readonly refused = new Map<string, ShareFault>();
  private readonly waiting: HeldInput[] = [];
  private isOver = false;
  private isStallReported = false;

  constructor(
    provider: Provider,
    private readonly options: SecureOptions,
    private readonly sink: SecureSink,
    private readonly host: KeyingHost,
    private readonly start: KeyingStart,
  ) {
    const { mode, group, self, identity, credential } = options;
    const { view, epoch, previous, insiders } = start;
    const scope = { mode, group, gid: view.id, epoch, members: view.members };
    this.agreement = new Agreement(provider, { scope, self, identity, credential, previous, insiders });
  }

  get epoch(): number {
    return this.start.epoch;
  }

  get isRekey(): boolean {
    return this.start.insiders !== null;
  }

  get hasShared(): boolean {
    return this.sentAt !== null;
  }

  /** Whether a SEAL waits, and messages with it. */
  get isWaiting(): boolean {
    return this.waiting.length > 0;
  }

  /** Whether a stall was reported, and what is missing may never come. */
  get isStalled(): boolean {
    const { agreement, options, sink } = this;
    if (!this.isStallReported) return false;
    const { self, ownNotAfter } = options;
    const isMissing = (name: string): boolean => name !== self && agreement.shareOf(name) === null;
    return ownNotAfter < sink.clock() || agreement.expected.some(isMissing);
  }

  /** Sends the own SHARE. */
  share(now: number): void {
    if (!this.sink.maySend(this.start.view.id)) return;
    this.sentAt = now;
    this.sink.transmit(AGREED_MESS, null, this.agreement.ownShare);
  }

  /** [secure-groups SG-3]. */
  shareArrived(frame: SecureFrame): void {
    const { agreement, sink } = this;
    const { sender } = frame;
    const hasOne = agreement.shareOf(sender) !== null;
    const share = isAgreedFrame(frame, this.options.group) ? readShare(frame.body, this.options.mode) : null;
    if (!share) {
      sink.drop('malformed', sender);
      if (!hasOne) this.refuse(sender, 'malformed');
      return;
    }
    // A good one is never replaced.
    if (hasOne || this.isOver) return;
    const fault = agreement.take(sender, share);
    if (fault) {
      sink.drop('share', sender);
      this.refuse(sender, fault);
      return;
    }
    if (agreement.reasonAgainst(sender, 0) === 'pending') {
      const { identity, credential } = share;
      const { group } = this.options;
      const view = this.start.view.number;
      const authorization = sink.authorize({ view, group, member: sender, identity, credential });
      if (authorization) agreement.authorize(sender, authorization);
    }
    this.noteRefusal(sender);
    this.trySeal();
  }

  /** A late answer on a member. */
  authorized(member: string, authorization: Authorization, now: number): void {
    this.agreement.authorize(member, authorization);
    this.noteRefusal(member);
    this.trySeal();
    this.drain(now);
  }

  sealArrived(sender: string, seal: Seal, now: number): void {
    if (!this.isWaiting) {
      this.judge(sender, seal, now);
      return;
    }
    // Whether it passes depends on what stands before it, but for the answers that are out.
    const test = this.agreement.test(sender, seal);
    if (test.kind === 'fails' && test.reason !== 'unauthorized') this.sink.drop('seal', sender);
    else this.waiting.push({ kind: 'seal', sender, seal });
  }

  /** Keeps a message that came after a SEAL that waits. */
  hold(frame: SecureFrame): void {
    this.waiting.push({ kind: 'data', frame });
  }

  /** Why a member has no place among these. @param at the time by which certificates count */
  reasonFor(name: string, at: number): OutsiderReason {
    if (this.agreement.shareOf(name) === null) return this.refused.get(name) ?? 'missing';
    return this.agreement.reasonAgainst(name, at) ?? 'left-out';
  }

  /** Forgets what could open a SEAL, and what waits. */
  close(): void {
    this.isOver = true;
    this.waiting.length = 0;
    this.agreement.close();
  }

  // Time.

  get dueAt(): number {
    return Math.min(this.sealDueAt, this.isWaiting ? this.waitsUntil : Infinity, this.stallDueAt);
  }

  tick(now: number): void {
    if (now >= this.sealDueAt) this.seal(this.sink.clock());
    if (this.isWaiting && now >= this.waitsUntil) this.drain(now);
    if (now >= this.stallDueAt) this.reportStall();
  }

  /** [secure-groups SG-5]. When this member seals for those that have shared: the later, the more of them stand before it. */
  private get sealDueAt(): number {
    const { agreement, sentAt } = this;
    if (sentAt === null || !this.canSeal) return Infinity;
    const kept = agreement.kept(this.sink.clock());
    if (this.isRekey && kept.length < agreement.expected.length) return Infinity;
    return sentAt + (kept.indexOf(this.options.self) + 1) * this.options.sealAfterMs;
  }

  /** Until when SEALs wait for answers of the application. */
  private get waitsUntil(): number {
    return (this.sentAt ?? this.start.now) + this.options.sealAfterMs;
  }

  private get stallDueAt(): number {
    return this.isStallReported || this.isOver ? Infinity : this.start.now + this.options.stalledAfterMs;
  }

  private reportStall(): void {
    const { agreement, refused } = this;
    this.isStallReported = true;
    const isOwn = this.options.ownNotAfter < this.sink.clock();
    const reason = this.isRekey ? 'rekey' : isOwn ? 'self' : 'missing';
    const missing = agreement.expected.filter((name) => !agreement.shareOf(name) && !refused.has(name));
    const faults = Array.from(refused, ([name, why]): Outsider => ({ name, reason: why }));
    this.sink.deliver({ kind: 'stalled', reason, missing, refused: faults });
  }

  // Sealing

  /** Whether this member may seal at all. */
  private get canSeal(): boolean {
    const { agreement, options, sink } = this;
    return (
      !this.isOver &&
      !agreement.hasSealed &&
      agreement.shareOf(options.self) !== null &&
      options.ownNotAfter >= sink.clock() &&
      sink.maySend(this.start.view.id)
    );
  }

  /** [secure-groups SG-4]. Seals when everybody has shared, and this member is the first. */
  private trySeal(): void {
    const { agreement } = this;
    if (agreement.expected[0] !== this.options.self || !this.canSeal) return;
    const at = this.sink.clock();
    if (agreement.expected.every((name) => agreement.isKept(name, at))) this.seal(at);
  }

  private seal(at: number): void {
    this.sink.transmit(AGREED_MESS, null, this.agreement.seal(this.agreement.kept(at), at));
  }

  /** @returns whether it has its effect now; false: it waits for an answer */
  private judge(sender: string, seal: Seal, now: number): boolean {
    const { agreement, sink } = this;
    let test = agreement.test(sender, seal);
    if (test.kind === 'waits' && now >= this.waitsUntil) {
      agreement.deny(test.pending);
      for (const name of test.pending) this.noteRefusal(name);
      test = agreement.test(sender, seal);
    }
    if (test.kind === 'waits') {
      this.waiting.unshift({ kind: 'seal', sender, seal });
      return false;
    }
    if (test.kind === 'passes') {
      this.isOver = true;
      this.host.decided({ keying: this, sealer: sender, seal, insiders: test.insiders }, now);
      agreement.close();
      return true;
    }
    sink.drop('seal', sender);
    if (test.reason === 'unauthorized' && test.insiders.includes(this.options.self))
      sink.deliver({ kind: 'disagreement', sealer: sender, names: test.unauthorized });
    return true;
  }

  /** Takes what has waited, in order, up to the next SEAL that waits. */
  private drain(now: number): void {
    for (let next = this.waiting.shift(); next; next = this.waiting.shift()) {
      if (next.kind === 'data') this.host.data(next.frame, now);
      else if (this.isOver) this.host.lateSeal(next.sender, next.seal);
      else if (!this.judge(next.sender, next.seal, now)) return;
    }
  }

  // Refusals, for those who ask why nothing comes

  private refuse(sender: string, fault: ShareFault): void {
    if (this.start.view.members.includes(sender)) this.refused.set(sender, fault);
  }

  private noteRefusal(member: string): void {
    const reason = this.agreement.reasonAgainst(member, this.sink.clock());
    if (reason === null) this.refused.delete(member);
    else this.refuse(member, reason);
  }
}
