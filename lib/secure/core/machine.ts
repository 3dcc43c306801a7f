/**
 * One secure group as this member sees it. Each flush view begins from nothing: its members send SHAREs, the first of
 * them seals a secret to those whose SHAREs are kept, and the first SEAL in the order that passes the open test decides.
 * What is decided depends on ordered messages and on authorisations alone, so it is the same at all members.
 */
import type { Buffer } from 'node:buffer';
import { groupIdText } from '../../wire/group-id.js';
import { AGREED_MESS, SELF_DISCARD, SUBGROUP_CAST } from '../../wire/service.js';
import type { Authorization } from './agreement.js';
import type { ViewKeys } from './context.js';
import { CONFIRM, type DataHeader, readDataHeader, REKEY, rekeyBody, secureService } from './data.js';
import { EpochKeys, type PlainMessage } from './epoch-keys.js';
import { Epochs } from './epochs.js';
import { type Decision, Keying, type KeyingHost, type NumberedView } from './keying.js';
import {
  KIND_DATA,
  KIND_SEAL,
  KIND_SHARE,
  MAX_BACKOFF,
  MAX_BODY,
  MAX_CLOCK_SKEW_S,
  MAX_MEMBERS,
  SECURE_TYPE,
} from './limits.js';
import { isAgreedFrame, isSealSigned, kindOf, readSeal, type Seal } from './messages.js';
import type {
  Excluded,
  FlushedView,
  SecureFrame,
  SecureOptions,
  SecureSink,
  SecureState,
  SendRefusal,
  Tampering,
} from './port.js';
import { PreviousView } from './previous-view.js';
import { isSame, type Provider } from './provider.js';
import { viewEvent } from './view-event.js';

/** The last secure view that was shown. */
interface ShownView {
  readonly id: Uint8Array;
  readonly members: readonly string[];
  /** Number of its flush view. */
  readonly number: number;
  isTransitionShown: boolean;
}

export class SecureMachine {
  private phase: SecureState = 'none';
  private view: NumberedView | null = null;
  private views = 0;
  /** Whether the installation of the flush view is through. */
  private isInstalled = false;
  /** Whether a transitional signal has come in the flush view. */
  private isBroken = false;
  /** The agreement under way. */
  private keying: Keying | null = null;
  /** The last one that has come to an end in this view. */
  private decision: Decision | null = null;
  /** Who has sealed in another way in this view. */
  private readonly disagreeing = new Set<string>();
  private epochs: Epochs | null = null;
  private epochBeganAt = 0;
  private isRekeyWanted = false;
  private shown: ShownView | null = null;
  private readonly previous: PreviousView;
  /** The group as a list, for all messages to share. */
  private readonly groups: readonly string[];
  /** A flush request was shown and is not answered. */
  private isAsked = false;
  private backoff = 1;
  private rejoinAt = Infinity;
  /** How the membership is about to end: to come back, or for good. */
  private exit: 'none' | 'rejoin' | 'leave' = 'none';
  private readonly host: KeyingHost = {
    decided: (decision, now) => this.decided(decision, now),
    lateSeal: (sender, seal) => this.lateSeal(sender, seal),
    data: (frame, now) => this.dataArrived(frame, now),
  };

  constructor(
    private readonly provider: Provider,
    private readonly options: SecureOptions,
    private readonly sink: SecureSink,
  ) {
    this.previous = new PreviousView(provider, options.self);
    this.groups = [options.group];
  }

  get state(): SecureState {
    return this.phase;
  }

  /** Id of the view and epoch whose key is in use here; null without one. */
  get id(): Uint8Array | null {
    return this.epochs?.current.id ?? null;
  }

  get epoch(): number {
    return this.epochs?.current.epoch ?? 0;
  }

  /** Whether a key is agreed on, by members that may all have a part in it; see `Keying.isStalled`. */
  get isAgreeing(): boolean {
    return this.phase === 'keying' && this.keying?.isStalled === false;
  }

