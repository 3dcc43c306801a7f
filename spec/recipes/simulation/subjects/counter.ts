import { Buffer } from 'node:buffer';
import { CounterMachine } from '../../../../lib/recipes/core/machines/counter.js';
import type { Random } from '../../../support/random.js';
import type { WorldMember } from '../../world-member.js';
import type { Kind } from '../../replicas.js';
import type { Rules } from '../subject.js';
import { ReplicatedSubject } from './replicated.js';

export const counters: Kind<CounterMachine> = {
  make: () => new CounterMachine(),
  save: (machine) => Buffer.from(machine.snapshot()),
  load: (machine, bytes) => machine.load(bytes),
};

/** Exact: every addition has a step of its own, and the steps leave no gap but for those whose end nobody knows. */
export class CounterSubject extends ReplicatedSubject<CounterMachine, number> {
  constructor(rules: Rules) {
    super('counter', counters, rules);
  }

  act(chair: WorldMember, random: Random): void {
    this.submit(chair, 1 + random.below(9));
  }

  protected quorumFaults({ value }: CounterMachine): string[] {
    const faults: string[] = [];
    let [sure, unsure, end] = [0, 0, 0];
    const steps: { readonly begin: number; readonly end: number }[] = [];
    for (const { command, outcome } of this.submitted) {
      if (outcome === undefined) unsure += command;
      else sure += command;
      if (outcome?.kind === 'applied')
        steps.push({ begin: Number(outcome.result) - command, end: Number(outcome.result) });
    }
    for (const step of steps.toSorted((a, b) => a.begin - b.begin)) {
      if (step.begin < end) faults.push(`two additions led to ${step.end}`);
      ({ end } = step);
    }
    if (end > value) faults.push(`it was ${end} and is ${value}`);
    if (value < sure || value > sure + unsure)
      faults.push(`${sure} were added, and perhaps ${unsure} more, and it is ${value}`);
    return faults;
  }
}
