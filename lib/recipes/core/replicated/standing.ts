/** Which state a replica has, and what its word about it counts. */
import { groupIdText } from '../../../wire/group-id.js';
import type { RecipeView } from '../port.js';
import type { Statement } from './messages.js';
import { hashText, pastBehind } from './past.js';

interface State {
  /** Equal at replicas that have gone through the same views together since they had one state. */
  readonly past: number;
  /** How often a quorum had come together. */
  readonly epoch: number;
  /** Commands applied where members were last lost: what came later may be undone where they are met again. */
  readonly splitAt: number;
}

/** A state that lost and that another one is to take the place of. */
interface Lost extends State {
  /** Those who have it too, in the order of the view in which it lost. */
  readonly holders: readonly string[];
}

export class Standing {
  /** Whether it has a state that goes on, or is being given it. Else it waits for a round to tell. */
  isAccounted = false;
  /** Whether this process has been where a quorum was together: what was known then is in every state that it takes. */
  votes = false;
  private state: State = { past: 0, epoch: 0, splitAt: 0 };
  private heard = 0;
  private promised = 0;
  private lost: Lost | null = null;

  get past(): number {
    return this.state.past;
  }

  get epoch(): number {
    return this.state.epoch;
  }

  /** What it says of itself. */
  get words(): Pick<Statement, 'votes' | 'past' | 'epoch' | 'known'> {
    const { votes, past, epoch, known } = this;
    return { votes, past, epoch, known };
  }

  /** The newest epoch that it has heard of. */
  get known(): number {
    return this.heard;
  }

  /** Whether there is a state to go back to. */
  get hasLost(): boolean {
    return this.lost !== null;
  }

  /** The first state of all. */
  begin({ id }: RecipeView): void {
    this.lost = null;
    this.set({ past: hashText(`begin ${groupIdText(id)}`), epoch: 0, splitAt: 0 });
  }

  /** @param known the newest epoch that anybody has heard of */
  adopt(past: number, epoch: number, known: number): void {
    // Those who go on without asking may have come to the next epoch since they said theirs.
    const newest = past === this.state.past ? Math.max(this.state.epoch, epoch) : epoch;
    this.set({ ...this.state, past, epoch: newest });
    this.heard = Math.max(this.heard, known);
  }

  goThrough({ id, cameWithMe }: RecipeView): void {
    this.state = { ...this.state, past: pastBehind(this.state.past, id, cameWithMe[0] ?? '') };
  }

  /** @returns a number for the next epoch, above every epoch heard of and every number given before */
  promise(least: number): number {
    this.promised = Math.max(this.promised + 1, this.heard + 1, least);
    return this.promised;
  }

  /** A quorum has come together. */
  advance(epoch: number): void {
    this.set({ ...this.state, epoch });
  }

  split(position: number): void {
    this.state = { ...this.state, splitAt: Math.max(this.state.splitAt, position) };
  }

  /**
   * Its state does not go on. It stays until all of the other one is here: those who have that may end before they have
   * given it, and then the lost one is the newest there is.
   */
  lose(holders: readonly string[]): void {
    this.lost ??= { ...this.state, holders };
    this.state = { ...this.state, splitAt: 0 };
  }

  /** The lost state is replaced now. */
  giveUp(): Lost | null {
    const { lost } = this;
    this.lost = null;
    return lost;
  }

  /** Nobody who has the other state is left. */
  goBack(): void {
    const { lost } = this;
    if (!lost) return;
    this.lost = null;
    this.state = lost;
  }

  private set(state: State): void {
    this.state = state;
    this.heard = Math.max(this.heard, state.epoch);
  }
}