  /** Insiders that have shown in this epoch that they have its key. */
  get confirmed(): ReadonlySet<string> {
    return this.epochs?.heard ?? new Set();
  }

  // What the application asks.

  /** Whether `send` is possible. */
  sendRefusal(service: number, bytes: number): SendRefusal {
    const { view, epochs } = this;
    if (!view) return 'not-joined';
    if (this.phase === 'outside') return 'outside';
    if (!epochs) return 'keying';
    if (bytes > MAX_BODY[this.options.mode]) return 'too-long';
    if (!epochs.current.canSeal(service, bytes)) return 'exhausted';
    return this.sink.maySend(view.id) ? null : 'flushed';
  }

  /** Encrypts and sends. Only where `sendRefusal` is null. @param receivers null: to the group */
  send(service: number, type: number, body: Uint8Array, receivers: readonly string[] | null = null): void {
    const word = (secureService(service) & ~SUBGROUP_CAST) | (receivers ? SUBGROUP_CAST : 0);
    const groups = receivers ? [...receivers, ...this.groups] : this.groups;
    this.encrypt({ service: word, groups, isControl: false, type, body }, receivers);
  }

  /** Asks for a new key; as soon as all members have confirmed the present one. */
  rekey(): void {
    this.isRekeyWanted = true;
    if (this.canRekey) this.control(REKEY, rekeyBody(this.epoch + 1));
  }

  /** A key for the application, of the epoch in use; null without one. */
  exportKey(name: string, length: number): Uint8Array | null {
    return this.epochs?.current.exportKey(name, length) ?? null;
  }

  /** Answers the flush request that was shown. @returns whether there was one */
  flush(): boolean {
    if (!this.isAsked) return false;
    this.isAsked = false;
    this.sink.flush();
    return true;
  }

  // What the flush layer says.

  /** [secure-groups SG-1]. A flush view. The secure one that it ends is over, and its own key is agreed from nothing. */
  flushedView(flushed: FlushedView, now: number): void {
    const insiders = this.epochs?.current.insiders ?? null;
    this.keepEpoch();
    this.previous.flushed(flushed.cameWithMe, insiders);
    this.endView();
    const view: NumberedView = { ...flushed, number: ++this.views };
    this.view = view;
    if (flushed.members.length > MAX_MEMBERS) {
      this.phase = 'dead';
      this.sink.deliver({ kind: 'stalled', reason: 'too-many', missing: [], refused: [] });
    } else if (!this.previous.begins(groupIdText(flushed.id))) {
      this.phase = 'dead';
      this.tampering({ reason: 'replay', sender: null });
    } else {
      this.phase = 'keying';
      this.agree(0, null, now);
    }
  }

  /** Everything that came with the last frame has been handed in: the installation of a view is through. */
  settle(now: number): void {
    if (this.isInstalled) return;
    this.isInstalled = true;
    if (this.phase === 'keying') this.keying?.share(now);
  }

  /** [secure-groups SG-2]. */
  transition(): void {
    this.isBroken = true;
    if (this.phase === 'keying') this.die();
    else if (this.phase === 'rekeying') {
      this.phase = 'secure';
      this.endKeying();
    }
    const { shown } = this;
    if (!shown || shown.isTransitionShown || this.exit === 'rejoin') return;
    shown.isTransitionShown = true;
    this.sink.deliver({ kind: 'transition', id: shown.id });
  }

  /** [secure-groups SG-12]. */
  flushRequest(): void {
    if (this.options.isManual && this.epochs) {
      this.isAsked = true;
      this.sink.deliver({ kind: 'flush-request' });
    } else this.sink.flush();
  }

  /** The application leaves, or the connection is lost: this member does not come back by itself. */
  leaving(): void {
    this.exit = 'leave';
    this.rejoinAt = Infinity;
  }

  /** The group is left: nothing of this membership is kept. */
  selfLeave(): void {
    this.endView();
    this.previous.reset();
    this.view = null;
    this.phase = 'none';
    const { exit } = this;
    this.exit = 'none';
    if (exit === 'rejoin') return;
    this.shown = null;
    this.backoff = 1;
    this.sink.deliver({ kind: 'self-leave' });
  }

