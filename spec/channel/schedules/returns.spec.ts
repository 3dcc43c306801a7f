import { expect } from 'chai';
import { Returns } from '../../../lib/channel/registry/returns.js';
import { replace } from '../../simulation/bugs/planted.js';
import { play, type Shape } from './random-world.js';

const shape = (daemons: number, connections: number): Shape => ({ daemons, connections, areTold: true });

/** Each went wrong before the rule was there. */
const worlds = [
  { rule: 'who was out of sight learns of a return later', seed: 585236213, shape: shape(3, 2) },
  { rule: 'what only the one that has returned knows may be lost', seed: 585236286, shape: shape(3, 2) },
  {
    rule: 'a member that has returned and is out of sight keeps its name',
    seed: 585236866,
    shape: shape(3, 2),
  },
  { rule: 'those at the daemon of before know best what it had', seed: 866869149, shape: shape(4, 2) },
  {
    rule: 'an owner that returns under a known id is announced as back',
    seed: 722446005,
    shape: shape(4, 2),
  },
  { rule: 'what another one of that id had claimed is given back', seed: 287903907, shape: shape(3, 1) },
  {
    rule: 'a claim that did not hold takes from nobody when it is made again',
    seed: 497937238,
    shape: shape(4, 2),
  },
  { rule: 'a claim that a part is sure of holds before the vote', seed: 614551164, shape: shape(4, 2) },
];

type Settle = Returns['settle'];

const faults = [
  {
    name: 'returns are forgotten with the exchange that has told them',
    world: worlds[0],
    plant: () =>
      replace(Returns, 'settle', (original) => (self, ...args) => {
        const scene = original(self, ...args);
        (self as { settled: unknown }).settled = [];
        return scene;
      }),
  },
  {
    name: 'nobody was out of sight under an id of before',
    world: worlds[4],
    plant: () =>
      replace(Returns, 'settle', (original) => (self, ...args) => ({
        ...(original(self, ...args) as ReturnType<Settle>),
        away: new Map(),
      })),
  },
];

describe('names of connections that return, in worlds in which they were lost', () => {
  for (const { rule, seed, shape: of } of worlds)
    it(rule, () => {
      expect(play(seed, of).violation).to.equal(null);
    });

  for (const { name, world, plant } of faults)
    it(`finds that ${name}`, () => {
      const undo = plant();
      try {
        expect(world && play(world.seed, world.shape).violation).to.not.equal(null);
      } finally {
        undo();
      }
    });
});
