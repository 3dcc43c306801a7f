/**
 * Members of a secure group on a flush layer that the test plays: it says when which view comes, and when which message of
 * the one order reaches whom. Time is virtual, and cryptography is made of tokens.
 */
import { Buffer } from 'node:buffer';
import type { Authorization } from '../../lib/secure/core/agreement.js';
import { contextOf, type Mode } from '../../lib/secure/core/context.js';
import { SECURE_TYPE } from '../../lib/secure/core/limits.js';
import { SecureMachine } from '../../lib/secure/core/machine.js';
import { encodeSeal, readSeal, type SealFields } from '../../lib/secure/core/messages.js';
import type {
  AuthorizationRequest,
  Cause,
  Dropped,
  FlushedView,
  SecureEvent,
  SecureFrame,
  SecureOptions,
  SecureSink,
} from '../../lib/secure/core/port.js';
import type { Pair, Provider } from '../../lib/secure/core/provider.js';
import type { GroupId } from '../../lib/wire/group-id.js';
import { Random } from '../support/random.js';
import { hexOf, TokenWorld } from './token-provider.js';

export const GROUP = 'vault';
export const AGREED = 16;

const ALLOWED: Authorization = { isAllowed: true, notAfter: Infinity };

/** What a member did of its own accord. */
export type Act = 'flush' | 'rejoin';

export class BenchMember implements SecureSink {
  readonly machine: SecureMachine;
  readonly identity: Pair;
  readonly provider: Provider;
  readonly mode: Mode;
  readonly events: SecureEvent[] = [];
  readonly dropped: Dropped[] = [];
  readonly acts: Act[] = [];
  readonly asked: AuthorizationRequest[] = [];
  /** Answers to `authorize`; null: later. */
  judge: (request: AuthorizationRequest) => Authorization | null = () => ALLOWED;
  /** The flush layer takes messages. */
  isOpen = true;
  /** How far its clock is off. */
  skew = 0;
  /** What it was handed of the order. */
  at = 0;

  constructor(
    readonly name: string,
    readonly group: FlushedGroup,
    options: Partial<SecureOptions> = {},
  ) {
    const { tokens } = group;
    this.identity = tokens.pair();
    this.provider = tokens.provider(name);
    this.mode = options.mode ?? 'group';
    this.machine = new SecureMachine(
      this.provider,
      {
        group: GROUP,
        self: name,
        mode: 'group',
        identity: this.identity,
        credential: Buffer.alloc(0),
        ownNotAfter: Infinity,
        isManual: false,
        rejoins: true,
        sealAfterMs: 2_000,
        rekeyAfterMs: Infinity,
        stalledAfterMs: 10_000,
        ...options,
      },
      this,
    );
  }

  maySend(view: GroupId): boolean {
    return this.isOpen && view === this.group.gidOf(this.name);
  }

  transmit(service: number, receivers: readonly string[] | null, body: Uint8Array): void {
    const groups = receivers ? [...receivers, GROUP] : [GROUP];
    this.group.order({ sender: this.name, service, groups, body, type: SECURE_TYPE });
  }

  flush(): void {
    this.acts.push('flush');
    this.isOpen = false;
  }

  rejoin(): void {
    this.acts.push('rejoin');
  }

  authorize(request: AuthorizationRequest): Authorization | null {
    this.asked.push(request);
    return this.judge(request);
  }

  deliver(event: SecureEvent): void {
    this.events.push(event);
  }

  drop(reason: Dropped): void {
    this.dropped.push(reason);
  }

  clock(): number {
    return Math.floor(this.group.now / 1000) + this.skew;
  }

  /** Events of a kind, in order. */
  of<K extends SecureEvent['kind']>(kind: K): Extract<SecureEvent, { kind: K }>[] {
    return this.events.filter((event): event is Extract<SecureEvent, { kind: K }> => event.kind === kind);
  }

  /** The last event of a kind. */
  last<K extends SecureEvent['kind']>(kind: K): Extract<SecureEvent, { kind: K }> | undefined {
    return this.of(kind).at(-1);
  }

  send(text: string, service = AGREED, receivers: readonly string[] | null = null): void {
    this.machine.send(service, 7, Buffer.from(text), receivers);
  }

  /** Texts that were handed out. */
  get texts(): string[] {
    return this.of('data').map(({ sender, body }) => `${sender.slice(1, 4)} ${body.toString()}`);
  }
}

export class FlushedGroup {
  readonly tokens: TokenWorld;
  readonly members = new Map<string, BenchMember>();
  now = 1_700_000_000_000;
  /** All messages of the present view, in their order. */
  frames: SecureFrame[] = [];
  private gids = 0;
  private readonly views = new Map<string, GroupId>();

