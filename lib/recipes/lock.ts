/** A lock that one member of a group holds at a time. */
import { signalOf } from '../client/options.js';
import type { Connection } from '../client/connection.js';
import { isFarAbove } from '../primary/claims.js';
import { type Claim, type LockCommand, LockMachine, isOf } from './core/machines/lock.js';
import { LockEndedError, ResultUnknownError } from './errors.js';
import type { End } from './group-binding.js';
import { checkOptions, type WaitOptions } from './options.js';
import { ConditionWaiter, ReplicatedObject, Withdrawals } from './replicated-object.js';
import { type Replicated, REPLICATED_OPTIONS, type ReplicatedOptions, replicated } from './replicated.js';
import { followLock } from './tracing.js';

/** @throws as `replicated` */
export async function lock(
  connection: Connection,
  group: string,
  options: ReplicatedOptions = {},
): Promise<Lock> {
  checkOptions(REPLICATED_OPTIONS, options);
  const machine = new LockMachine();
  return new Lock(await replicated(connection, group, machine, options), machine);
}

/** A lock that this member holds, until it is released or lost. */
export class HeldLock implements AsyncDisposable {
  private readonly lost = new AbortController();

  /** @internal */
  constructor(
    /** The fencing token: greater than that of every holder before. Hand it to whatever the lock protects. */
    readonly token: number,
    /** @internal */
    readonly request: number,
    private readonly giveBack: () => Promise<void>,
  ) {}

  /**
   * Aborted when the lock is not held any more: released, or lost with the quorum or the connection. Its reason is a
   * LockEndedError that says which.
   */
  get signal(): AbortSignal {
    return this.lost.signal;
  }

  /** Gives the lock back. Does nothing when it is lost already. */
  async release(): Promise<void> {
    if (this.signal.aborted) return;
    this.end(new LockEndedError('the lock was released'));
    await this.giveBack();
  }

  /** Gives the lock back. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.release();
  }

  /** @internal */
  end(why: LockEndedError): void {
    this.lost.abort(why);
  }
}

/**
 * Held by one member at a time; the others wait in the order in which they asked. The lock of a member that leaves or is
 * lost passes on. With a quorum it is never held twice: what parts a member from the majority takes its lock.
 *
 * A process that was stopped may believe for a moment that it still holds the lock. Hand the token to whatever the lock
 * protects, and let that refuse a token below the highest it has seen.
 */
export class Lock extends ReplicatedObject<LockCommand, void> {
  private readonly instance: number;
  private readonly held = new Map<number, HeldLock>();
  /** Requests that somebody here waits for. */
  private readonly wanted = new Set<number>();
  /** By request; `begin` for those of earlier processes. */
  private readonly withdrawals: Withdrawals<number | 'begin', LockCommand>;
  private readonly watch = new ConditionWaiter();
  private requests = 0;

  /** @internal */
  constructor(
    replica: Replicated<LockCommand, void>,
    private readonly machine: LockMachine,
  ) {
    super(replica);
    this.instance = replica.newInstance();
    this.withdrawals = new Withdrawals(replica, () => this.clear());
    machine.changed = () => this.look();
    // A lock that was not used for long is behind all clocks: only here it can be told which of them is wrong.
    machine.doubted = (member, shown) => {
      if (isFarAbove(shown, [replica.now()])) replica.doubted(member);
    };
    replica.looked = () => this.look();
    replica.on('close', () => this.drop());
    this.begin();
  }

  /** Id of the holder, as this member knows it. */
  get holder(): string | null {
    return this.machine.holder?.member ?? null;
  }

  /** Members that wait for it. */
  get waiting(): readonly string[] {
    return this.machine.waiting.map(({ member }) => member);
  }

  /**
   * Waits for the lock. Acquiring twice queues twice: the second waits for the first to be released. A member that is
   * partitioned while it waits loses its place, and is the last in the queue when it is back.
   * @throws as `Replicated.submit`; an aborted wait is given up
   */
  async acquire(options: WaitOptions = {}): Promise<HeldLock> {
    return await followLock(this.replica.binding, () => this.wait(options));
  }

