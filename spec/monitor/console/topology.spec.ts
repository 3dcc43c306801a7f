/** Where daemons are drawn: a partition is seen, and nothing lies on anything else. */
import { expect } from 'chai';
import type { DaemonsLine } from '../../../daemon/monitor/console/core/lines.js';
import { type Topology, topologyOf } from '../../../daemon/monitor/console/core/topology.js';

const names = (count: number, from = 1): string[] => Array.from({ length: count }, (_, i) => `d${from + i}`);

function line(here: number, away: number): DaemonsLine {
  const members = names(here);
  const others = names(away, here + 1).map((name) => ({ name, since: 7 }));
  return { t: 'daemons', view: 'v', since: 1, here: members, sets: [members], away: others };
}

const shapes = [
  [600, false],
  [330, true],
] as const;

/** Where the line between both sides runs: the largest and the least coordinate across it. */
function dividerOf({ divider, width }: Topology, isNarrow: boolean): [number, number] {
  const numbers = [...(divider ?? '').matchAll(/-?\d+(?:\.\d+)?/g)].map(Number);
  const across = numbers.filter((_, i) => (i % 2 === 0) !== isNarrow);
  expect(numbers.length, `${width}`).to.be.above(7);
  return [Math.min(...across), Math.max(...across)];
}

describe('console: the topology', () => {
  it('has one daemon in the middle, and no line', () => {
    const { nodes, links, divider, width, height } = topologyOf(line(1, 0), 600, false);
    expect([links.length, divider]).to.deep.equal([0, null]);
    expect(nodes.map(({ x, y, place }) => [x, y, place])).to.deep.equal([[width / 2, height / 2, 1]]);
  });

  it('has the first daemon of the view at the top, and the others clockwise', () => {
    const { nodes, width } = topologyOf(line(4, 0), 600, false);
    const [first, second, third, fourth] = nodes;
    expect(first?.x).to.equal(width / 2);
    expect(first?.y).to.be.below(second?.y ?? 0);
    expect(second?.x).to.be.above(width / 2);
    expect(third?.y).to.be.above(second?.y ?? Infinity);
    expect(fourth?.x).to.be.below(width / 2);
    expect(nodes.map(({ place }) => place)).to.deep.equal([1, 2, 3, 4]);
  });

  it('links each with each, and of many only neighbours', () => {
    expect(topologyOf(line(5, 0), 600, false).links).to.have.length(10);
    expect(topologyOf(line(20, 0), 600, false).links).to.have.length(20);
  });

  it('knows the set that each daemon came with', () => {
    const merged = { ...line(3, 0), sets: [['d2'], ['d1', 'd3']] };
    expect(topologyOf(merged, 600, false).nodes.map(({ set }) => set)).to.deep.equal([1, 0, 1]);
  });

  for (const [width, isNarrow] of shapes) {
    describe(isNarrow ? 'on a phone' : 'on a wide page', () => {
      for (const [here, away] of [
        [1, 1],
        [2, 1],
        [1, 2],
        [3, 2],
        [5, 4],
        [1, 9],
        [12, 8],
      ] as const) {
        it(`divides ${here} from ${away} by a line that touches nobody`, () => {
          const topology = topologyOf(line(here, away), width, isNarrow);
          const [least, most] = dividerOf(topology, isNarrow);
          for (const node of topology.nodes) {
            const at = isNarrow ? node.y : node.x;
            if (node.place > 0) expect(at + node.radius, node.name).to.be.below(least);
            else expect(at - node.radius, node.name).to.be.above(most);
          }
          expect(topology.nodes.filter(({ place }) => place === 0)).to.have.length(away);
        });
      }

      for (const [here, away] of [
        [1, 0],
        [2, 0],
        [3, 0],
        [8, 0],
        [16, 0],
        [40, 0],
        [3, 2],
        [2, 11],
        [0, 3],
      ] as const) {
        it(`keeps ${here} and ${away} daemons apart, and inside`, () => {
          const topology = topologyOf(line(here, away), width, isNarrow);
          const { nodes, height } = topology;
          expect(nodes).to.have.length(here + away);
          for (const [i, one] of nodes.entries()) {
            expect(one.x - one.radius, one.name).to.be.at.least(0);
            expect(one.x + one.radius, one.name).to.be.at.most(width);
            // Room for the word above the first one.
            expect(one.y - one.radius, one.name).to.be.at.least(one.place === 1 ? 18 : 0);
            // Room for what stands below one that is out of reach.
            expect(one.y + one.radius + (one.place === 0 ? 31 : 0), one.name).to.be.at.most(height);
            for (const other of nodes.slice(i + 1)) {
              const distance = Math.hypot(one.x - other.x, one.y - other.y);
              expect(distance, `${one.name} ${other.name}`).to.be.above(one.radius + other.radius);
            }
          }
        });
      }
    });
  }
});
