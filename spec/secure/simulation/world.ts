/** A secure group on the group model: daemons that part and merge, members that come and go, time that a world passes. */
import { Buffer } from 'node:buffer';
import type { PlainData } from '../../../lib/flush/core/port.js';
import type { Authorization } from '../../../lib/secure/core/agreement.js';
import { KIND_SEAL, KIND_SHARE, SECURE_TYPE } from '../../../lib/secure/core/limits.js';
import type { Mode } from '../../../lib/secure/core/context.js';
import type { AuthorizationRequest, SecureOptions } from '../../../lib/secure/core/port.js';
import type { Pair, Provider } from '../../../lib/secure/core/provider.js';
import { GROUP } from '../../flush/simulation/session.js';
import { SessionWorld } from '../../flush/simulation/session-world.js';
import { theFirst } from '../../support/group-network/choices.js';
import type { Daemon as NetworkDaemon, GroupView } from '../../support/group-network/daemon.js';
import { Random } from '../../support/random.js';
import { hexOf, TokenWorld } from '../token-provider.js';
import { check } from './checks/all.js';
import { HostileDaemon, Liar } from './hostile.js';
import type { Evidence, Violation } from './log.js';
import { field } from './plant.js';
import { SecureMember, type Surroundings } from './member.js';

export type Daemon = NetworkDaemon<SecureMember>;

export interface WorldOptions {
  readonly mode: Mode;
  /** What may differ in what the members say of each other. */
  readonly answers: 'same' | 'slow' | 'expiring' | 'differing' | 'revoking';
  readonly hostile: 'none' | 'daemon' | 'member' | 'both';
  readonly hasRekeys: boolean;
  readonly daemons: number;
  /** The id of a view may come again, after the group was empty or on the other side of a cut. */
  readonly repeatsIds: boolean;
}

/** A bug that is planted in all members, or in those of even numbers. */
export interface Bug {
  readonly name: string;
  /** Changes the cryptography that a member is given. */
  readonly provider?: (provider: Provider) => Provider;
  /** Changes one member. */
  readonly plant?: (member: SecureMember) => void;
}

export interface Planted {
  readonly bug: Bug;
  readonly in: 'all' | 'half';
}

export interface MemberStart {
  readonly isAuthorized: boolean;
  readonly isManual: boolean;
  readonly isLate: boolean;
  readonly isLiar: boolean;
  readonly skew: number;
  /** Seconds from now until its certificate runs out. */
  readonly certificate: number;
  readonly rejoins: boolean;
}

const SEAL_AFTER_MS = 2_000;
/** Time after which a world must be quiet. */
const QUIET_MS = 400_000;
const QUIET_STEPS = 60_000;
/** Steps in which what was sent before is through, and the view of each daemon alone. */
const FORGETTING_STEPS = 5_000;

export class SecureWorld extends SessionWorld<SecureMember> implements Surroundings {
  readonly tokens: TokenWorld;
  now = 1_700_000_000_000;
  /** All is mended: nobody lies, and all answers are at once and the same. */
  isMended = false;
  /** What went wrong inside. */
  private readonly faults: Violation[] = [];
  /** Identities that may be in the group, with the end of their certificates. */
  private readonly identities = new Map<string, { readonly isAllowed: boolean; readonly notAfter: number }>();
  private readonly hostile: HostileDaemon | null;
  private readonly revoked = new Map<string, number>();
  /** Members that were told a wrong vs set. */
  private readonly misled = new Set<SecureMember>();
  private messages = 0;
  private places = 0;
  private readonly said = new Set<string>();

  constructor(
    readonly options: WorldOptions,
    private readonly random: Random,
    tell: ((line: string) => void) | undefined,
    private readonly planted: Planted | null,
  ) {
    super(options.daemons, !options.repeatsIds, tell);
    this.tokens = new TokenWorld(random.fork());
    const isHostile = options.hostile === 'daemon' || options.hostile === 'both';
    this.hostile = isHostile ? new HostileDaemon(random.fork(), 0.02 + random.next() * 0.2) : null;
  }

  // What happens.

