/** Who leads, as components see it. */
import { election } from '../../recipes/election.js';
import { endingOf } from './ending.js';
import { type ConnectionSource, Store } from './store.js';

/** What `useLeader` gives. */
export interface LeaderState {
  /** Id of the member that leads; null while there is none. */
  readonly leader: string | null;
  /** Whether this member leads. */
  readonly isLeader: boolean;
  /** Fencing token of the lead; null while there is none. */
  readonly term: number | null;
  /** Why it is over; null otherwise. */
  readonly error: Error | null;
}

const NOBODY: LeaderState = { leader: null, isLeader: false, term: null, error: null };

const EVENTS = ['elected', 'leader-lost', 'suspended', 'resumed'] as const;

export class LeaderStore extends Store<LeaderState> {
  constructor(
    private readonly source: ConnectionSource,
    private readonly name: string,
    private readonly quorum: number | undefined,
  ) {
    super(source.clock, NOBODY);
  }

  protected override async open(signal: AbortSignal): Promise<void> {
    const connection = await this.source.use(signal);
    const it = await election(connection, this.name, { quorum: this.quorum, signal });
    if (signal.aborted) return void it.leave().catch(() => undefined);
    const show = (): void => {
      const { leader, isLeader, term } = it;
      this.show({ leader, isLeader, term, error: null });
    };
    for (const event of EVENTS) it.on(event, show);
    const ending = endingOf(it.binding.group);
    void it.closed.then((error) => (signal.aborted ? undefined : this.show(this.failed(error ?? ending()))));
    signal.addEventListener('abort', () => {
      for (const event of EVENTS) it.off(event, show);
      it.leave().catch(() => undefined);
    });
    show();
    return undefined;
  }

  protected override failed(error: Error | null): LeaderState {
    return { ...NOBODY, error };
  }
}
