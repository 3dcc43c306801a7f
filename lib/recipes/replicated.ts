/** State that is the same at all members: commands go in, and everybody applies them in one order. */
import { Buffer } from '#buffer';
import { signalOf } from '../client/options.js';
import { aSignal, integerFrom, oneOf } from '../util/option-checks.js';
import type { Connection } from '../client/connection.js';
import { errorOf } from '../errors.js';
import { type Deferred, abortable, deferred } from '../util/deferred.js';
import { ILLEGAL_PARAM, MESSAGE_TOO_LONG } from '../wire/codes.js';
import { aSchema } from '../util/schema.js';
import type { StandardSchema } from '../util/standard-schema.js';
import { MAX_PAYLOAD_BYTES, MAX_PENDING_COMMANDS } from './core/limits.js';
import { type Machine, checkMachine } from './core/machines/machine.js';
import { machineOf } from './commands.js';
import { ReplicatedCore } from './core/replicated/core.js';
import { labelOf } from './core/replicated/label.js';
import type { Settled } from './core/replicated/submissions.js';
import { IncompatibleMemberError, ReadOnlyError, ResultUnknownError } from './errors.js';
import { type End, GroupBinding } from './group-binding.js';
import { aQuorum, aSilence, type WaitOptions, checkOptions, given } from './options.js';
import { Recipe, type RecipeEvents } from './recipe.js';
import { validText } from './schemas.js';
import { RestoreStream, Snapshots, type Supply } from './snapshots.js';
import { followed, followSubmit } from './tracing.js';

/** The options of `replicated`, and of the recipes built on it; each has a default. */
export interface ReplicatedOptions {
  /**
   * Members with the state that have to be together for commands to be applied. More than half of all there can ever
   * be: then nothing that a `submit` has reported is ever undone, however the network breaks. Without one every
   * component continues by itself, and where two meet again, the larger one's state stays, or both are merged.
   */
  readonly quorum?: number | undefined;
  /** How many members there can ever be at one time; default 2 * quorum - 1. Needed where `quorum` is more than a majority. */
  readonly maxMembers?: number | undefined;
  /** What `submit` does while nothing can be applied here: `wait`, the default, or `reject` with ReadOnlyError. */
  readonly whenReadOnly?: 'wait' | 'reject' | undefined;
  /** How long the others wait, once, for a member that does not answer; milliseconds, default 1000. */
  readonly silenceTimeoutMs?: number | undefined;
  /** Gives up joining. */
  readonly signal?: AbortSignal | undefined;
}

/** Events of replicated state, with their arguments. */
export interface ReplicatedEvents extends RecipeEvents {
  /** `hasState` or `isWritable` has changed. */
  status: [
    {
      /** As `Replicated.hasState`. */
      readonly hasState: boolean;
      /** As `Replicated.isWritable`. */
      readonly isWritable: boolean;
    },
  ];
  /**
   * Two components met and the other one's state won: this many commands applied here are undone. With a merge function
   * they come back with the merge. Never happens with a quorum.
   */
  'rolled-back': [commands: number];
  /** Giving, taking or merging a state failed in the machine: what it threw. Giving and taking are tried again. */
  'snapshot-error': [error: unknown];
}

/** The options of `replicated` with a schema. */
export interface TypedReplicatedOptions<Command, Input = Command> extends ReplicatedOptions {
  /**
   * Of the commands; it must answer at once, and the same everywhere. It belongs to the machine: what it does not accept is not
   * applied, so all members have the same one. A member without any leaves with an IncompatibleMemberError.
   */
  readonly schema: StandardSchema<Input, Command>;
}

export const REPLICATED_OPTIONS = {
  quorum: aQuorum,
  maxMembers: integerFrom(1),
  whenReadOnly: oneOf('wait', 'reject'),
  silenceTimeoutMs: aSilence,
  signal: aSignal,
};

const OPTIONS = { ...REPLICATED_OPTIONS, schema: aSchema };

/** With or without a schema. */
type CheckedOptions = ReplicatedOptions & { readonly schema?: StandardSchema | undefined };

