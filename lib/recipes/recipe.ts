/** What all recipes have in common for their users: events, loops, leaving, the end. */
import { errorOf } from '../errors.js';
import { AsyncQueue } from '../util/async-queue.js';
import { abortable, type Deferred, deferred } from '../util/deferred.js';
import { Emitter } from '../client/event-fanout.js';
import { CONNECTION_CLOSED } from '../wire/codes.js';
import { LeftGroupError } from './errors.js';
import type { BindingOwner, End, GroupBinding } from './group-binding.js';

/** Events of every recipe, with their arguments. */
export interface RecipeEvents {
  /** It is over: the group was left, or, with an error, the connection was lost or this member cannot stay. Comes once. */
  close: [Error | undefined];
  /** The connection is lost and looks for a daemon: what this recipe shows is of the time before. */
  suspended: [];
  /** The connection is back, and this member in the group. */
  resumed: [];
}

/**
 * A recipe that sits in a group of its own. It reads the group whether or not anybody listens to it, so it never makes
 * its connection stand still. A listener that throws causes an uncaught exception and stops nothing else.
 */
export abstract class Recipe<Events extends RecipeEvents> extends Emitter<Events> implements AsyncDisposable {
  private place: GroupBinding | null = null;
  private readonly over: Deferred<never> = deferred();
  private readonly gone: Deferred<Error | undefined> = deferred();
  private how: End | null = null;

  /**
   * Resolves when it is over: with nothing when the group was left, with the error when the connection was lost or this
   * member cannot stay.
   */
  get closed(): Promise<Error | undefined> {
    return this.gone.promise;
  }

  /**
   * Whether the connection is lost and looks for a daemon, on a connection that reconnects. What the recipe shows is of the
   * time before; what waits continues when the connection is back.
   */
  get isSuspended(): boolean {
    return this.place?.isSuspended ?? false;
  }

  /** @internal How it ends; known before anything else is heard of the end. */
  get ending(): End | null {
    return this.place?.ending ?? null;
  }

  /** @internal Milliseconds since 1970, see `GroupBinding`. */
  now(): number {
    return this.binding.now();
  }

  /** @internal A number that nobody else has, see `GroupBinding`. */
  newInstance(): number {
    return this.binding.newInstance();
  }

  /** Leaves the group. */
  async leave(): Promise<void> {
    await this.place?.leave();
  }

  /** Leaves the group. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.leave();
  }

  /** @internal */
  get binding(): GroupBinding {
    if (!this.place) throw errorOf(CONNECTION_CLOSED, 'not yet in the group');
    return this.place;
  }

  /** @internal */
  protected set binding(seat: GroupBinding) {
    this.place = seat;
  }

  protected get hasEnded(): boolean {
    return this.how !== null;
  }

  /** The error for calls made after the recipe ended. */
  protected closedError(): Error {
    return this.how?.error ?? new LeftGroupError(this.how?.text ?? 'not in the group');
  }

  /** @internal What becomes of the seat. */
  protected get owner(): BindingOwner {
    return {
      ended: (end) => this.end(end),
      suspended: (isSuspended) =>
        void (this as unknown as Recipe<RecipeEvents>).emit(isSuspended ? 'suspended' : 'resumed'),
    };
  }

  /** Called once by the seat. */
  protected end(how: End): void {
    this.how = how;
    this.over.reject(this.closedError());
    (this as unknown as Recipe<RecipeEvents>).emit('close', how.error);
    this.gone.resolve(how.error);
  }

  /** The promise, unless the recipe ends or `signal` aborts first. */
  protected async orEnd<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
    return await abortable(Promise.race([promise, this.over.promise]), signal);
  }

  protected override attached(): void {
    // Events are not kept for late listeners: what is so can be asked for.
  }

  /** Every value that `subscribe` hands out, until the end; throws when the connection is lost. */
  protected loop<T>(subscribe: (take: (value: T) => void) => () => void): AsyncIterableIterator<T> {
    const queue = new AsyncQueue<T>();
    if (this.how) queue.end(this.how.error);
    const onClose = (error: Error | undefined): void => queue.end(error);
    const unsubscribe = subscribe((value) => queue.push(value));
    const base = this as unknown as Recipe<RecipeEvents>;
    base.on('close', onClose);
    return queue.loop(() => {
      unsubscribe();
      base.off('close', onClose);
    });
  }
}
