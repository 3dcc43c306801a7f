import { expect } from 'chai';
import { Buffer } from 'node:buffer';
import { REPORT_VERSION } from '../../../daemon/core/report.js';
import { Reason, readReset } from '../../../daemon/engine/views/control.js';
import { DATA_HEAD_BYTES, Type, versionOf, versionText } from '../../../daemon/engine/views/message.js';
import { Ring, type RingDaemon } from './transport-world.js';

const typeOf = (data: Buffer): number => data[6] as number;
/** What all of these say. */
const each = (count: number, said: string[]): string[][] => Array.from({ length: count }, () => said);

const takeAll = (daemons: readonly RingDaemon[]): string[][] => daemons.map((daemon) => daemon.take());

/** Three daemons in one view, nothing said so far. */
function three(): [Ring, RingDaemon, RingDaemon, RingDaemon] {
  const ring = new Ring(1, 2, 3).together();
  takeAll(ring.daemons);
  const [a, b, c] = ring.daemons as [RingDaemon, RingDaemon, RingDaemon];
  return [ring, a, b, c];
}

describe('the view machine', () => {
  describe('tells the others of a client that is behind in its reading', () => {
    it('at once when nothing else goes out, and when it is not any more', () => {
      const [ring, a, b, c] = three();
      a.machine.tellBehind(true, ring.now);
      ring.deliver();
      expect(takeAll([a, b, c])).to.deep.equal([[], ['behind'], ['behind']]);
      a.machine.tellBehind(true, ring.now);
      ring.deliver();
      expect(takeAll([a, b, c])).to.deep.equal([[], [], []]);
      a.machine.tellBehind(false, ring.now);
      ring.deliver();
      expect(takeAll([a, b, c])).to.deep.equal([[], ['not behind'], ['not behind']]);
    });

    it('until the last of several is not behind', () => {
      const [ring, a, b, c] = three();
      for (const daemon of [a, b]) daemon.machine.tellBehind(true, ring.now);
      ring.deliver();
      expect(takeAll([a, b, c])).to.deep.equal(each(3, ['behind']));
      a.machine.tellBehind(false, ring.now);
      ring.deliver();
      expect(takeAll([a, b, c])).to.deep.equal([[], ['not behind'], []]);
    });

    it('with the payloads that it sends', () => {
      const [ring, a, b] = three();
      a.machine.tellBehind(true, ring.now);
      ring.deliver();
      b.take();
      a.send('x');
      ring.deliver();
      expect(b.take()).to.deep.equal(['message d1 x']);
      expect(b.machine.view).not.to.equal(null);
    });

    it('again in the next view, and not of one that is gone', () => {
      const [ring, a, b, c] = three();
      a.machine.tellBehind(true, ring.now);
      ring.deliver();
      takeAll([a, b, c]);
      ring.form([a, b], [c]).run(20);
      expect(b.take().filter((said) => said.includes('behind'))).to.deep.equal(['not behind', 'behind']);
      expect(c.take().filter((said) => said.includes('behind'))).to.deep.equal(['not behind']);
    });
  });

  describe('agrees on a view', () => {
    it('of itself when it is alone', () => {
      const ring = new Ring(1).together();
      expect(takeAll(ring.daemons)).to.deep.equal([['view d1 (d1)']]);
    });

    it('with the same members in the same order everywhere, by node', () => {
      const ring = new Ring(3, 1, 2).together();
      const views = ring.daemons.map(({ machine }) => machine.view);
      for (const view of views) {
        expect(view?.members.map(({ node }) => node)).to.deep.equal([1, 2, 3]);
        expect(view?.id).to.deep.equal(views[0]?.id);
      }
    });

    it('with its own set first, and those that were never in a view each in a set of its own', () => {
      const ring = new Ring(1, 2).together();
      expect(takeAll(ring.daemons)).to.deep.equal([['view d1,d2 (d1|d2)'], ['view d1,d2 (d2|d1)']]);
    });

    it('once for a confchg and a ring that come together', () => {
      const [ring, a] = three();
      ring.form(ring.daemons).run(10);
      expect(a.take()).to.deep.equal(['transitional d1,d2,d3', 'view d1,d2,d3 (d1,d2,d3)']);
    });

    it('in less than ten milliseconds when nothing is in the way', () => {
      const [ring, a] = three();
      const before = ring.now;
      ring.form(ring.daemons).deliver();
      expect(a.take()).to.have.length(2);
      expect(ring.now - before).to.be.below(10);
    });

    it('with one INSTALL, whose id says ring, maker and number', () => {
      const ring = new Ring(1, 2, 3);
      let installs = 0;
      ring.filter = (data, from, to) => {
        if (typeOf(data) === Type.install && from === to) installs++;
        return true;
      };
      ring.together();
      expect(installs).to.equal(1);
      expect(ring.daemons[1]?.machine.view?.id.text).to.equal('1.4/1.101.1.1');
    });

    it('and has none before, whatever time goes by', () => {
      const { machine } = new Ring(1).daemons[0] as RingDaemon;
      for (const now of [1000, 20_000]) machine.tick(now);
      expect([machine.view, machine.stats().stableIndex, machine.stats().views]).to.deep.equal([null, 0, 0]);
    });

    it('that knows the one before it', () => {
      const [ring, a] = three();
      expect(a.machine.view?.previous).to.equal(null);
      const { id } = a.machine.view ?? {};
      ring.together();
      expect(a.machine.view?.previous).to.deep.equal(id);
    });

    it('and tells in figures what it did', () => {
      const [ring, a, b] = three();
      ring.form(ring.daemons).run(0);
      a.answer = 'again';
      a.send('x');
      a.answer = 'ok';
      ring.run(2);
      b.send('y', { safe: true });
      ring.run(100);
      expect(a.machine.stats()).to.deep.equal({
        views: 2,
        sent: 1,
        delivered: 2,
        resent: 0,
        dropped: 0,
        queuedBytes: 0,
        inFlightBytes: 0,
        tryAgain: 1,
        stableIndex: 2,
        lastInstallTime: 0,
      });
      let lost = 0;
      ring.filter = (data, _from, to) => typeOf(data) !== Type.install || to !== b || ++lost > 1;
      ring.form(ring.daemons).run(70);
      expect(b.machine.stats().lastInstallTime).to.equal(50);
    });

    it('and has a timer for the next sign of life, or the next check on the others', () => {
      const [ring, a] = three();
      const { machine } = new Ring({ node: 1, views: { heartbeat: 400 } }).together().daemons[0] ?? a;
      expect(machine.dueAt).to.equal(1000 + 400);
      expect(a.machine.dueAt).to.equal(ring.now + 490);
    });

    it('whose ids never come twice', () => {
      const [ring, a] = three();
      const ids = new Set<string>();
      for (let i = 0; i < 20; i++) {
        ring.form(ring.daemons).run(10);
        ids.add(a.machine.view?.id.text ?? '');
      }
      expect(ids.size).to.equal(20);
    });

    it('that does not hold a process whose node is not in the ring', () => {
      const [ring, a, b, c] = three();
      ring.form([a, b], [c]);
      for (const daemon of [a, b]) {
        const [, hint] = daemon.inbox;
        daemon.inbox = [
          { kind: 'confchg', members: [a.address, b.address, { node: 9, pid: 1 }] },
          hint as never,
        ];
      }
      ring.run(20);
      expect(a.take()).to.deep.equal(['transitional d1,d2', 'view d1,d2 (d1,d2)']);
    });

    it('again from the start when another change comes while it agrees', () => {
      const [ring, a, b, c] = three();
      ring.filter = (data) => typeOf(data) !== Type.install;
      ring.form([a, b], [c]).run(10);
      expect(a.take()).to.deep.equal([]);
      ring.filter = () => true;
      ring.form([a, b, c]).run(10);
      expect(a.take()).to.deep.equal(['transitional d1,d2,d3', 'view d1,d2,d3 (d1,d2,d3)']);
    });
  });

  describe('when messages are lost on the way into a new ring', () => {
    it('tells its state again until there is a view', () => {
      const ring = new Ring(1, 2);
      let lost = 0;
      ring.filter = (data, _from, to) => typeOf(data) !== Type.state || to.self.node !== 2 || ++lost > 4;
      ring.form(ring.daemons).run(300);
      expect(takeAll(ring.daemons)).to.deep.equal([['view d1,d2 (d1|d2)'], ['view d1,d2 (d2|d1)']]);
    });

    it('gets the INSTALL again, and then the messages that came before it', () => {
      const ring = new Ring(1, 2);
      const [a, b] = ring.daemons as [RingDaemon, RingDaemon];
      let lost = 0;
      ring.filter = (data, _from, to) => typeOf(data) !== Type.install || to !== b || ++lost > 1;
      ring.form(ring.daemons).deliver();
      a.send('one');
      ring.deliver();
      expect(b.take()).to.deep.equal([]);
      ring.run(100);
      expect(b.take()).to.deep.equal(['view d1,d2 (d2|d1)', 'message d1 one']);
    });

    it('makes the view again after a hole, and delivers nothing of others behind it', () => {
      const [ring, a, b] = three();
      ring.filter = (data, _from, to) => to !== b || !data.subarray(DATA_HEAD_BYTES).equals(Buffer.from('1'));
      a.send('1');
      a.send('2');
      b.send('own');
      ring.run(100);
      expect(b.take()).to.deep.equal(['transitional d2', 'message d2 own', 'view d1,d2,d3 (d2|d1,d3)']);
      expect(b.logged).to.deep.equal([
        {
          level: 'warn',
          text: 'gap in message order; starting a new view',
          facts: { node: 1, pid: 101 },
        },
      ]);
      expect(a.take()).to.deep.equal([
        'message d1 1',
        'message d1 2',
        'message d2 own',
        'transitional d1,d3',
        'view d1,d2,d3 (d1,d3|d2)',
      ]);
    });
  });

  describe('when not all hear the same', () => {
    it('notices at once that a companion went to another view, and all come together again', () => {
      const ring = new Ring(1, 2, 3);
      const [a, b, c] = ring.daemons as [RingDaemon, RingDaemon, RingDaemon];
      // For a second 1 and 2 do not hear each other, and 3 hears the INSTALL of 2 only.
      let deaf = true;
      ring.filter = (data, from, to) => {
        if (!deaf) return true;
        if ((from === a && to === b) || (from === b && to === a)) return false;
        return !(from === a && to === c && typeOf(data) === Type.install);
      };
      ring.form([a, b, c]).run(1100);
      expect(a.take()).to.deep.equal(['view d1,d3 (d1|d3)']);
      expect(b.take()[0]).to.equal('view d2,d3 (d2|d3)');
      deaf = false;
      ring.run(700);
      for (const { machine } of ring.daemons) {
        expect(machine.view?.members.map(({ name }) => name)).to.deep.equal(['d1', 'd2', 'd3']);
      }
      expect(new Set(ring.daemons.map(({ machine }) => machine.view?.id.text)).size).to.equal(1);
    });

    it('does not enter a view that the others have ended, and loses no time', () => {
      const ring = new Ring(1, 2, 3, 4);
      const [a, b, c, d] = ring.daemons as [RingDaemon, RingDaemon, RingDaemon, RingDaemon];
      d.frozen = true;
      // The first INSTALL does not reach 3.
      let installs = 0;
      ring.filter = (data, _from, to) => typeOf(data) !== Type.install || to !== c || ++installs > 1;
      ring.form([a, b, c, d]).run(1000);
      takeAll(ring.daemons);
      d.frozen = false;
      const before = ring.now;
      ring.run(600);
      for (const daemon of [a, b, c, d]) expect(daemon.machine.view?.members).to.have.length(4);
      expect(ring.now - before).to.be.below(700);
    });

    it('sees that the last message of a member is missing by its next acknowledgement', () => {
      const [ring, a, b] = three();
      ring.filter = (data, _from, to) =>
        to !== b || !data.subarray(DATA_HEAD_BYTES).equals(Buffer.from('last'));
      a.send('last');
      ring.run(700);
      expect(b.take()).to.deep.equal(['transitional d2', 'view d1,d2,d3 (d2|d1,d3)']);
    });

    it('does not let a safe message be stable that one has missed', () => {
      const [ring, a, b] = three();
      ring.filter = (data, _from, to) => to !== b || !data.subarray(DATA_HEAD_BYTES).equals(Buffer.from('s'));
      a.send('s', { safe: true });
      a.send('x');
      ring.run(700);
      expect(a.take()).to.deep.equal([
        'transitional d1,d3',
        'safe d1 s',
        'message d1 x',
        'view d1,d2,d3 (d1,d3|d2)',
      ]);
      expect(b.take()).to.deep.equal(['transitional d2', 'view d1,d2,d3 (d2|d1,d3)']);
    });
  });

  describe('puts into one set', () => {
    it('those who came from one view and delivered the same there', () => {
      const [ring, a, b, c] = three();
      ring.form([a, b], [c]).run(20);
      takeAll(ring.daemons);
      ring.form([a, b, c]).run(20);
      expect(a.take()).to.deep.equal(['transitional d1,d2', 'view d1,d2,d3 (d1,d2|d3)']);
      expect(c.take()).to.deep.equal(['transitional d3', 'view d1,d2,d3 (d3|d1,d2)']);
    });

    it('not those of whom one delivered more', () => {
      const [ring, a, b, c] = three();
      ring.filter = (_data, from, to) => from !== c || to === c;
      c.send('alone');
      ring.deliver();
      ring.filter = () => true;
      ring.form([a, b, c]).run(20);
      expect(c.take()).to.deep.equal(['message d3 alone', 'transitional d3', 'view d1,d2,d3 (d3|d1,d2)']);
      expect(a.take()).to.deep.equal(['transitional d1,d2', 'view d1,d2,d3 (d1,d2|d3)']);
      expect(b.take()).to.deep.equal(['transitional d1,d2', 'view d1,d2,d3 (d1,d2|d3)']);
    });

    it('not one that came back after others had a view without it, though nobody said that it was away', () => {
      const [ring, a, b, c] = three();
      ring.form([a, b], []).run(20);
      ring.form([a, b, c]).run(20);
      expect(a.take().at(-1)).to.equal('view d1,d2,d3 (d1,d2|d3)');
      expect(c.take()).to.deep.equal(['transitional d3', 'view d1,d2,d3 (d3|d1,d2)']);
    });

    it('not a new run of the same daemon', () => {
      const [ring, a, b, c] = three();
      const again = ring.add({ node: 3, pid: 777, inc: 99n });
      ring.form([a, b, again]).run(20);
      expect(a.take()).to.deep.equal(['transitional d1,d2', 'view d1,d2,d3 (d1,d2|d3)']);
      expect(again.take()).to.deep.equal(['view d1,d2,d3 (d3|d1,d2)']);
      expect(c.take()).to.deep.equal([]);
    });
  });

  describe('sends', () => {
    it('in one order to all', () => {
      const [ring, a, b, c] = three();
      for (let i = 0; i < 30; i++) ([a, b, c][i % 3] as RingDaemon).send(`${i}`);
      ring.run(5);
      const [first, ...others] = takeAll(ring.daemons);
      expect(first).to.have.length(30);
      for (const other of others) expect(other).to.deep.equal(first);
    });

    it('nothing but the exchange until it may proceed, and that first', () => {
      const ring = new Ring({ node: 1, proceeds: false });
      const [a] = ring.daemons as [RingDaemon];
      a.send('early');
      ring.together();
      a.send('late');
      a.send('table', { exchange: true });
      ring.run(5);
      expect(a.take()).to.deep.equal(['view d1 (d1)', 'exchange d1 table']);
      a.machine.exchangeDone(ring.now);
      ring.run(5);
      expect(a.take()).to.deep.equal(['message d1 early', 'message d1 late']);
    });

    it('again what had not come back when the view ended, in its order and once', () => {
      const [ring, a, b, c] = three();
      ring.filter = () => false;
      for (const text of ['1', '2', '3']) a.send(text);
      ring.form([a, b, c]);
      ring.filter = () => true;
      a.send('4');
      ring.run(20);
      expect(b.take()).to.deep.equal([
        'transitional d1,d2,d3',
        'view d1,d2,d3 (d1,d2,d3)',
        ...['1', '2', '3', '4'].map((text) => `message d1 ${text}`),
      ]);
      expect(a.machine.stats().resent).to.equal(4);
    });

    it('nothing of an old exchange in a new view', () => {
      const ring = new Ring({ node: 1, proceeds: false }, { node: 2, proceeds: false }).together();
      const [a, b] = ring.daemons as [RingDaemon, RingDaemon];
      ring.filter = () => false;
      a.send('old table', { exchange: true });
      ring.filter = () => true;
      ring.form([a, b]).run(20);
      expect(b.take().join()).not.to.include('old table');
      expect(a.machine.stats().queuedBytes).to.equal(0);
    });

    it('a long payload in pieces, which is delivered whole', () => {
      const [ring, a, b] = three();
      const long = 'x'.repeat(300_000);
      const sizes: number[] = [];
      ring.filter = (data) => sizes.push(data.length) > 0;
      a.send(long);
      ring.run(5);
      expect(b.take()).to.deep.equal([`message d1 ${long}`]);
      expect(Math.max(...sizes)).to.be.at.most(64 * 1024 + DATA_HEAD_BYTES);
    });

    it('a long payload again from its start when the view ended in the middle of it', () => {
      const [ring, a, b, c] = three();
      const long = 'x'.repeat(400_000);
      a.send(long);
      a.send('behind');
      ring.form([a, b, c]).run(20);
      expect(b.take().slice(2)).to.deep.equal([`message d1 ${long}`, 'message d1 behind']);
    });

    it('after `again` what it could not send, in its order', () => {
      const [ring, a, b] = three();
      a.answer = 'again';
      a.send('1');
      a.send('2');
      ring.run(3);
      expect(b.take()).to.deep.equal([]);
      a.answer = 'ok';
      ring.run(3);
      expect(b.take()).to.deep.equal(['message d1 1', 'message d1 2']);
    });

    it('no more at a time than the window allows, and the rest when some came back', () => {
      const [ring, a, b] = three();
      const piece = 'x'.repeat(60_000);
      let bytes = 0;
      ring.filter = (data) => (bytes += data.length) > 0;
      for (let i = 0; i < 16; i++) a.send(piece);
      expect(bytes / 3).to.be.within(256 * 1024, 256 * 1024 + 61_000);
      ring.run(5);
      expect(b.take()).to.have.length(16);
    });

    for (const [members, bytes] of [
      [1, 200],
      [2, 150],
      [3, 100],
      [8, 50],
    ] as const) {
      it(`within a window that ${members} share, not above the most nor below the least for one`, () => {
        const views = { inFlightBytes: { total: 300, least: 50, most: 200 } };
        const nodes = Array.from({ length: members }, (_, i) => ({ node: i + 1, views }));
        const ring = new Ring(...nodes).together();
        const [a] = ring.daemons as [RingDaemon];
        for (let i = 0; i < 50; i++) a.send('0123456789');
        expect(a.machine.stats().inFlightBytes).to.equal(bytes);
      });
    }

    it('one at a time when the window is nothing', () => {
      const views = { inFlightBytes: { total: 0, least: 0, most: 0 } };
      const ring = new Ring({ node: 1, views }).together();
      const [a] = ring.daemons as [RingDaemon];
      a.take();
      a.send('1');
      a.send('2');
      expect(a.machine.stats().inFlightBytes).to.equal(1);
      ring.run(5);
      expect(a.take()).to.deep.equal(['message d1 1', 'message d1 2']);
    });

    it('says no above the high-water mark and drains below half of it', () => {
      const [ring, a] = three();
      a.answer = 'again';
      let more = true;
      let sent = 0;
      while (more) {
        more = a.send('x'.repeat(1000));
        sent++;
      }
      expect(sent * 1000).to.be.within(1024 * 1024, 1024 * 1024 + 1000);
      a.answer = 'ok';
      ring.run(10);
      expect(a.take().filter((text) => text === 'drain')).to.have.length(1);
    });

    it('says no only above the mark, and drains at half of it, once', () => {
      const [piece, views] = [
        'x'.repeat(10),
        { highWater: 40, inFlightBytes: { total: 1, least: 1, most: 1 } },
      ];
      const ring = new Ring({ node: 1, views }).together();
      const [a] = ring.daemons as [RingDaemon];
      a.take();
      expect(Array.from({ length: 5 }, () => a.send(piece))).to.deep.equal([true, true, true, true, false]);
      for (let i = 0; i < 5; i++) {
        const { inbox } = a;
        a.inbox = [];
        a.machine.receive(inbox, ring.now);
        const isDrained = a.take().includes('drain');
        expect(isDrained, `${a.machine.stats().queuedBytes} bytes`).to.equal(i === 2);
      }
    });

    it('nothing more while somebody is eight megabytes behind', () => {
      const [ring, a, b, c] = three();
      c.frozen = true;
      for (let i = 0; i < 300; i++) a.send('x'.repeat(60_000));
      ring.run(100);
      const delivered = b.take().length * 60_000;
      expect(delivered).to.be.within(8 * 1024 * 1024 - 60_000, 8 * 1024 * 1024 + 320_000);
      c.frozen = false;
      ring.run(300);
      expect(b.take().length * 60_000 + delivered).to.equal(300 * 60_000);
    });
  });

  describe('delivers a safe message', () => {
    it('when all have acknowledged it, and what stands behind it then', () => {
      const [ring, a, b, c] = three();
      c.frozen = true;
      a.send('s', { safe: true });
      b.send('behind');
      ring.run(400);
      expect(takeAll([a, b])).to.deep.equal([[], []]);
      c.frozen = false;
      ring.run(1);
      expect(takeAll([a, b, c])).to.deep.equal(each(3, ['safe d1 s', 'message d2 behind']));
    });

    it('without waiting for a timer', () => {
      const [ring, a, b] = three();
      a.send('s', { safe: true });
      ring.deliver();
      expect(b.take()).to.deep.equal(['safe d1 s']);
    });

    it('after the transitional event when the view ended before it was stable', () => {
      const [ring, a, b, c] = three();
      c.frozen = true;
      a.send('s', { safe: true });
      a.send('behind');
      ring.run(100);
      ring.form([a, b], []).run(20);
      expect(a.take()).to.deep.equal([
        'transitional d1,d2',
        'safe d1 s',
        'message d1 behind',
        'view d1,d2 (d1,d2)',
      ]);
    });

    it('on the acknowledgements that ride on what goes out in the same turn, without one alone', () => {
      const [ring, a, b, c] = three();
      let alone = 0;
      ring.filter = (data) => {
        if (typeOf(data) === Type.ack) alone++;
        return true;
      };
      a.send('s', { safe: true });
      for (const daemon of [a, b, c]) {
        daemon.answer = 'again';
        daemon.send('carrier');
        daemon.answer = 'ok';
      }
      ring.now += 2;
      ring.deliver();
      expect(a.take()).to.include('safe d1 s');
      expect(alone).to.equal(0);
    });
  });

  describe('says that all members have', () => {
    it('the payloads that all have acknowledged, and not those that somebody may lack', () => {
      const [ring, a, b, c] = three();
      c.frozen = true;
      a.send('x');
      b.send('y');
      ring.run(400);
      expect([a, b].map(({ stable }) => stable)).to.deep.equal([[], []]);
      c.frozen = false;
      ring.run(100);
      expect([a, b, c].map(({ stable }) => stable.at(-1))).to.deep.equal([2, 2, 2]);
    });

    it('the payloads of a turn at once, and none of them twice', () => {
      const [ring, a] = three();
      for (let i = 0; i < 20; i++) a.send(`${i}`);
      ring.run(1000);
      expect(a.stable).to.deep.equal([20]);
    });

    it('those of the view in force alone, by their numbers in it', () => {
      const [ring, a, b] = three();
      for (const text of ['x', 'y', 'z']) a.send(text);
      ring.run(100).form([a, b], []).run(20);
      a.send('first');
      ring.run(100);
      expect(a.stable).to.deep.equal([3, 1]);
    });

    it('a payload that came in pieces when they have the last one', () => {
      const [ring, a] = three();
      a.send('p'.repeat(200_000));
      ring.run(200);
      expect(a.stable.at(-1)).to.equal(4);
    });
  });

  describe('acknowledges', () => {
    it('alone only after fifty milliseconds when no safe message waits', () => {
      const [ring, a] = three();
      let acks = 0;
      ring.filter = (data, from) => {
        if (typeOf(data) === Type.ack && from !== a) acks++;
        return true;
      };
      a.send('x');
      ring.run(40);
      expect(acks).to.equal(0);
      ring.run(20);
      expect(acks).to.equal(6);
    });

    it('and says something every half second', () => {
      const [ring, , b] = three();
      let heard = 0;
      ring.filter = (_data, from, to) => {
        if (from === b && to === b) heard++;
        return true;
      };
      ring.run(5000);
      expect(heard).to.be.within(9, 11);
    });
  });

  describe('excludes', () => {
    it('a member that says nothing for five seconds, and takes it in when it speaks', () => {
      const [ring, a, b, c] = three();
      c.frozen = true;
      ring.run(4900);
      expect(a.take()).to.deep.equal([]);
      ring.run(3500);
      expect(takeAll([a, b])).to.deep.equal(each(2, ['transitional d1,d2', 'view d1,d2 (d1,d2)']));
      c.frozen = false;
      ring.run(100);
      expect(a.take()).to.deep.equal(['transitional d1,d2', 'view d1,d2,d3 (d1,d2|d3)']);
      expect(c.take()).to.deep.equal(['transitional d3', 'view d1,d2,d3 (d3|d1,d2)']);
    });

    it('the silent one by its address', () => {
      const [ring, , , c] = three();
      const resets: Buffer[] = [];
      ring.filter = (data, from, to) => {
        if (typeOf(data) === Type.reset && from === to) resets.push(data);
        return from !== c;
      };
      while (resets.length === 0) ring.run(500);
      expect(resets.map((data) => readReset(data).excluded)).to.deep.equal([
        [{ ...c.address, reason: Reason.silent, why: '' }],
      ]);
    });

    it('the first member too when it is the silent one', () => {
      const [ring, a, b, c] = three();
      a.frozen = true;
      ring.run(8500);
      expect(takeAll([b, c])).to.deep.equal(each(2, ['transitional d2,d3', 'view d2,d3 (d2,d3)']));
    });

    it('nobody because it stood still itself, also with the shortest timeout', () => {
      const ring = new Ring(
        { node: 1, views: { silenceTimeout: 1000 } },
        { node: 2, views: { silenceTimeout: 1000 } },
      ).together();
      const [a, b] = ring.daemons as [RingDaemon, RingDaemon];
      takeAll(ring.daemons);
      for (let time = 500; time <= 1550; time += 70) {
        a.frozen = true;
        // Its companion lives on, and is heard late.
        for (let at = 0; at < time; at += 50) ring.run(50);
        if (b.take().length > 0) break;
        const { inbox } = a;
        a.inbox = [];
        a.frozen = false;
        a.machine.tick(ring.now);
        a.inbox.unshift(...inbox);
        ring.run(100);
        expect(a.notes, `${time}`).to.deep.equal([]);
      }
    });

    it('nobody because it stood still itself', () => {
      const [ring, a, b, c] = three();
      for (const daemon of [a, b, c]) daemon.frozen = true;
      ring.run(20_000);
      for (const daemon of [a, b, c]) daemon.frozen = false;
      ring.run(2000);
      expect(takeAll([a, b, c])).to.deep.equal([[], [], []]);
    });

    it('a process that never speaks after a second, and does not wait for it again', () => {
      const [ring, a, b, c] = three();
      const mute = { node: 3, pid: 5 };
      ring.processes([a.address, b.address, mute, c.address]).run(900);
      expect(a.take()).to.deep.equal([]);
      ring.run(200);
      expect(a.take()).to.deep.equal(['transitional d1,d2,d3', 'view d1,d2,d3 (d1,d2,d3)']);
      expect(a.logged).to.deep.equal([
        { level: 'warn', text: 'excluding silent daemon from the view', facts: mute },
      ]);
      ring.processes([a.address, b.address, mute, c.address]).run(10);
      expect(a.take()).to.have.length(2);
    });

    it('the one who should have made the view and did not', () => {
      const [ring, a, b, c] = three();
      ring.filter = (data) => typeOf(data) !== Type.install || data.includes('/2.');
      ring.form([a, b, c]).run(2500);
      expect(b.take().at(-1)).to.match(/^view d2,d3|^view d1,d2,d3/);
    });
  });

  describe('leaves apart, for its report,', () => {
    const fault = { daemon: 'd2', text: 'bad' };

    it('a daemon whom all others want to be without, and the others go on at once', () => {
      const [ring, a, b, c] = three();
      for (const daemon of [c, a]) daemon.machine.exclude([fault]);
      ring.run(50);
      expect(takeAll([a, c])).to.deep.equal(each(2, ['transitional d1,d3', 'view d1,d3 (d1,d3)']));
      expect(b.take()).to.deep.equal(['transitional d2', 'view d2 (d2)']);
      a.send('on');
      ring.run(10);
      expect([a.take(), b.take(), c.take()]).to.deep.equal([['message d1 on'], [], ['message d1 on']]);
    });

    it('nobody before its first view or between two, and nobody who is not in its view', () => {
      const ring = new Ring(1, 2, 3);
      let resets = 0;
      ring.filter = (data) => {
        if (typeOf(data) === Type.reset) resets++;
        return true;
      };
      const [a] = ring.daemons as [RingDaemon];
      a.machine.exclude([fault]);
      ring.together();
      for (const faults of [[], [{ daemon: 'd9', text: 'bad' }]]) a.machine.exclude(faults);
      ring.run(10);
      ring.processes(ring.daemons.map(({ address }) => address));
      a.machine.receive(a.inbox.splice(0), ring.now);
      a.machine.exclude([fault]);
      ring.run(10);
      expect(resets).to.equal(0);
    });

    it('and drops and counts what it says meanwhile', () => {
      const [ring, a, , c] = three();
      for (const daemon of [a, c]) daemon.machine.exclude([fault]);
      ring.run(50);
      const { dropped } = a.machine.stats();
      ring.form(ring.daemons).run(20);
      expect(a.machine.view?.members).to.have.length(2);
      expect(a.machine.stats().dropped).to.be.above(dropped);
    });

    it('with one line in the log of each, and one with what to do in its own', () => {
      const [ring, a, b, c] = three();
      for (const daemon of [a, c]) daemon.machine.exclude([fault]);
      ring.run(50);
      const said = { daemon: 'd2', ...b.address, fault: 'bad' };
      expect(ring.daemons.map(({ logged: [line] }) => [line?.level, line?.facts])).to.deep.equal([
        ['warn', { ...said, time: 5000 }],
        ['warn', { ...said, time: 5500 }],
        ['warn', { ...said, time: 5000 }],
      ]);
      for (const { notes } of [a, c]) {
        expect(notes).to.deep.equal(['excluding daemon with an invalid report; it tries again later']);
      }
      expect(b.notes).to.have.length(1);
      expect(b.notes[0]).to.match(
        /^this daemon is excluded.*same release on all daemons.*restart this one$/s,
      );
    });

    it('and it comes back after five seconds, then ten, then twenty, and is named in the log once', () => {
      const [ring, a, b, c] = three();
      const spans: number[] = [];
      for (let i = 0; i < 3; i++) {
        for (const daemon of [a, c]) daemon.machine.exclude([fault]);
        ring.run(20);
        const since = ring.now;
        while (a.machine.view?.members.length !== 3) ring.run(100);
        spans.push(Math.round((ring.now - since) / 1000));
      }
      expect(spans).to.deep.equal([6, 11, 22]);
      expect(
        takeAll([a])
          .flat()
          .filter((said) => said.startsWith('view')),
      ).to.have.length(6);
      expect([a.notes.length, b.notes.length, c.notes.length]).to.deep.equal([1, 1, 1]);
    });

    it('and nobody waits for it, not even a newcomer', () => {
      const [ring, a, b, c] = three();
      for (const daemon of [a, c]) daemon.machine.exclude([fault]);
      ring.run(50);
      takeAll(ring.daemons);
      const d = ring.add(0);
      ring.form(ring.daemons).run(100);
      expect(takeAll([a, c])).to.deep.equal(each(2, ['transitional d1,d3', 'view d0,d1,d3 (d1,d3|d0)']));
      expect(d.take()).to.deep.equal(['view d0,d1,d3 (d0|d1,d3)']);
      expect(b.take()).to.deep.equal(['transitional d2', 'view d2 (d2)']);
      ring.run(8000);
      expect(takeAll(ring.daemons).map((said) => said.at(-1)?.split(' ')[1])).to.deep.equal(
        Array.from({ length: 4 }, () => 'd0,d1,d2,d3'),
      );
    });

    it('a daemon that is heard and sends no part of the exchange', () => {
      const ring = new Ring(
        { node: 1, proceeds: false },
        { node: 2, proceeds: false },
        { node: 3, proceeds: false },
      ).together();
      const [a, b, c] = ring.daemons as [RingDaemon, RingDaemon, RingDaemon];
      takeAll(ring.daemons);
      for (const daemon of [a, c]) {
        daemon.awaited = ['d2'];
        daemon.send('report', { exchange: true });
      }
      ring.run(9900);
      expect(takeAll([a, c])).to.deep.equal(each(2, ['exchange d1 report', 'exchange d3 report']));
      ring.run(1200);
      expect(takeAll([a, c])).to.deep.equal(each(2, ['transitional d1,d3', 'view d1,d3 (d1,d3)']));
      expect(b.take().at(-1)).to.equal('view d2 (d2)');
    });
  });

  describe('refuses', () => {
    it('a newcomer with the name of a member, and the members go on', () => {
      const [ring, a, b, c] = three();
      const twin = ring.add({ node: 1, pid: 7, name: 'd2', inc: 50n });
      ring.form([a, b, c, twin]).run(20);
      expect(twin.take()).to.deep.equal(['refused: the daemon name "d2" is in use at node 2']);
      expect(a.take()).to.deep.equal(['transitional d1,d2,d3', 'view d1,d2,d3 (d1,d2,d3)']);
      a.send('on');
      ring.run(3000);
      expect(b.take().at(-1)).to.equal('message d1 on');
    });

    it('the second of two newcomers with one name', () => {
      const ring = new Ring({ node: 1, name: 'x' }, { node: 2, name: 'x' }).together();
      const [a, b] = ring.daemons as [RingDaemon, RingDaemon];
      expect(a.take()).to.deep.equal(['view x (x)']);
      expect(b.take()).to.deep.equal(['refused: the daemon name "x" is in use at node 1']);
    });

    for (const [what, version] of [
      ['its messages', 1],
      ['its reports', versionOf(REPORT_VERSION + 1)],
    ] as const) {
      it(`to be with a daemon of another version of ${what}, which has to go when it is the newcomer`, () => {
        const [ring, a, b, c] = three();
        const own = versionOf(REPORT_VERSION);
        const other = ring.add({ node: 4 });
        ring.filter = (data, from) => {
          if (from === other) data.writeUInt16LE(version, 4);
          return true;
        };
        // To the newcomer the others are of another version.
        const receive = other.machine.receive.bind(other.machine);
        other.machine.receive = (batch, now) => {
          for (const event of batch) {
            if (event.kind === 'deliver') event.data.writeUInt16LE(event.node === 4 ? own : version, 4);
          }
          receive(batch, now);
        };
        ring.form([a, b, c, other]).run(20);
        const line = (them: string, us: string): string =>
          `the daemon "${them}" speaks version ${versionText(version)} of the daemon protocol, ` +
          `this one ("${us}") version 2.2; all daemons of a cluster need the same`;
        expect(other.take()).to.deep.equal([`refused: ${line('d1', 'd4')}`]);
        expect(a.take()).to.deep.equal(['transitional d1,d2,d3', 'view d1,d2,d3 (d1,d2,d3)']);
        expect(a.notes).to.deep.equal([line('d4', 'd1')]);
      });
    }

    it('payloads that are not of its kind, once in the log, and nobody is affected', () => {
      const [ring, a, b] = three();
      for (const text of ['', 'x', 'hello world, I am not yours', '\0'.repeat(100)]) {
        ring.foreign({ node: 2, pid: 4711 }, Buffer.from(text));
      }
      a.send('on');
      ring.run(10);
      expect(b.take()).to.deep.equal(['message d1 on']);
      expect(b.notes).to.deep.equal(['ignoring message from a foreign process in the CPG group']);
    });

    it('its own kind of message when it is cut short, at every length', () => {
      const [ring, a, b] = three();
      const sent: Buffer[] = [];
      ring.filter = (data) => sent.push(data) > 0;
      ring.form(ring.daemons).run(10);
      a.send('x');
      ring.run(100);
      takeAll(ring.daemons);
      for (const message of sent) {
        for (let length = 0; length < Math.min(message.length, 150); length++) {
          ring.foreign({ node: 2, pid: 4711 }, Buffer.from(message.subarray(0, length)));
        }
      }
      a.send('on');
      ring.run(10);
      expect(b.take().at(-1)).to.equal('message d1 on');
    });
  });

  describe('without a transport', () => {
    it('is in no set with those who did not get what it sent last', () => {
      const [ring, a, b, c] = three();
      ring.filter = () => false;
      a.send('gone');
      a.machine.disconnected(ring.now);
      ring.filter = () => true;
      ring.form([a, b, c]).run(20);
      expect(a.take()).to.deep.equal(['transitional d1', 'message d1 gone', 'view d1,d2,d3 (d1|d2,d3)']);
      expect(b.take()).to.deep.equal(['transitional d2,d3', 'view d1,d2,d3 (d2,d3|d1)']);
    });

    it('sends and wants nothing until there is another one', () => {
      const [ring, a] = three();
      let sent = 0;
      ring.filter = (_data, from) => {
        if (from === a) sent++;
        return false;
      };
      a.machine.reconnected(ring.now);
      expect([a.send('x'), a.machine.dueAt]).to.deep.equal([true, ring.now + 2000]);
      a.machine.tick(ring.now + 2000);
      expect(sent).to.equal(0);
    });

    it('counts nothing as delivered that was sent in no view', () => {
      const ring = new Ring({ node: 1, proceeds: false });
      const [a] = ring.daemons as [RingDaemon];
      a.send('x');
      a.machine.disconnected(ring.now);
      a.machine.disconnected(ring.now);
      ring.together();
      a.machine.exchangeDone(ring.now);
      ring.run(5);
      expect(a.take()).to.deep.equal(['view d1 (d1)', 'message d1 x']);
    });

    it('counts nothing as delivered when that goes between two views', () => {
      const [ring, a, b, c] = three();
      ring.filter = () => false;
      ring.form([a, b, c]).deliver();
      a.machine.disconnected(ring.now);
      ring.filter = () => true;
      ring.form([a, b, c]).run(20);
      expect(a.take()).to.deep.equal(['transitional d1,d2,d3', 'view d1,d2,d3 (d1,d2,d3)']);
    });

    it('counts what it sent whole as delivered in the old view, and sends the rest in the next', () => {
      const [ring, a] = three();
      ring.filter = () => false;
      a.send('gone');
      a.answer = 'again';
      a.send('kept');
      ring.remove(a);
      a.machine.disconnected(ring.now);
      a.answer = 'ok';
      ring.filter = () => true;
      ring.form([a]).run(20);
      expect(a.take()).to.deep.equal([
        'transitional d1',
        'message d1 gone',
        'view d1 (d1)',
        'message d1 kept',
      ]);
    });
  });
});
