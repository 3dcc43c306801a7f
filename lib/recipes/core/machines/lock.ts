/** A lock: one holder at a time, the others wait in their order. It passes on when its holder is no member any more. */
import type { CommandInfo } from '../replicated/replica.js';
import { errorOf } from '../../../errors.js';
import { ILLEGAL_PARAM } from '../../../wire/codes.js';
import { isFarAbove, isTimeFarAbove } from '../../../primary/claims.js';
import { MAX_LOCK_REQUESTS, MAX_TERM } from '../limits.js';
import { isCount, isListOf, SmallMachine } from './machine.js';

export type LockCommand =
  /** A process has begun: what an earlier one of its name held is free. */
  | { readonly op: 'begin'; readonly instance: number; readonly now: number }
  | { readonly op: 'acquire'; readonly instance: number; readonly request: number; readonly now: number }
  /** Gives the lock back, or the wait for it up. */
  | { readonly op: 'release'; readonly instance: number; readonly request: number };

export interface Claim {
  /** Id. */
  readonly member: string;
  readonly instance: number;
  readonly request: number;
  /** Milliseconds since 1970 at the one who asks, so that tokens grow over restarts of everybody; as far as it counts. */
  readonly now: number;
}

/** What the clock of a member showed when it was last heard of. */
interface Clock {
  readonly member: string;
  readonly now: number;
}

/** One wish for the lock, by one process of one member. */
export type Request = Pick<Claim, 'member' | 'instance' | 'request'>;

export const isOf = (claim: Claim | null, { member, instance, request }: Request): boolean =>
  claim?.member === member && claim.instance === instance && claim.request === request;

interface LockState {
  /** The fencing token of the newest holder. */
  token: number;
  holder: Claim | null;
  waiting: Claim[];
  clocks: Clock[];
}

const isClock = ({ member, now }: Record<string, unknown>): boolean =>
  typeof member === 'string' && isCount(now);

const isClaim = (claim: Record<string, unknown>): boolean =>
  isClock(claim) && isCount(claim['instance']) && isCount(claim['request']);

export class LockMachine extends SmallMachine<LockState, LockCommand, void> {
  readonly kind = 'lock';
  /** Called when the time that a member claims is far above that of all others, and of the last token: it does not count. */
  doubted: (member: string, now: number) => void = () => undefined;

  get holder(): Claim | null {
    return this.state.holder;
  }

  get token(): number {
    return this.state.token;
  }

  get waiting(): readonly Claim[] {
    return this.state.waiting;
  }

  /** Whether the one who asked has the lock or waits for it. */
  knows(asked: Request): boolean {
    const { holder, waiting } = this.state;
    return isOf(holder, asked) || waiting.some((claim) => isOf(claim, asked));
  }

  present(members: readonly string[]): void {
    const names = new Set(members);
    this.state.clocks = this.state.clocks.filter(({ member }) => names.has(member));
    this.keep(({ member }) => names.has(member));
    this.changed();
  }

  protected first(): LockState {
    return { token: 0, holder: null, waiting: [], clocks: [] };
  }

  protected isState(state: unknown): state is LockState {
    const { token, holder, waiting, clocks } = Object(state) as Record<string, unknown>;
    return (
      isCount(token) &&
      isListOf(holder === null ? [] : [holder], isClaim) &&
      isListOf(waiting, isClaim) &&
      isListOf(clocks, isClock)
    );
  }

  protected isCommand(command: unknown): command is LockCommand {
    const { op, instance, request, now } = Object(command) as Record<string, unknown>;
    if (!isCount(instance)) return false;
    if (op === 'begin') return Number.isFinite(now);
    return isCount(request) && (op === 'release' || (op === 'acquire' && Number.isFinite(now)));
  }

  protected act(command: LockCommand, { sender }: CommandInfo): void {
    const { instance } = command;
    if (command.op === 'begin') {
      this.counted(sender, command.now);
      this.keep((claim) => claim.member !== sender || claim.instance === instance);
    } else if (command.op === 'release') {
      const released = { member: sender, instance, request: command.request };
      this.keep((claim) => !isOf(claim, released));
    } else {
      const { request } = command;
      if (this.knows({ member: sender, instance, request })) return;
      this.checkRoom(sender);
      const now = this.counted(sender, command.now);
      this.state.waiting.push({ member: sender, instance, request, now });
    }
    this.pass();
  }

  /** @throws IllegalParamError when it has asked too often already */
  private checkRoom(sender: string): void {
    const { holder, waiting } = this.state;
    const own = [holder, ...waiting].filter((claim) => claim?.member === sender).length;
    if (own >= MAX_LOCK_REQUESTS)
      throw errorOf(ILLEGAL_PARAM, `expected at most ${MAX_LOCK_REQUESTS} requests of one member at a time`);
  }

  /** Hears what a clock shows. @returns what counts of it */
  private counted(member: string, shown: number): number {
    const { state } = this;
    const now = Math.min(Math.max(0, Math.floor(shown)), MAX_TERM);
    const others = state.clocks.filter((clock) => clock.member !== member);
    state.clocks = [...others, { member, now }];
    const times = others.map((clock) => clock.now);
    // A token was granted. Where the lock was not used for long, it alone is below the clocks, and that is enough.
    const isFar = state.token > 0 ? isFarAbove(now, [...times, state.token]) : isTimeFarAbove(now, times);
    if (!isFar) return now;
    this.doubted(member, now);
    return Math.max(0, ...times);
  }

  private keep(stays: (claim: Claim) => boolean): void {
    const { state } = this;
    state.waiting = state.waiting.filter(stays);
    if (state.holder && !stays(state.holder)) state.holder = null;
    this.pass();
  }

  private pass(): void {
    const { state } = this;
    if (state.holder) return;
    const next = state.waiting.shift();
    if (!next) return;
    state.holder = next;
    state.token = Math.max(state.token + 1, next.now);
  }
}
