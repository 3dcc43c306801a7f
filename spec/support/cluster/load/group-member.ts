/**
 * A client that is a member of one group, does something there now and then, and comes back when its connection is gone or
 * it has left; and what must be so when all of them rest.
 */
import { setTimeout as pause } from 'node:timers/promises';
import type { Group } from '../../../../lib/client/group.js';
import type { Random } from '../../random.js';
import { eventually } from '../../wait.js';
import type { ClusterNode } from '../node.js';

const RETRY_MS = 100;
const REST_LIMIT = 30_000;
const SETTLE_LIMIT = 60_000;

export abstract class GroupMember<G extends Group = Group> {
  protected isOver = false;
  private readonly loop: Promise<void>;

  /** @param idleMs longest pause between two deeds */
  constructor(
    protected readonly node: ClusterNode,
    protected readonly name: string,
    protected readonly random: Random,
    private readonly idleMs: number,
  ) {
    // Not before the fields of the class that this one is a part of.
    this.loop = Promise.resolve().then(() => this.run());
  }

  get id(): string {
    return `#${this.name}#${this.node.daemon}`;
  }

  /** The view with its members, in words; empty for one that is not a member. */
  abstract get view(): string;

  /** Sends one more message. @returns its text */
  abstract mark(): Promise<string>;

  /** Whether this message has come. */
  abstract has(text: string): boolean;

  protected abstract readonly group: G | null;

  /** In a new connection if need be. @throws Error when it does not work */
  protected abstract join(): Promise<void>;

  protected abstract deed(group: G): Promise<void>;

  protected abstract close(): Promise<void>;

  /** Does nothing more than it has to, and is a member. */
  async rest(): Promise<void> {
    this.isOver = true;
    await this.loop;
    const isMember = async (): Promise<boolean> => {
      if (!this.group?.isMember) await this.join().catch(() => undefined);
      return this.group?.isMember === true;
    };
    await eventually(isMember, `a membership of ${this.id}`, REST_LIMIT);
  }

  async end(): Promise<void> {
    this.isOver = true;
    await this.loop;
    await this.close();
  }

  private async run(): Promise<void> {
    while (!this.isOver) {
      const { group } = this;
      const deed = group?.isMember ? this.deed(group) : this.join();
      const isDone = await deed.then(
        () => true,
        () => false,
      );
      await pause(isDone ? this.random.below(this.idleMs) : RETRY_MS);
    }
  }
}

/** All of them rest in one view, and have heard each other there. @returns what is not so */
export async function gathered(all: readonly GroupMember[]): Promise<string[]> {
  await Promise.all(all.map((member) => member.rest()));
  const ids = all
    .map(({ id }) => id)
    .toSorted()
    .join(' ');
  const areTogether = (): boolean =>
    new Set(all.map(({ view }) => view)).size === 1 &&
    all[0]?.view.split(' ').slice(1).toSorted().join(' ') === ids;
  try {
    await eventually(areTogether, 'one view of all', SETTLE_LIMIT);
    // When everybody has heard everybody, nothing is on its way any more.
    const marks = await Promise.all(all.map((member) => member.mark()));
    const haveAll = (): boolean => all.every((member) => marks.every((text) => member.has(text)));
    await eventually(haveAll, 'a last message of all', SETTLE_LIMIT);
    return [];
  } catch (error) {
    const views = all.map(({ id, view }) => `${id} has ${view || 'no view'}`).join('; ');
    return [`${(error as Error).message}: ${views}`];
  }
}
