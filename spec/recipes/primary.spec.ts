import { expect } from 'chai';
import { Gate } from '../../lib/recipes/core/replicated/gate.js';
import { Lineup } from '../../lib/recipes/core/replicated/lineup.js';
import { Primary } from '../../lib/recipes/core/replicated/primary.js';
import { Replica } from '../../lib/recipes/core/replicated/replica.js';
import { Standing } from '../../lib/recipes/core/replicated/standing.js';

const A = '#a#d1';
const B = '#b#d2';
const nothing = (): void => undefined;

function alone(): { primary: Primary; gate: Gate; told: string[][] } {
  const told: string[][] = [];
  const replica = new Replica(
    1,
    { reset: nothing, apply: nothing, merge: nothing, present: (members) => told.push([...members]) },
    { capture: nothing, settled: nothing, merged: nothing, interrupted: nothing },
  );
  const gate = new Gate(replica, true);
  const lineup = new Lineup(1, 1);
  lineup.replace([A], new Map(), { voters: [], roll: new Map(), instances: new Map([[A, 1]]) });
  replica.begin();
  return { primary: new Primary(A, gate, lineup, new Standing(), replica, null), gate, told };
}

describe('going on with a state', () => {
  it('tells the state who is there', () => {
    const { primary, told } = alone();
    primary.begin([A, B]);
    expect(told).to.deep.equal([[A, B]]);
  });

  it('tells it behind the transitional signal, too, when the view ends: others may have acted on it before', () => {
    const { primary, gate, told } = alone();
    gate.isEnding = true;
    primary.begin([A, B]);
    expect(told).to.deep.equal([]);
    gate.closeView(true);
    expect(told).to.deep.equal([[A, B]]);
  });
});
