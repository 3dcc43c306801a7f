import { Buffer } from 'node:buffer';
import { type BarrierCommand, BarrierMachine } from '../../../../lib/recipes/core/machines/barrier.js';
import type { CommandInfo } from '../../../../lib/recipes/core/replicated/replica.js';
import type { WorldMember } from '../../world-member.js';
import type { Kind } from '../../replicas.js';
import type { Rules } from '../subject.js';
import { ReplicatedSubject } from './replicated.js';

const PARTIES = 3;

/** Knows who made it open. */
class WatchedBarrier extends BarrierMachine {
  opened: (names: readonly string[]) => void = () => undefined;

  protected override act(command: BarrierCommand, info: CommandInfo): number {
    const { entered, generation } = this;
    const result = super.act(command, info);
    if (this.generation > generation)
      this.opened([...entered.filter((name) => name !== info.sender), info.sender]);
    return result;
  }
}

/** Opens only when as many different members as have to be there have entered, and for each of their entries once. */
export class BarrierSubject extends ReplicatedSubject<WatchedBarrier, BarrierCommand> {
  /** Entries of each member that were sent, and openings that counted it. */
  private readonly entries = new Map<string, number>();
  private readonly seen: string[] = [];

  constructor(rules: Rules) {
    const faults: string[] = [];
    const barriers: Kind<WatchedBarrier> = {
      make: () => {
        const machine = new WatchedBarrier();
        machine.opened = (names) => {
          if (new Set(names).size < PARTIES) faults.push(`it opened for ${names.join(' and ')}`);
        };
        return machine;
      },
      save: (machine) => Buffer.from(machine.snapshot()),
      load: (machine, bytes) => machine.load(bytes),
    };
    super('barrier', barriers, rules);
    this.seen = faults;
  }

  act(chair: WorldMember): void {
    const { machine, instance } = this.replicas.of(chair);
    const { id } = chair;
    if (machine.entered.includes(id)) return;
    this.entries.set(id, (this.entries.get(id) ?? 0) + 1);
    this.submit(chair, { op: 'enter', instance, parties: PARTIES });
  }

  protected quorumFaults({ generation }: BarrierMachine): string[] {
    const entries = [...this.entries.values()].reduce((sum, count) => sum + count, 0);
    const returned = this.submitted.flatMap(({ outcome }) =>
      outcome?.kind === 'applied' ? [outcome.result] : [],
    );
    return [
      ...this.seen,
      ...(generation * PARTIES > entries ? [`it opened ${generation} times for ${entries} entries`] : []),
      ...(returned.some((before) => Number(before) > generation) ? ['an opening is lost'] : []),
    ];
  }
}
