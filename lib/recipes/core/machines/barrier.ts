/** A barrier: opens when so many members are at it, and closes behind them. Who leaves the group is at it no more. */
import type { CommandInfo } from '../replicated/replica.js';
import { isCount, isListOf, SmallMachine } from './machine.js';

export type BarrierCommand =
  | { readonly op: 'enter'; readonly instance: number; readonly parties: number }
  | { readonly op: 'leave'; readonly instance: number };

interface BarrierState {
  /** How often it has opened. */
  generation: number;
  entered: { readonly member: string; readonly instance: number }[];
}

export class BarrierMachine extends SmallMachine<BarrierState, BarrierCommand, number> {
  readonly kind = 'barrier';

  get generation(): number {
    return this.state.generation;
  }

  /** Ids of those who wait. */
  get entered(): readonly string[] {
    return this.state.entered.map(({ member }) => member);
  }

  /** Whether this process of that member is at it. */
  knows(member: string, instance: number): boolean {
    return this.state.entered.some((each) => each.member === member && each.instance === instance);
  }

  present(members: readonly string[]): void {
    const names = new Set(members);
    this.state.entered = this.state.entered.filter(({ member }) => names.has(member));
    this.changed();
  }

  protected first(): BarrierState {
    return { generation: 0, entered: [] };
  }

  protected isState(state: unknown): state is BarrierState {
    const { generation, entered } = Object(state) as Record<string, unknown>;
    return (
      isCount(generation) &&
      isListOf(entered, ({ member, instance }) => typeof member === 'string' && isCount(instance))
    );
  }

  protected isCommand(command: unknown): command is BarrierCommand {
    const { op, instance, parties } = Object(command) as Record<string, unknown>;
    return isCount(instance) && (op === 'leave' || (op === 'enter' && isCount(parties) && parties > 0));
  }

  /** @returns how often it had opened before */
  protected act(command: BarrierCommand, { sender }: CommandInfo): number {
    const { state } = this;
    const before = state.generation;
    // One of the same name that is not the same process is gone.
    state.entered = state.entered.filter(({ member }) => member !== sender);
    if (command.op === 'leave') return before;
    state.entered.push({ member: sender, instance: command.instance });
    if (state.entered.length >= command.parties) {
      state.entered = [];
      state.generation++;
    }
    return before;
  }
}