  /** A message of the flush layer. */
  data(frame: SecureFrame, now: number): void {
    const { view, sink } = this;
    if (!view) return sink.drop('keyless', frame.sender);
    const isClear = frame.type !== SECURE_TYPE;
    if (isClear && this.options.takesClear !== true)
      return this.tampering({ reason: 'clear', sender: frame.sender, count: 1 });
    switch (isClear ? KIND_DATA : kindOf(frame.body)) {
      case KIND_SHARE:
        this.keying?.shareArrived(frame);
        break;
      case KIND_SEAL:
        this.sealArrived(view, frame, now);
        break;
      case KIND_DATA:
        if (this.keying?.isWaiting) this.keying.hold(frame);
        else this.dataArrived(frame, now);
        break;
      default:
        sink.drop('malformed', frame.sender);
    }
  }

  /** A late answer on a member. @param number the view that was asked about */
  authorized(number: number, member: string, authorization: Authorization, now: number): void {
    if (number === this.view?.number && this.phase === 'keying')
      this.keying?.authorized(member, authorization, now);
  }

  // Time.

  /** When `tick` is to be called; Infinity: never, as far as is known now. */
  get dueAt(): number {
    return Math.min(this.keying?.dueAt ?? Infinity, this.rekeyDueAt, this.rejoinAt);
  }

  tick(now: number): void {
    this.keying?.tick(now);
    if (now >= this.rekeyDueAt) this.rekey();
    if (now < this.rejoinAt) return;
    this.rejoinAt = Infinity;
    this.exit = 'rejoin';
    this.backoff = Math.min(2 * this.backoff, MAX_BACKOFF);
    this.sink.rejoin();
  }

  // The agreement on a key

  private agree(epoch: number, insiders: ReadonlyMap<string, Uint8Array> | null, now: number): void {
    const { view, provider, options, sink } = this;
    if (!view) return;
    const previous = insiders ? null : this.previous.lastEpoch;
    const start = { view, epoch, previous, insiders, now };
    this.keying = new Keying(provider, options, sink, this.host, start);
  }

  private sealArrived(view: FlushedView, frame: SecureFrame, now: number): void {
    const seal = isAgreedFrame(frame, this.options.group) ? readSeal(frame.body, view.members.length) : null;
    if (!seal) this.sink.drop('malformed', frame.sender);
    else if (this.keying && seal.epoch === this.keying.epoch)
      this.keying.sealArrived(frame.sender, seal, now);
    else this.lateSeal(frame.sender, seal);
  }

  /** [secure-groups SG-8]. A SEAL after the one that has decided, or before anything is agreed on. */
  private lateSeal(sender: string, seal: Seal): void {
    const { decision, disagreeing, provider } = this;
    this.sink.drop('seal', sender);
    if (!decision || seal.epoch !== decision.keying.epoch || sender === this.options.self) return;
    const { agreement } = decision.keying;
    const share = decision.insiders.includes(sender) ? agreement.shareOf(sender) : null;
    if (!share || disagreeing.has(sender)) return;
    if (!isSealSigned(provider, agreement.context, sender, share.identity, seal)) return;
    disagreeing.add(sender);
    this.sink.deliver({ kind: 'disagreement', sealer: sender, names: [] });
  }

  /** [secure-groups SG-6b, SG-7]. This SEAL decides, whatever is in the own box. */
  private decided(decision: Decision, now: number): void {
    const { keying, sealer, seal, insiders } = decision;
    this.decision = decision;
    this.keying = null;
    if (!insiders.includes(this.options.self)) {
      this.phase = 'outside';
      this.previous.lose(insiders);
      this.excluded('outside', decision, now);
    } else if (Math.abs(this.sink.clock() - Number(seal.now)) > MAX_CLOCK_SKEW_S)
      this.fail('clock', decision, now);
    else {
      const keys = keying.agreement.open(sealer, seal);
      if (!keys) this.fail('box', decision, now);
      else if (keying.isRekey) this.rekeyed(decision, keys, now);
      else this.secured(decision, keys, now);
    }
  }

