/** A group as components see it. */
import type { DataEvent, GroupEvent } from '../../client/event.js';
import type { Group } from '../../client/group.js';
import type { Body, SendOptions } from '../../client/send.js';
import { errorOf } from '../../errors.js';
import { CONNECTION_CLOSED } from '../../wire/codes.js';
import { endingOf } from './ending.js';
import { type ConnectionSource, Store } from './store.js';

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
   * @throws ConnectionClosedError before it was joined, `error` once the daemon has ended the membership, and as `Group.send`
   */
  readonly send: (body: Body, options?: SendOptions) => Promise<void>;
}

/** What is called with a message of a group. */
export type MessageHandler = (message: DataEvent) => void;

/** A `send` of a group in which this is no member. */
const refusing = (why: () => Error) => (): Promise<void> => Promise.reject(why());

const JOINING: GroupState = {
  state: 'joining',
  members: [],
  me: null,
  isFirst: false,
  error: null,
  send: refusing(() => errorOf(CONNECTION_CLOSED, 'the group was not joined yet')),
};

export class GroupStore extends Store<GroupState> {
  /** Of all components that want messages. */
  readonly handlers = new Set<MessageHandler>();

  constructor(
    private readonly source: ConnectionSource,
    private readonly name: string,
  ) {
    super(source.clock, JOINING);
  }

  protected override async open(signal: AbortSignal): Promise<void> {
    const connection = await this.source.use(signal);
    const group = await connection.join(this.name, { signal });
    const send: GroupState['send'] = (body, options) => group.send(body, options);
    const show = (state: 'joined' | 'away'): void => {
      const { members } = group;
      const me = connection.id;
      if (!signal.aborted) this.show({ state, members, me, isFirst: members[0] === me, error: null, send });
    };
    const ending = endingOf(group);
    const onEvent = (event: GroupEvent): void => {
      if (event.kind === 'data') for (const handler of this.handlers) handler(event);
      else if (event.kind === 'view') show('joined');
      else if (event.kind === 'self-leave') onEnd(ending());
    };
    const onAway = (): void => this.showAway();
    const onBack = (): void => (group.isMember ? show('joined') : undefined);
    const onClose = (error: Error | undefined): void => this.show(this.failed(error ?? null));
    const stop = (): void => {
      group.off('event', onEvent);
      connection.off('reconnecting', onAway).off('resumed', onBack).off('close', onClose);
    };
    const onEnd = (error: Error): void => {
      stop();
      this.show({ ...this.failed(error), send: refusing(() => error) });
    };
    group.on('event', onEvent);
    connection.on('reconnecting', onAway).on('resumed', onBack).on('close', onClose);
    signal.addEventListener('abort', () => {
      stop();
      leave(group);
    });
    show('joined');
  }

  protected override failed(error: Error | null): GroupState {
    const { members, me, send } = this.snapshot();
    return { state: 'closed', members, me, isFirst: false, error, send };
  }

  private showAway(): void {
    this.show({ ...this.snapshot(), state: 'away' });
  }
}

const leave = (group: Group): void => void group.leave().catch(() => undefined);
