/**
 * Daemons with one past hold the same: when a daemon was lost, and nobody came, no tables travel. What is not the same at
 * all of them is in the heads: the requests of each daemon's own sessions that wait for the end of the exchange.
 */
import { expect } from 'chai';
import { StateExchange } from '../../daemon/core/exchange.js';
import { decodePayload } from '../../daemon/core/report-reader.js';
import { SAFE_MESS } from '../../lib/wire/service.js';
import { givenSeed } from '../support/random.js';
import { seeds } from '../support/seeds.js';
import { replace } from '../simulation/bugs/planted.js';
import { CompactWorld, partitions } from './compact-world.js';
import { Daemons } from './daemons.js';
import { FullExchanges } from './full-exchange.js';
import { ResumeWorld } from './resume-world.js';
import { Resumable } from './resumable.js';

/** Bytes of the exchange of the view that the daemons are in. */
const exchangedBytes = (daemons: Daemons): number =>
  [...daemons.nodes.values()][0]?.period?.log.reduce(
    (sum, { payload, exchange }) => sum + (exchange ? payload.length : 0),
    0,
  ) ?? 0;

/** Bytes of the exchange when one daemon of four is lost, with that many sessions of each kind at each daemon. */
function bytesOfLoss(sessions: number): number {
  const daemons = Daemons.together('a', 'b', 'c', 'd');
  for (const [name, { core }] of daemons.nodes) {
    for (let i = 0; i < sessions; i++) {
      daemons.open(`m${i}`, name, true, { compact: true, subject: `user ${i}` }).join(`g${i % 3}`);
      const outside = daemons.open(`o${i}`, name, true, { compact: true, subject: `user ${i}` }).join('h');
      daemons.run();
      outside.leave('h');
      new Resumable(core, `r${i}`, BigInt(1000 * i + core.name.charCodeAt(0))).join('g0');
    }
  }
  daemons.run();
  daemons.crash('d');
  daemons.change(['a', 'b', 'c']);
  daemons.run();
  expect(daemons.node('a').core.isExchanging).to.equal(false);
  return exchangedBytes(daemons);
}

/** Whom the heads of the view that the daemons are in state sessions to be. */
const subjectsOf = (daemons: Daemons): (readonly string[])[] =>
  [...daemons.nodes.values()].flatMap(({ name, period }) =>
    (period?.log ?? []).flatMap(({ payload, exchange, sender }) => {
      if (!exchange || sender.name !== name) return [];
      const read = decodePayload(payload, name);
      return read.kind === 'head' ? (read.head.subjects ?? []) : [];
    }),
  );

const listOf = (daemons: Daemons, daemon: string): string[] => {
  const { core } = daemons.node(daemon);
  const { subjects } = (core as unknown as { views: { subjects: { of(name: string): string | null } } })
    .views;
  return [...core.groups.values()].flatMap(({ name, members }) =>
    members.toArray().map(({ privateGroup: each }) => `${name} ${each} ${subjects.of(each)}`),
  );
};

describe('core: an exchange of one past', () => {
  it('costs the same whatever sessions and groups there are', () => {
    expect(bytesOfLoss(12)).to.equal(bytesOfLoss(0));
  });

  describe('has in its heads, for those who were not there,', () => {
    /** `a` and `b` get what is ordered when their view is over, and `c` meets them. */
    function meet(act: (daemons: Daemons) => void): Daemons {
      const daemons = new Daemons(['a', 'b', 'c']);
      daemons.change(['a', 'b'], ['c']);
      daemons.run();
      const ann = daemons.open('ann', 'a').join('g');
      daemons.run();
      for (const name of ['a', 'b']) daemons.node(name).holdsSafe = true;
      ann.send('holds what follows', ['g'], SAFE_MESS);
      daemons.order();
      act(daemons);
      daemons.order();
      daemons.reach(['a', 'b']);
      daemons.change(['a', 'b', 'c']);
      for (const name of ['a', 'b']) daemons.node(name).holdsSafe = false;
      daemons.run();
      return daemons;
    }

    it('whom a session is stated to be whose join is carried out behind it', () => {
      const daemons = meet((all) => {
        all.open('web', 'b', true, { compact: true, subject: 'one' }).join('g');
      });
      const expected = ['g #ann#a null', 'g #web#b one'];
      for (const name of ['a', 'b', 'c']) expect(listOf(daemons, name)).to.deep.equal(expected);
    });

    it('whether it gets whole views', () => {
      const daemons = meet((all) => {
        all.open('web', 'b', true, { compact: true }).join('g');
        all.open('old', 'b').join('g');
      });
      for (const { core } of daemons.nodes.values())
        expect([...core.groups.values()].map(({ whole }) => whole)).to.deep.equal([2]);
    });

    it('whom a session is stated to be that returns behind it', () => {
      const daemons = meet((all) => {
        const { core } = all.node('b');
        new Resumable(core, 'web', 7n, 1, 'one').comeBack('#web#d', 'g');
      });
      const expected = ['g #ann#a null', 'g #web#b one'];
      for (const name of ['a', 'b', 'c']) expect(listOf(daemons, name)).to.deep.equal(expected);
    });

    it('nobody of those who state it again before they join', () => {
      const daemons = meet((all) => {
        all.open('web', 'b', true, { compact: true, subject: 'one' });
      });
      expect(subjectsOf(daemons)).to.deep.equal([]);
    });
  });

  describe('and one of full tables have one outcome', () => {
    it('in worlds of whole and compact views', () => {
      const first = givenSeed();
      const { faults, checked, onePast } = compared(seeds(12, 1_000), (i) =>
        new CompactWorld(first + i, partitions).run(),
      );
      expect(faults.slice(0, 1)).to.deep.equal([]);
      expect(checked).to.be.above(0);
      expect(onePast).to.be.above(0);
    });

    it('in worlds of sessions that come back', () => {
      const first = givenSeed();
      const { faults, checked, onePast } = compared(
        seeds(4, 350),
        (i) => new ResumeWorld(first + i, { kill: 6, start: 4, view: 4, hold: 4 }).run(),
        // Its sessions read whole views, which a resumable one does not get.
        false,
      );
      expect(faults.slice(0, 1)).to.deep.equal([]);
      expect(checked).to.be.above(0);
      expect(onePast).to.be.above(0);
    }).timeout(120_000);

    it('which is seen: pasts that do not say where daemons parted', () => {
      const remove = replace(StateExchange, 'isOnePast', () => () => true);
      try {
        const { faults } = compared(6, (i) => new CompactWorld(1 + i, partitions).run());
        expect(faults).not.to.deep.equal([]);
      } finally {
        remove();
      }
    });
  });
});

function compared(worlds: number, run: (world: number) => unknown, hasForms = true): FullExchanges {
  const full = new FullExchanges(hasForms);
  try {
    for (let i = 0; i < worlds && full.faults.length === 0; i++) {
      full.forget();
      run(i);
    }
    return full;
  } finally {
    full.stop();
  }
}