  /** Others have the key, and this member has not. */
  private fail(reason: 'box' | 'clock', decision: Decision, now: number): void {
    this.keepEpoch();
    this.previous.alone();
    this.die();
    this.excluded(reason, decision, now);
  }

  private excluded(reason: Excluded['reason'], { keying, sealer }: Decision, now: number): void {
    const { rejoins, sealAfterMs } = this.options;
    const rejoinInMs =
      rejoins && this.exit === 'none' && keying.hasShared ? this.backoff * sealAfterMs : null;
    if (rejoinInMs !== null) this.rejoinAt = now + rejoinInMs;
    this.sink.deliver({ kind: 'excluded', reason, sealer, rejoinInMs });
    this.flush();
  }

  private secured(decision: Decision, keys: ViewKeys, now: number): void {
    const { view, shown } = this;
    const { keying, sealer, seal, insiders } = decision;
    const { self } = this.options;
    if (!view) return;
    const previousMembers = shown?.members ?? [self];
    const { cameWithMe, tails } = this.previous.judge(keying.agreement, insiders, previousMembers);
    const isNext = shown ? shown.number === view.number - 1 : this.previous.isFirst;
    const at = Number(seal.now);
    const outsiders = view.members
      .filter((name) => !insiders.includes(name))
      .map((name) => ({ name, reason: keying.reasonFor(name, at) }));
    const identities = keying.agreement.identities(insiders);
    this.phase = 'secure';
    this.epochs = new Epochs(this.epochKeys(keying, keys, insiders));
    this.shown = { id: keys.id, members: insiders, number: view.number, isTransitionShown: false };
    this.backoff = 1;
    this.beginEpoch(now);
    const facts = { view, id: keys.id, insiders, outsiders, identities, cameWithMe, previousMembers };
    this.sink.deliver(viewEvent({ ...facts, self, isNext }));
    for (const [name, count] of tails) this.tampering({ reason: 'tail', sender: name, count });
    const names = outsiders.filter(({ reason }) => reason === 'left-out').map(({ name }) => name);
    if (names.length > 0) this.tampering({ reason: 'left-out', sender: sealer, names });
  }

  private rekeyed({ keying, insiders }: Decision, keys: ViewKeys, now: number): void {
    this.phase = 'secure';
    this.epochs?.next(this.epochKeys(keying, keys, insiders));
    this.beginEpoch(now);
    this.sink.deliver({ kind: 'rekeyed', epoch: keying.epoch, id: keys.id });
  }

  private epochKeys({ agreement, epoch }: Keying, keys: ViewKeys, names: readonly string[]): EpochKeys {
    const { mode, group, self } = this.options;
    const insiders = new Map(names.map((name) => [name, agreement.shareOf(name)?.viewKey ?? null]));
    const signer = agreement.viewPair;
    return new EpochKeys(this.provider, keys, { mode, group, epoch, self, insiders, signer });
  }

  /** The key of an epoch takes effect: a CONFIRM is the first message under it. */
  private beginEpoch(now: number): void {
    this.epochBeganAt = now;
    this.isRekeyWanted = false;
    this.control(CONFIRM, new Uint8Array(0));
  }

  // DATA

  private encrypt(message: PlainMessage, receivers: readonly string[] | null): void {
    const { epochs } = this;
    if (epochs) this.sink.transmit(message.service, receivers, epochs.current.seal(message));
  }

  private control(type: number, body: Uint8Array): void {
    if (this.sendRefusal(AGREED_MESS, body.length) !== null) return;
    this.encrypt({ service: AGREED_MESS, groups: this.groups, isControl: true, type, body }, null);
  }

