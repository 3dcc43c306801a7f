/** A group as components see it. */
import type { Connection } from '../../client/connection.js';
import type { DataEvent } from '../../client/event.js';
import type { Group } from '../../client/group.js';
import type { Body, SendOptions } from '../../client/send.js';
import { errorOf } from '../../errors.js';
import { CONNECTION_CLOSED } from '../../wire/codes.js';
import { Store } from './store.js';

/** What `useGroup` gives. */
export interface GroupState {
  /**
   * `joining`: not a member yet; `joined`; `away`: the connection is lost and looks for a daemon; `closed`: it is over, and `error`
   * says why: the connection is gone, or the daemon has ended the membership.
   */
  readonly state: 'joining' | 'joined' | 'away' | 'closed';
  /** Ids of the members, in the one order that all of them see; while `away` as they were. */
  readonly members: readonly string[];
  /** Id of this member; null before it is one. */
  readonly me: string | null;
  /** Whether this member is the first one. */
  readonly isFirst: boolean;
  /** Why it is closed; null otherwise. */
  readonly error: Error | null;
  /**
   * Sends to the group.
   * @throws ConnectionClosedError before it was joined, `error` once it is closed, and as `Group.send`
   */
  readonly send: (body: Body, options?: SendOptions) => Promise<void>;
}

/** What is called with a message of a group. */
export type MessageHandler = (message: DataEvent) => void;

const JOINING: GroupState = {
  state: 'joining',
  members: [],
  me: null,
  isFirst: false,
  error: null,
  send: () => Promise.reject(errorOf(CONNECTION_CLOSED, 'the group was not joined yet')),
};

export class GroupStore extends Store<GroupState, Group> {
  protected readonly initial = JOINING;
  /** Of all components that want messages. */
  readonly handlers = new Set<MessageHandler>();

  protected override join(connection: Connection, signal: AbortSignal): Promise<Group> {
    return connection.join(this.name, { signal });
  }

  protected override joined(group: Group, connection: Connection, signal: AbortSignal): void {
    const send: GroupState['send'] = (body, options) => group.send(body, options);
    const show = (): void => {
      const { members } = group;
      const me = connection.id;
      this.show({ state: 'joined', members, me, isFirst: members[0] === me, error: null, send });
    };
    this.hear(signal, group, {
      data: (message: DataEvent) => this.hand(message),
      view: show,
    });
    this.hearEnd(signal, group);
    this.hear(signal, connection, {
      reconnecting: () => this.show({ ...this.snapshot(), state: 'away' }),
      resumed: () => (group.isMember ? show() : undefined),
      close: (error?: Error) => this.end(error),
    });
    show();
  }

  /** One that throws has a defect, which keeps nothing from the others. */
  private hand(message: DataEvent): void {
    for (const handler of this.handlers)
      try {
        handler(message);
      } catch (error) {
        queueMicrotask(() => {
          throw error;
        });
      }
  }

  protected override failed(why: Error | null): GroupState {
    // Of one that was put out, a message would come as from outside.
    const send = (): Promise<void> => Promise.reject(why);
    return { ...this.snapshot(), state: 'closed', isFirst: false, error: why, send };
  }
}
