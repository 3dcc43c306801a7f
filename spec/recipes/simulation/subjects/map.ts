import { Buffer } from 'node:buffer';
import { type MapCommand, MapMachine } from '../../../../lib/recipes/core/machines/map.js';
import type { Random } from '../../../support/random.js';
import type { WorldMember } from '../../world-member.js';
import type { Kind } from '../../replicas.js';
import type { Rules } from '../subject.js';
import { ReplicatedSubject } from './replicated.js';

type Command = MapCommand<number>;

const maps: Kind<MapMachine<number>> = {
  make: () => new MapMachine(),
  save: (machine) => Buffer.concat([...machine.snapshot()()]),
  load: (machine, bytes) => {
    machine.apply({ op: 'clear' });
    if (machine.load(bytes).length > 0) throw new Error('half a snapshot');
  },
};

const KEYS = 12;

/** Of those who add one key one wins, and its value stays; a key that nobody deletes has a value that somebody set. */
export class MapSubject extends ReplicatedSubject<MapMachine<number>, Command> {
  private count = 0;

  constructor(rules: Rules) {
    super('map', maps, rules);
  }

  act(chair: WorldMember, random: Random): void {
    const number = random.below(KEYS);
    const value = ++this.count;
    const chance = random.next();
    // Keys that are only added, and keys with which everything is done.
    if (chance < 0.4) this.submit(chair, { op: 'add', key: `once ${value >> 3}`, value });
    else if (chance < 0.8) this.submit(chair, { op: 'set', key: `any ${number}`, value });
    else this.submit(chair, { op: 'delete', key: `any ${number}` });
  }

  protected quorumFaults(map: MapMachine<number>): string[] {
    // Values of those who may not say anything.
    const faults = [...map.entries()].flatMap(([key, value]) => (value < 0 ? [`${key} is ${value}`] : []));
    for (const { command, outcome } of this.submitted) {
      if (command.op !== 'add' || outcome?.kind !== 'applied') continue;
      const { key, value } = command;
      const there = map.get(key);
      if ((there === value) !== (outcome.result === true))
        faults.push(
          `${key} is ${there}, and to the one who added ${value} it was said: ${String(outcome.result)}`,
        );
    }
    return faults;
  }
}