/**
 * Joins the group with a state machine. Resolves when this member is in the group; `ready` tells when it has the state.
 * Commands and results are what JSON can hold; all members run the same machine with the same options.
 * @throws IllegalParamError, and what `Connection.join` throws
 */
export async function replicated<Command, Input, Result>(
  connection: Connection,
  group: string,
  machine: Machine<Command, Result>,
  options: TypedReplicatedOptions<Command, Input>,
): Promise<Replicated<Input, Result>>;
export async function replicated<Command, Result>(
  connection: Connection,
  group: string,
  machine: Machine<Command, Result>,
  options?: ReplicatedOptions,
): Promise<Replicated<Command, Result>>;
export async function replicated<Command, Result>(
  connection: Connection,
  group: string,
  machine: Machine<Command, Result>,
  options: CheckedOptions = {},
): Promise<Replicated<Command, Result>> {
  checkOptions(OPTIONS, options);
  checkMachine(machine);
  checkQuorum(options);
  if (options.quorum !== undefined && machine.merge)
    throw errorOf(ILLEGAL_PARAM, '`merge` and `quorum` exclude each other: with a quorum nothing is merged');
  return await Replicated.open(connection, group, machine, options);
}

function checkQuorum({ quorum, maxMembers }: ReplicatedOptions): void {
  if (maxMembers === undefined) return;
  if (quorum === undefined)
    throw errorOf(
      ILLEGAL_PARAM,
      '`maxMembers` requires `quorum`: it is the total that the quorum is counted against',
    );
  const least = Math.floor(maxMembers / 2) + 1;
  const right = least === maxMembers ? String(maxMembers) : `${least} to ${maxMembers}`;
  if (quorum > maxMembers || quorum < least)
    throw errorOf(
      ILLEGAL_PARAM,
      `with \`maxMembers: ${maxMembers}\` expected a quorum of ${right}, got ${quorum}`,
    );
}

/** A state machine that all members of a group run alike. Made by `replicated`. */
export class Replicated<Command, Result> extends Recipe<ReplicatedEvents> {
  /** @internal Called when `hasState`, `isWritable` or `isPartitioned` may have changed: not each change is one of `status`. */
  looked: () => void = () => undefined;
  private core!: ReplicatedCore;
  private snapshots!: Snapshots;
  private readonly waiting = new Map<number, Deferred<Result>>();
  private restoring: RestoreStream | null = null;
  private restored: Promise<void> = Promise.resolve();
  private status = { hasState: false, isWritable: false };
  private rejects = false;
  private quorum: number | undefined;
  private schema: StandardSchema | undefined;

  /** @internal */
  static async open<Command, Result>(
    connection: Connection,
    group: string,
    machine: Machine<Command, Result>,
    options: CheckedOptions,
  ): Promise<Replicated<Command, Result>> {
    const it = new Replicated<Command, Result>();
    it.rejects = options.whenReadOnly === 'reject';
    it.quorum = options.quorum;
    it.schema = options.schema;
    const seat = await GroupBinding.join(connection, group, options.signal, it.owner);
    it.binding = seat;
    it.host(seat, machine, options);
    return it;
  }

  /** @internal What this member claims is far above all others, and does not count. */
  doubted(member: string): void {
    this.binding.doubted(member);
  }

  /** @internal Id of this member. */
  get self(): string {
    return this.binding.self;
  }

  /** Whether this member has the state. Before that, what the machine shows is not the state of the group. */
  get hasState(): boolean {
    return this.core.hasState;
  }

  /**
   * Whether commands are applied now. Where they are not, a member with a quorum option may show the results of commands
   * that will turn out never to have been applied.
   */
  get isWritable(): boolean {
    return this.core.isWritable;
  }

  /** Whether this member is in a component that may not apply anything, and knows it. */
  get isPartitioned(): boolean {
    return this.core.isPartitioned;
  }

  /**
   * Whether this member is the first of its view: for work that one member does for all. False while the connection is lost. In
   * a network that is broken, each part has a first member.
   */
  get isFirst(): boolean {
    const { isMember, view } = this.binding.group;
    return isMember && view.myIndex === 0;
  }

