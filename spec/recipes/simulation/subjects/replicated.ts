/** What all subjects with replicated state have in common. */
import type { Buffer } from 'node:buffer';
import type { CommandOutcome } from '../../../../lib/recipes/core/replicated/replica.js';
import type { Random } from '../../../support/random.js';
import type { WorldMember } from '../../world-member.js';
import { type AnyMachine, type Kind, Replicas } from '../../replicas.js';
import type { Rules, Subject } from '../subject.js';

export interface Submitted<Command> {
  readonly chair: WorldMember;
  readonly command: Command;
  /** Undefined: its end is not known. */
  readonly outcome: CommandOutcome | undefined;
}

export abstract class ReplicatedSubject<M extends AnyMachine, Command> implements Subject {
  readonly replicas: Replicas<M>;
  private readonly tickets: {
    readonly chair: WorldMember;
    readonly ticket: number;
    readonly command: Command;
  }[] = [];

  constructor(
    readonly group: string,
    private readonly kind: Kind<M>,
    protected readonly rules: Rules,
  ) {
    this.replicas = new Replicas(kind, { quorum: rules.quorum });
  }

  make(chair: WorldMember): ReturnType<Replicas<M>['make']> {
    return this.replicas.make(chair);
  }

  abstract act(chair: WorldMember, random: Random, now: number): void;

  isSettled(chair: WorldMember): boolean {
    return this.replicas.of(chair).core.remembers;
  }

  faults(chairs: readonly WorldMember[]): string[] {
    const [first] = chairs;
    if (!first) return [];
    const bytes = chairs.map((chair) => this.stateAt(chair));
    return [
      ...chairs.flatMap((chair, i) => [
        ...(this.replicas.of(chair).core.hasState ? [] : [`${chair.id} has no state`]),
        ...(bytes[i]?.equals(bytes[0] as Buffer) === true
          ? []
          : [`${chair.id} has ${bytes[i]?.toString()}, ${first.id} has ${bytes[0]?.toString()}`]),
      ]),
      ...this.submitted
        .filter(({ chair, outcome }) => outcome === undefined && chairs.includes(chair))
        .map(({ chair, command }) => `${JSON.stringify(command)} of ${chair.id} does not end`),
      ...chairs.flatMap((chair) => this.replicas.bounds(chair)),
      ...(this.rules.quorum === null ? [] : this.quorumFaults(this.replicas.of(first).machine)),
    ];
  }

  /** What a quorum promises beyond equal states. @param machine as it is in the end */
  protected abstract quorumFaults(machine: M): string[];

  protected submit(chair: WorldMember, command: Command, text = JSON.stringify(command)): void {
    this.tickets.push({ chair, ticket: this.replicas.submit(chair, text), command });
  }

  /** Everything that was ever submitted. */
  protected get submitted(): Submitted<Command>[] {
    return this.tickets.map(({ chair, ticket, command }) => ({
      chair,
      command,
      outcome: this.replicas.of(chair).outcomes.get(ticket),
    }));
  }

  private stateAt(chair: WorldMember): Buffer {
    return this.kind.save(this.replicas.of(chair).machine);
  }
}