  start(daemon: Daemon, name: string, start: MemberStart): SecureMember {
    const number = this.members.length;
    const identity = this.tokens.pair();
    const secure = this.secureOptions(`#${name}#${daemon.name}`, identity, start);
    const isPlanted = this.planted !== null && (this.planted.in === 'all' || number % 2 === 0);
    const bug = isPlanted ? this.planted.bug : null;
    const plain = this.tokens.provider(secure.self);
    const provider = bug?.provider?.(plain) ?? plain;
    const liar = start.isLiar
      ? new Liar(this.random.fork(), provider, identity, 0.5, (...args) => this.tokens.forge(...args))
      : null;
    const member: SecureMember = new SecureMember(
      {
        number,
        isHonest: !start.isLiar,
        isServed: this.hostile === null || daemon.index !== 0,
        isAuthorized: start.isAuthorized,
        flushesLate: start.isLate,
        provider,
        secure,
        lie: liar && ((data) => (this.isMended ? [data] : liar.lie(member, data))),
      },
      this,
    );
    bug?.plant?.(member);
    member.skew = start.skew;
    const notAfter = secure.ownNotAfter;
    const key = hexOf(provider.publicKey(identity));
    this.identities.set(key, { isAllowed: start.isAuthorized, notAfter });
    this.tell?.(`${member.id} starts${start.isLiar ? ' and lies' : ''}${bug ? ' with the bug' : ''}`);
    member.join();
    this.connect(daemon, member);
    return member;
  }

  private secureOptions(self: string, identity: Pair, start: MemberStart): SecureOptions {
    return {
      group: GROUP,
      self,
      mode: this.options.mode,
      identity,
      credential: Buffer.alloc(0),
      ownNotAfter: Math.floor(this.now / 1000) + start.certificate,
      isManual: start.isManual,
      rejoins: start.rejoins,
      sealAfterMs: SEAL_AFTER_MS,
      rekeyAfterMs: this.options.hasRekeys ? 20_000 : Infinity,
      stalledAfterMs: 5 * SEAL_AFTER_MS,
    };
  }

  leave(member: SecureMember): void {
    if (member.leave()) this.tell?.(`${member.id} leaves`);
  }

  comeBack(member: SecureMember): void {
    if (member.join()) this.askJoin(member);
  }

  /** Nobody gives this member a key in a later view. */
  revoke(member: SecureMember): void {
    const { identity } = member.options.secure;
    const key = hexOf(this.tokens.provider('').publicKey(identity));
    if (!member.isAuthorized) return;
    this.tell?.(`${member.id} loses its authorisation`);
    this.identities.set(key, { isAllowed: false, notAfter: Infinity });
    this.revoked.set(member.id, this.nextPlace());
    member.isAuthorized = false;
    for (const log of member.logs) log.isAuthorized = false;
  }

  nextPlace(): number {
    return ++this.places;
  }

  submit(member: SecureMember, service: number, receivers: readonly string[] | null): void {
    this.guarded(() => member.submit(`m${++this.messages}`, service, receivers));
  }

  protected override handleOne(member: SecureMember): void {
    this.guarded(() => member.handleOne());
  }

  /** Time passes; what is due happens. */
  pass(ms: number): void {
    this.now += ms;
    for (const member of this.living) this.guarded(() => member.tick());
  }

  /** One late answer of the application of a member. */
  answerOne(member: SecureMember): void {
    const [question] = member.questions;
    if (question) this.guarded(() => member.answer(question, this.judge(question)));
  }

  /** Something old or changed gets a place in the order. */
  invent(): void {
    const data = this.hostile?.invented(this.living.map(({ id }) => id));
    const home = this.network.daemons[0];
    if (data && home) this.put(home, { ...data, body: Buffer.from(data.body) });
  }

  // The surroundings of members.

  authorize(member: SecureMember, request: AuthorizationRequest): Authorization | null {
    if (!this.isMended && this.options.answers === 'slow' && this.random.chance(0.3)) return null;
    const judged = this.judge(request);
    const isOff = !this.isMended && this.options.answers === 'differing' && this.random.chance(0.1);
    return isOff && member.id !== request.member
      ? { isAllowed: !judged.isAllowed, notAfter: Infinity }
      : judged;
  }

  private judge({ identity }: AuthorizationRequest): Authorization {
    return this.identities.get(hexOf(identity)) ?? { isAllowed: false, notAfter: Infinity };
  }

  send(from: SecureMember, data: PlainData): void {
    if (!from.isAlive) return;
    if (from.options.isHonest) this.watch(from, data);
    this.put(this.homeOf(from), data);
  }

  /** An honest member seals once in a view and epoch, and shares no key twice. */
  private watch({ id, machine }: SecureMember, { type, body }: PlainData): void {
    if (type !== SECURE_TYPE || body[0] !== 1) return;
    const view = field(machine, 'view') as { readonly number: number } | null;
    if (body[1] === KIND_SEAL)
      this.once(`SEAL of ${id} in ${view?.number}, epoch ${body.readUInt32LE(4)}`, 'SS11');
    if (body[1] === KIND_SHARE) this.once(`ephemeral key ${hexOf(body.subarray(8, 40))} of ${id}`, 'SS2');
  }

