import type { WorldMember } from '../../world-member.js';
import { type Ledger, ledgers } from '../../replicas.js';
import type { Rules } from '../subject.js';
import { ReplicatedSubject } from './replicated.js';

/** A list of commands: with a quorum nothing that was said to be done is lost, and nothing is there twice. */
export class LedgerSubject extends ReplicatedSubject<Ledger, string> {
  private count = 0;

  constructor(rules: Rules) {
    super('ledger', ledgers, rules);
  }

  /** Commands applied at the one who has applied most. */
  get applied(): number {
    return Math.max(...[...this.replicas.seats.values()].map(({ core }) => core.position));
  }

  act(chair: WorldMember): void {
    const text = `c${++this.count}`;
    this.submit(chair, text, text);
  }

  protected quorumFaults({ lines }: Ledger): string[] {
    const places = new Map(lines.map((line, i) => [line, i]));
    const twice = lines.filter((line, i) => places.get(line) !== i && line.startsWith('c'));
    const lost = this.submitted.filter(({ command, outcome }) => outcome && !places.has(command));
    const elsewhere = this.submitted.filter(
      ({ command, outcome }) =>
        outcome?.kind === 'applied' && places.get(command) !== Number(outcome.result) - 1,
    );
    const strange = lines.filter((line) => !/^(c\d+|of a liar .*)$/.test(line));
    return [
      ...strange.map((line) => `${line} is there, and nobody may say it`),
      ...twice.map((line) => `${line} is there twice`),
      ...lost.map(({ command, outcome }) => `${command} (${outcome?.kind}) is lost`),
      ...elsewhere.map(({ command }) => `${command} is not where it was said to be`),
    ];
  }
}
