/** A lock: one holder at a time, the others wait in their order. It passes on when its holder is no member any more. */
import type { CommandInfo } from '../replicated/replica.js';
import { MAX_TERM } from '../limits.js';
import { isCount, SmallMachine } from './small.js';

export type LockCommand =
  /** A process has begun: what an earlier one of its name held is free. */
  | { readonly op: 'begin'; readonly instance: number }
  | { readonly op: 'acquire'; readonly instance: number; readonly request: number; readonly now: number }
  /** Gives the lock back, or the wait for it up. */
  | { readonly op: 'release'; readonly instance: number; readonly request: number };

export interface Claim {
  /** Private name. */
  readonly member: string;
  readonly instance: number;
  readonly request: number;
  /** Milliseconds since 1970 at the one who asks, so that tokens grow over restarts of everybody. */
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
}

export class LockMachine extends SmallMachine<LockState, LockCommand, void> {
  readonly kind = 'lock';

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
    this.keep(({ member }) => names.has(member));
    this.changed();
  }

  protected first(): LockState {
    return { token: 0, holder: null, waiting: [] };
  }

  protected isCommand(command: unknown): command is LockCommand {
    const { op, instance, request, now } = Object(command) as Record<string, unknown>;
    if (!isCount(instance)) return false;
    if (op === 'begin') return true;
    return isCount(request) && (op === 'release' || (op === 'acquire' && Number.isFinite(now)));
  }

  protected act(command: LockCommand, { sender }: CommandInfo): void {
    const { instance } = command;
    if (command.op === 'begin') this.keep((claim) => claim.member !== sender || claim.instance === instance);
    else if (command.op === 'release') {
      const released = { member: sender, instance, request: command.request };
      this.keep((claim) => !isOf(claim, released));
    } else {
      const { request, now } = command;
      if (this.knows({ member: sender, instance, request })) return;
      this.state.waiting.push({
        member: sender,
        instance,
        request,
        now: Math.min(Math.max(0, Math.floor(now)), MAX_TERM),
      });
    }
    this.pass();
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
