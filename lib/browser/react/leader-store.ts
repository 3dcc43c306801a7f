/** Who leads, as components see it. */
import type { Connection } from '../../client/connection.js';
import { election, type Election } from '../../recipes/election.js';
import { RecipeStore } from './recipe-store.js';
import type { StoreHome } from './store.js';

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

export class LeaderStore extends RecipeStore<LeaderState, Election> {
  protected readonly initial = NOBODY;
  protected readonly events = ['elected', 'leader-lost', 'suspended', 'resumed'];

  constructor(
    home: StoreHome,
    key: string,
    name: string,
    private readonly quorum: number | undefined,
  ) {
    super(home, key, name);
  }

  protected override join(connection: Connection, signal: AbortSignal): Promise<Election> {
    return election(connection, this.name, { quorum: this.quorum, signal });
  }

  protected override stateOf({ leader, isLeader, term }: Election): LeaderState {
    return { leader, isLeader, term, error: null };
  }
}