  /** Commands applied since the first state, the same number at all members. */
  get position(): number {
    return this.core.position;
  }

  /**
   * Resolves with what the machine gives for the command, when it is applied here.
   * @throws what the machine throws, ReadOnlyError, ResultUnknownError, IllegalParamError, InvalidValueError for what the schema does
   * not accept, MessageTooLongError, ConnectionClosedError, or the signal's reason: then the command may be applied all the same if it was on its way
   */
  async submit(command: Command, options: WaitOptions = {}): Promise<Result> {
    return await this.submitText(validText(this.schema, command, 'the command'), options);
  }

  /** @internal A command that is JSON already. */
  submitText(text: string, options: WaitOptions = {}): Promise<Result> {
    const body = Buffer.from(text);
    const submit = (traceparent?: string): Promise<Result> => this.submitBody(body, options, traceparent);
    return followSubmit(this.binding, body.length, () => this.now(), submit);
  }

  private async submitBody(body: Buffer, options: WaitOptions, traceparent?: string): Promise<Result> {
    const signal = signalOf(options);
    signal?.throwIfAborted();
    if (this.hasEnded) throw this.closedError();
    if (body.length > MAX_PAYLOAD_BYTES)
      throw errorOf(MESSAGE_TOO_LONG, `payload is ${body.length} bytes, limit is ${MAX_PAYLOAD_BYTES}`);
    if (this.core.waiting >= MAX_PENDING_COMMANDS)
      throw errorOf(ILLEGAL_PARAM, `expected at most ${MAX_PENDING_COMMANDS} commands in progress`);
    if (this.rejects && !this.core.isWritable) throw new ReadOnlyError(this.whyReadOnly());
    const result = deferred<Result>();
    let ticket = 0;
    // The outcome comes through the order, so it never comes before the ticket.
    this.binding.input(() => {
      ticket = this.core.submit(body, traceparent);
      this.waiting.set(ticket, result);
    });
    try {
      return await abortable(result.promise, signal);
    } finally {
      if (this.waiting.delete(ticket)) this.core.withdraw(ticket);
    }
  }

  /** Waits until this member has the state. @throws ConnectionClosedError, or the signal's reason */
  async ready(options: WaitOptions = {}): Promise<void> {
    await this.until(() => this.core.hasState, signalOf(options));
  }

  /** Waits until commands are applied. @throws ConnectionClosedError, or the signal's reason */
  async writable(options: WaitOptions = {}): Promise<void> {
    await this.until(() => this.core.isWritable, signalOf(options));
  }