  private dataArrived(frame: SecureFrame, now: number): void {
    const { epochs, sink } = this;
    const { sender, service, groups } = frame;
    if (frame.type !== SECURE_TYPE)
      return epochs ? sink.deliver({ kind: 'clear', frame }) : sink.drop('keyless', sender);
    const header = readDataHeader(frame, this.options.group, this.options.mode);
    if (!header) return sink.drop('malformed', sender);
    if (!epochs) return sink.drop('keyless', sender);
    if (!this.isForMe(frame)) return sink.drop('refused', sender);
    const opened = epochs.receive(frame, header);
    if (!opened) {
      const isOfEndedRekey = this.isBroken && header.epoch === this.epoch + 1;
      return sink.drop(isOfEndedRekey ? 'transition' : 'epoch', sender);
    }
    if (opened.kind === 'fault') {
      sink.drop('refused', sender);
      if (opened.reason === 'decrypt-failed')
        sink.deliver({ kind: 'decrypt-failed', sender, service, groups });
      else this.tampering({ reason: opened.reason, sender, count: 1 });
      return;
    }
    const { type, body, gap } = opened;
    if (gap > 0) this.tampering({ reason: 'gap', sender, count: gap });
    if (epochs.hear(sender, header)) sink.deliver({ kind: 'confirmed', epoch: header.epoch });
    if (header.isControl) this.controlArrived(sender, header, type, body, now);
    else sink.deliver({ kind: 'data', sender, service, groups, type, body });
  }

  /** A daemon that hands a message to some out to others, or a copy that was not wanted, is not followed. */
  private isForMe({ sender, service, groups }: SecureFrame): boolean {
    const { self } = this.options;
    if (sender === self && (service & SELF_DISCARD) !== 0) return false;
    return groups.length === 1 || groups.includes(self);
  }

  private controlArrived(sender: string, header: DataHeader, type: number, body: Buffer, now: number): void {
    if (header.epoch !== this.epoch) return;
    if (type === CONFIRM && body.length === 0) {
      this.epochs?.confirms.add(sender);
      if (this.isRekeyWanted) this.rekey();
    } else if (type === REKEY && isSame(body, rekeyBody(this.epoch + 1))) this.startRekey(now);
  }

  // Rekeys

  private get rekeyDueAt(): number {
    const { epochs, options } = this;
    if (!epochs || this.isRekeyWanted || this.phase !== 'secure' || this.isBroken) return Infinity;
    if (epochs.current.wantsRekey) return -Infinity;
    const rank = epochs.current.insiders.indexOf(options.self);
    return this.epochBeganAt + options.rekeyAfterMs + rank * options.sealAfterMs;
  }

  /** [secure-groups SG-10]. Not after a transitional signal: the SHAREs of some will not come, and a new view will. */
  private get canRekey(): boolean {
    return this.phase === 'secure' && !this.isBroken && this.epochs?.isConfirmed === true;
  }

  private startRekey(now: number): void {
    const { decision } = this;
    if (!decision || !this.canRekey) return;
    this.phase = 'rekeying';
    this.agree(this.epoch + 1, decision.keying.agreement.identities(decision.insiders), now);
    this.keying?.share(now);
  }

  // The end of a view

  /** What the next view needs of this one. */
  private keepEpoch(): void {
    if (this.epochs) this.previous.keep(this.epochs.current, this.shown?.isTransitionShown === true);
  }

  /** This member gets no key in the view any more. */
  private die(): void {
    this.phase = 'dead';
    this.dropKeys();
    this.endKeying();
  }

  private endView(): void {
    this.dropKeys();
    this.endKeying();
    this.decision = null;
    this.disagreeing.clear();
    this.isInstalled = false;
    this.isBroken = false;
    this.isAsked = false;
    this.rejoinAt = Infinity;
    this.isRekeyWanted = false;
  }

  private dropKeys(): void {
    this.epochs?.wipe();
    this.epochs = null;
  }

  private endKeying(): void {
    this.keying?.close();
    this.keying = null;
  }

  private tampering(event: Partial<Tampering> & Pick<Tampering, 'reason' | 'sender'>): void {
    this.sink.deliver({ kind: 'tampering', names: [], count: 0, ...event });
  }
}