  private async wait(options: WaitOptions): Promise<HeldLock> {
    const signal = signalOf(options);
    signal?.throwIfAborted();
    const { instance } = this;
    const request = ++this.requests;
    this.wanted.add(request);
    const release = (): Promise<void> =>
      this.withdrawals.submit(request, { op: 'release', instance, request });
    try {
      for (;;) {
        await this.ask({ op: 'acquire', instance, request, now: this.replica.now() }, signal);
        const held = await this.taken(request, release, signal);
        if (held) return held;
      }
    } catch (error) {
      // It may have come through all the same; then it is not wanted any more.
      if (!this.replica.isClosed) release().catch(() => undefined);
      throw error;
    } finally {
      this.wanted.delete(request);
    }
  }

  /** Where nobody knows what became of it the state says whether it stands in the queue. */
  private async ask(command: LockCommand, signal: AbortSignal | undefined): Promise<void> {
    try {
      await this.replica.submit(command, { signal });
    } catch (error) {
      if (!(error instanceof ResultUnknownError)) throw error;
    }
  }

  /** Waits for the turn of a request; null when the others went on without this member and struck it off. */
  private async taken(
    request: number,
    release: () => Promise<void>,
    signal: AbortSignal | undefined,
  ): Promise<HeldLock | null> {
    const { instance, machine, replica } = this;
    const hasIt = (): boolean => replica.isWritable && this.isMine(machine.holder, request);
    const asked = { member: replica.self, instance, request };
    const isForgotten = (): boolean => replica.isWritable && !machine.knows(asked);
    // What was so when the wait ended need not be so any more: events go on before the one who waits is heard.
    while (!hasIt()) {
      if (isForgotten()) return null;
      await this.watch.until(
        () => hasIt() || isForgotten(),
        (found) => replica.whileOpen(found, signal),
      );
    }
    const held = new HeldLock(machine.token, request, release);
    this.held.set(request, held);
    return held;
  }

  private isMine(claim: Claim | null, request: number): boolean {
    return isOf(claim, { member: this.replica.self, instance: this.instance, request });
  }

  private look(): void {
    for (const [request, held] of this.held) {
      const { ending, hasState, isPartitioned, isSuspended } = this.replica;
      if (hasState && !isPartitioned && this.isMine(this.machine.holder, request)) continue;
      this.held.delete(request);
      const why = isPartitioned ? NO_QUORUM : STRUCK_OFF;
      held.end(lost(ending ?? (isSuspended ? NO_CONNECTION : why)));
    }
    this.clear();
    this.watch.look();
  }

  /**
   * Gives back what stands for this member and nobody here has or waits for: what was reported lost with the quorum, and
   * what has come back because the command that freed it is lost with the state in which it was applied.
   */
  private clear(): void {
    const { machine, replica, held, wanted, instance } = this;
    if (!replica.isWritable || replica.isClosed) return;
    const own = [machine.holder, ...machine.waiting].filter((claim) => claim?.member === replica.self);
    if (own.some((claim) => claim?.instance !== instance)) this.begin();
    for (const claim of own) {
      if (claim?.instance !== instance) continue;
      const { request } = claim;
      if (held.get(request)?.signal.aborted !== false && !wanted.has(request))
        this.withdrawals.once(request, { op: 'release', instance, request });
    }
  }

  /** What an earlier process of this name had is free. */
  private begin(): void {
    const { instance, replica, withdrawals } = this;
    withdrawals.once('begin', { op: 'begin', instance, now: replica.now() });
  }

  private drop(): void {
    for (const held of this.held.values()) held.end(lost(this.replica.ending ?? STRUCK_OFF));
    this.held.clear();
  }
}

const NO_QUORUM: End = { error: undefined, text: 'the quorum was lost' };
const NO_CONNECTION: End = { error: undefined, text: 'the connection to the daemon broke' };
const STRUCK_OFF: End = { error: undefined, text: 'the group continued without this member' };

const lost = ({ text, error }: End): LockEndedError =>
  new LockEndedError(`the lock is lost: ${text}`, error && { cause: error });