  /** @internal The promise, unless the group is left or the signal aborted first. */
  async whileOpen<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
    return await this.orEnd(promise, signal);
  }

  /** Whether the group was left, or the connection lost. */
  get isClosed(): boolean {
    return this.hasEnded;
  }

  private host(seat: GroupBinding, machine: Machine<Command, Result>, options: CheckedOptions): void {
    const onError = (error: unknown): void => void this.emit('snapshot-error', error);
    const supply: Supply = (...piece) => seat.input(() => this.core.supplied(...piece));
    this.snapshots = new Snapshots(supply, onError, seat.platform.clock);
    const { snapshots } = this;
    const { quorum, maxMembers, silenceTimeoutMs } = options;
    const label = labelOf({
      kind: machine.kind ?? 'machine',
      isChecked: options.schema !== undefined,
      quorum: quorum ?? null,
      maxMembers,
      merges: machine.merge !== undefined,
    });
    this.core = new ReplicatedCore(
      seat.self,
      seat.newInstance(),
      followed(seat, machineOf(machine, options.schema, onError)),
      {
        send: seat.send.bind(seat),
        sendTo: seat.sendTo.bind(seat),
        capture: (id) => snapshots.keep(id, machine.snapshot()),
        release: (id) => snapshots.release(id),
        supply: (id, to, offset, until, restart) => snapshots.give(id, to, offset, until, restart),
        contribute: (id) => void this.contribute(id).catch(onError),
        restoreBegin: () => this.restore(machine),
        restoreChunk: (data) => this.restoring?.push(data),
        restoreEnd: () => this.restoring?.finish(),
        restoreAbort: () => this.restoring?.giveUp(),
        settled: (ticket, outcome) => this.settled(ticket, outcome),
        rolledBack: (commands) => void this.emit('rolled-back', commands),
        // Behind the input that is under way.
        misfit: (theirs) => queueMicrotask(() => seat.fail(misfit(seat.group.name, theirs, label))),
        doubted: (member) => this.doubted(member),
        malformed: (member) => seat.malformed(member),
        changed: () => this.changed(),
      },
      {
        quorum: quorum ?? null,
        merges: machine.merge !== undefined,
        label,
        ...given({ maxMembers, silenceTimeoutMs }),
      },
    );
    seat.host(this.core);
    seat.checkPrivate();
  }

  private async contribute(id: string): Promise<void> {
    const bytes = await this.snapshots.whole(id);
    if (bytes) this.binding.input(() => this.core.contribution(id, bytes));
  }

  private restore(machine: Machine<Command, Result>): void {
    this.restoring?.giveUp();
    const restoring = new RestoreStream();
    this.restoring = restoring;
    this.restored = this.fill(machine, restoring, this.restored);
  }

  /** @param before the state before this one: a machine takes one at a time */
  private async fill(
    machine: Machine<Command, Result>,
    restoring: RestoreStream,
    before: Promise<void>,
  ): Promise<void> {
    await before;
    if (this.restoring !== restoring) return;
    let isSound = true;
    try {
      await machine.restore(restoring);
    } catch (error) {
      isSound = false;
      if (this.restoring === restoring && !restoring.isGivenUp) this.emit('snapshot-error', error);
    }
    if (this.restoring !== restoring || this.hasEnded) return;
    this.restoring = null;
    this.binding.input(() => this.core.restored(isSound));
  }

  private settled(ticket: number, outcome: Settled): void {
    const waiting = this.waiting.get(ticket);
    this.waiting.delete(ticket);
    if (outcome.kind === 'applied') waiting?.resolve(outcome.result as Result);
    else if (outcome.kind === 'failed') waiting?.reject(outcome.error as Error);
    else waiting?.reject(new ResultUnknownError('the command was applied, its result is not known here'));
  }

  private changed(): void {
    const { hasState, isWritable } = this.core;
    const before = this.status;
    if (before.hasState !== hasState || before.isWritable !== isWritable) {
      this.status = { hasState, isWritable };
      this.emit('status', this.status);
    }
    this.looked();
  }

  private async until(fact: () => boolean, signal: AbortSignal | undefined): Promise<void> {
    signal?.throwIfAborted();
    if (fact()) return;
    const found = deferred<void>();
    const look = (): void => {
      if (fact()) found.resolve();
    };
    this.on('status', look);
    try {
      await this.orEnd(found.promise, signal);
    } finally {
      this.off('status', look);
    }
  }

  protected override end(end: End): void {
    this.restoring?.giveUp();
    this.restoring = null;
    this.snapshots.clear();
    super.end(end);
    for (const waiting of this.waiting.values()) waiting.reject(this.closedError());
    this.waiting.clear();
  }

  /** How many of those here have the state is not known to all of them. */
  private whyReadOnly(): string {
    const { quorum } = this;
    const here = this.binding.group.members.length;
    const now = 'no command can be applied here now';
    if (this.isSuspended) return `${now}: the connection is lost, and looks for a daemon`;
    if (quorum !== undefined && here < quorum)
      return `${now}: ${here} of the ${quorum} members that are needed ${here === 1 ? 'is' : 'are'} here`;
    if (!this.core.hasState) return `${now}: this member does not have the state yet: wait for ready()`;
    return `${now}: the members here have to agree first: wait for writable()`;
  }
}

const misfit = (group: string, theirs: string, ours: string): IncompatibleMemberError =>
  new IncompatibleMemberError(`the group ${group} holds ${theirs}, and this member brings ${ours}`);
