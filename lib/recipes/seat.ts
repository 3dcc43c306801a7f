/** The place of one recipe in its group: feeds its core what happens there, in order, and the time. */
import type { Buffer } from 'node:buffer';
import { errorOf } from '../errors.js';
import type { Connection } from '../group/connection.js';
import type { DataEvent, GroupEvent } from '../group/event.js';
import type { Group } from '../group/group.js';
import { ILLEGAL_PARAM } from '../wire/codes.js';
import type { Post, RecipeCore } from './core/port.js';
import { opened, sealed } from './core/private.js';

/** Longest time that a timer can be set to. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** Groups in which a recipe sits. */
const taken = new WeakSet<Group>();

/** Milliseconds since 1970; within one process it never goes back. */
export const now = (): number => performance.timeOrigin + performance.now();

export class Seat implements Post {
  private core: RecipeCore | null = null;
  private timer: NodeJS.Timeout | undefined;
  private hasEnded = false;

  private constructor(
    readonly connection: Connection,
    readonly group: Group,
    private readonly ended: (error: Error | undefined) => void,
  ) {}

  /**
   * Joins the group. @param ended called once when the group was left or the connection is gone, with its error
   * @throws IllegalParamError when another recipe or listener has the group, and what `Connection.join` throws
   */
  static async take(
    connection: Connection,
    name: string,
    signal: AbortSignal | undefined,
    ended: (error: Error | undefined) => void,
  ): Promise<Seat> {
    const group = await connection.join(name, { signal });
    if (taken.has(group) || group.listenerCount('event') > 0)
      throw errorOf(ILLEGAL_PARAM, `${name} is in use: each recipe has a group of its own`);
    taken.add(group);
    return new Seat(connection, group, ended);
  }

  get self(): string {
    return this.connection.privateName;
  }

  /** From here on the core gets its inputs, from the first view on. */
  host(core: RecipeCore): void {
    this.core = core;
    this.group.on('event', this.onEvent);
    this.connection.on('message', this.onPrivate);
    this.connection.on('close', this.end);
  }

  /** An input that does not come from the group. */
  act(input: (now: number) => void): void {
    input(now());
    this.arm();
  }

  send(body: Buffer, service: 'agreed' | 'safe'): void {
    // What does not get out is answered by the end of the connection.
    if (!this.hasEnded) this.group.send(body, { service }).catch(() => undefined);
  }

  sendTo(privateName: string, body: Buffer): void {
    const { connection, group, hasEnded } = this;
    if (!hasEnded) connection.sendTo(privateName, sealed(group.name, body)).catch(() => undefined);
  }

  async leave(): Promise<void> {
    await this.group.leave();
    this.end(undefined);
  }

  private readonly onEvent = (event: GroupEvent): void => {
    const { core } = this;
    if (!core || this.hasEnded) return;
    if (event.kind === 'self-leave') return this.end(undefined);
    this.act((time) => {
      if (event.kind === 'data') core.message(event.sender, event.body, time);
      else if (event.kind === 'view') core.view(event, time);
      else core.transition(time);
    });
  };

  private readonly onPrivate = ({ sender, body }: DataEvent): void => {
    const { core } = this;
    const message = opened(this.group.name, body);
    if (core && message && !this.hasEnded) this.act((time) => core.message(sender, message, time));
  };

  private readonly end = (error: Error | undefined): void => {
    if (this.hasEnded) return;
    this.hasEnded = true;
    clearTimeout(this.timer);
    this.group.off('event', this.onEvent);
    this.connection.off('message', this.onPrivate);
    this.connection.off('close', this.end);
    this.core?.left(now());
    this.ended(error);
  };

  private arm(): void {
    clearTimeout(this.timer);
    const { core } = this;
    if (!core || this.hasEnded || core.dueAt === Infinity) return;
    const wait = Math.min(Math.max(0, Math.ceil(core.dueAt - now())), LONGEST_TIMER_MS);
    this.timer = setTimeout(() => this.act((time) => core.tick(time)), wait).unref();
  }
}