  constructor(
    names: readonly string[],
    options: Partial<SecureOptions> | ((name: string) => Partial<SecureOptions>) = {},
  ) {
    this.tokens = new TokenWorld(new Random(1));
    for (const name of names) this.add(name, typeof options === 'function' ? options(name) : options);
  }

  add(name: string, options: Partial<SecureOptions> = {}): BenchMember {
    const member = new BenchMember(name, this, options);
    this.members.set(name, member);
    return member;
  }

  member(name: string): BenchMember {
    const member = this.members.get(name);
    if (!member) throw new Error(`no member ${name}`);
    return member;
  }

  gidOf(name: string): GroupId | undefined {
    return this.views.get(name);
  }

  /** A message takes its place in the order. */
  order(frame: SecureFrame): void {
    this.frames.push(frame);
  }

  /** Installs a view at its members; what was on the way is gone. */
  install(
    names: readonly string[],
    cause: Cause = 'network',
    changed: string | null = null,
    {
      gid = this.newGid(),
      isThrough = true,
      came = null as ((name: string) => readonly string[]) | null,
    } = {},
  ): void {
    const before = new Map(names.map((name) => [name, this.lastMembers.get(name)]));
    this.frames = [];
    for (const name of names) {
      const member = this.member(name);
      const old = before.get(name);
      // Those whose last view was the same one come along.
      const along =
        came?.(name) ??
        (old ? old.filter((each) => names.includes(each) && before.get(each) === old) : [name]);
      member.at = 0;
      member.isOpen = true;
      this.views.set(name, gid);
      this.lastMembers.set(name, names);
      const view: FlushedView = { id: gid, cause, members: names, changed, cameWithMe: along };
      member.machine.flushedView(view, this.now);
    }
    if (isThrough) this.settle(...names);
  }

  private readonly lastMembers = new Map<string, readonly string[]>();

  newGid(): GroupId {
    return [1, 2, ++this.gids];
  }

  settle(...names: readonly string[]): void {
    for (const name of names) this.member(name).machine.settle(this.now);
  }

  /** The member has left, or was lost to the group. */
  leave(name: string): void {
    this.member(name).machine.selfLeave();
    this.views.delete(name);
    this.lastMembers.delete(name);
  }

  /** Hands one member the next message. @returns whether there was one */
  step(name: string): boolean {
    const member = this.member(name);
    const frame = this.frames[member.at];
    if (!frame || !this.views.has(name)) return false;
    member.at++;
    const isForIt = frame.groups.length === 1 || frame.groups.includes(name);
    if (isForIt) member.machine.data(frame, this.now);
    return true;
  }

  /** Hands these members, or all, everything that is on the way. */
  run(...names: readonly string[]): void {
    const some = names.length > 0 ? names : [...this.members.keys()];
    for (let isMoving = true; isMoving;) {
      isMoving = false;
      for (const name of some) if (this.step(name)) isMoving = true;
    }
  }

  /** Time passes, in steps of what is due. */
  pass(ms: number): void {
    const end = this.now + ms;
    for (;;) {
      const due = Math.min(...[...this.members.values()].map(({ machine }) => machine.dueAt));
      if (due > end) break;
      this.now = Math.max(this.now, due);
      for (const { machine } of this.members.values()) if (machine.dueAt <= this.now) machine.tick(this.now);
      this.run();
    }
    this.now = end;
  }

  /** A SEAL with other contents and a good signature: what a hostile member can make. */
  resealed(frame: SecureFrame, alter: (seal: SealFields) => SealFields): SecureFrame {
    const { identity, provider, mode, name } = this.member(frame.sender);
    const members = this.lastMembers.get(name) ?? [];
    const seal = readSeal(frame.body, members.length);
    const gid = this.gidOf(name);
    if (!seal || !gid) throw new Error('not a SEAL of this view');
    const context = contextOf(provider, { mode, group: GROUP, gid, epoch: seal.epoch, members });
    return { ...frame, body: encodeSeal(provider, identity, context, name, alter(seal)) };
  }

  /** What the members are, short: `ann secure 3`. */
  get states(): string[] {
    return [...this.members.values()].map(({ name, machine }) => `${name.slice(1, 4)} ${machine.state}`);
  }

  /** Whether these members are in one secure view that is theirs alone. */
  areTogether(names: readonly string[]): boolean {
    const ids = new Set(names.map((name) => hexOf(this.member(name).machine.id ?? new Uint8Array(0))));
    const [id = ''] = ids;
    return (
      ids.size === 1 &&
      id !== '' &&
      [...this.tokens.holdersOf(id)].toSorted().join() === names.toSorted().join()
    );
  }
}

export { hexOf };