  private once(what: string, property: string): void {
    if (this.said.has(what)) this.faults.push({ property, text: `a second ${what}` });
    this.said.add(what);
  }

  served(member: SecureMember, data: PlainData): readonly PlainData[] {
    if (member.options.isServed || this.isMended || !this.hostile) return [data];
    return this.hostile.served(
      data,
      this.living.map(({ id }) => id),
    );
  }

  servedView(member: SecureMember, view: GroupView): GroupView {
    if (member.options.isServed || this.isMended || !this.random.chance(0.2)) return view;
    if (this.random.chance(0.5)) return { ...view, members: view.members.toReversed() };
    this.misled.add(member);
    return { ...view, cameWithMe: [...view.members] };
  }

  private guarded(act: () => void): void {
    try {
      act();
    } catch (error) {
      if (!(error instanceof Error) || !error.message.includes('came twice')) throw error;
      this.faults.push({ property: 'SS12', text: error.message });
    }
  }

  // The end.

  /** All is mended. @returns whether everybody has a key that may have one, in time */
  settle(): boolean {
    this.tell?.('all is mended');
    this.isMended = true;
    // A daemon that told a wrong vs set can stop the flush layer: it is forgotten with the view that ends it.
    if (this.hostile) {
      this.regroup(
        this.network.daemons.map((daemon) => [daemon]),
        theFirst,
      );
      for (let rounds = 0; rounds < FORGETTING_STEPS && this.round(); rounds++);
      // One that kept a change for its sake which the others dropped waits for them, and they for it, as long as it stays.
      for (const member of this.misled) if (member.isAlive && !member.isSettled) this.die(member);
    }
    this.regroup([this.network.daemons], theFirst);
    for (const member of this.members) {
      member.isLate = false;
      member.skew = 0;
      member.flushLate();
    }
    // What was keyed apart, or died of a wrong clock, needs a new view.
    const [first] = this.network.daemons;
    if (first && (this.options.answers !== 'same' || this.options.hostile !== 'none')) this.startLast(first);
    const end = this.now + QUIET_MS;
    for (let steps = 0; steps < QUIET_STEPS; steps++) {
      if (this.round()) continue;
      if (this.isQuiet) return true;
      const due = Math.min(...this.living.map(({ dueAt }) => dueAt));
      if (due > end) return false;
      this.pass(Math.max(0, due - this.now));
    }
    return false;
  }

  private startLast(daemon: Daemon): void {
    const start = {
      isManual: false,
      isLate: false,
      isLiar: false,
      skew: 0,
      certificate: Infinity,
      rejoins: true,
    };
    this.start(daemon, 'last', { ...start, isAuthorized: true });
  }

  /** @returns whether anything happened */
  round(): boolean {
    let isBusy = this.network.step();
    for (const member of this.living) {
      while (member.questions.length > 0) this.answerOne(member);
      isBusy ||= member.isWaiting;
      this.handle(member, 1000);
    }
    return isBusy;
  }

  /** Whether all that may be are in one secure view, with nothing in their hands. */
  private get isQuiet(): boolean {
    const due = this.living.filter((member) => member.isIn && this.mayBeIn(member));
    const ids = new Set<string>();
    for (const { machine } of due) {
      if (machine.state !== 'secure') return false;
      ids.add(hexOf(machine.id ?? new Uint8Array(0)));
    }
    return ids.size <= 1;
  }

  /** Whether a member gets a key in the end. */
  mayBeIn(member: SecureMember): boolean {
    const { isHonest, secure } = member.options;
    return member.isAuthorized && isHonest && secure.rejoins && secure.ownNotAfter >= this.now / 1000;
  }

  violations(isQuiet: boolean): Violation[] {
    for (const member of this.living) member.conclude();
    const found = [...this.faults, ...check(this.evidence)];
    if (!isQuiet) found.push({ property: 'SS6', text: this.stuck() });
    return found;
  }

  private stuck(): string {
    const states = this.living.map(({ id, machine }) => `${id} ${machine.state}`);
    return `not all have the key in time: ${states.join(', ')}`;
  }

  get evidence(): Evidence {
    const { tokens, options } = this;
    return {
      logs: this.members.flatMap(({ logs }) => logs),
      holdersOf: (id) => tokens.holdersOf(id),
      secretOf: (id) => tokens.secrets.get(id),
      doubles: tokens.doubles,
      revoked: this.revoked,
      mayDiffer: options.answers !== 'same' && options.answers !== 'expiring',
      mayRepeat: options.repeatsIds,
      hasLiars: options.hostile !== 'none',
    };
  }

  protected override describe(body: Buffer): string {
    return `${super.describe(body)}, kind ${body[1]}`;
  }
}
