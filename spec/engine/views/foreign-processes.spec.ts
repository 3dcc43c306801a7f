/** Messages out of their place: of other views, other rounds, other versions, of strangers, and twice. */
import { Buffer } from 'node:buffer';
import { expect } from 'chai';
import type { CpgAddress } from '../../../daemon/engine/views/ordered-transport.js';
import { REPORT_VERSION } from '../../../daemon/core/report.js';
import * as control from '../../../daemon/engine/views/control.js';
import {
  DATA_HEAD_BYTES,
  Type,
  versionOf,
  writePrefix,
  writeViewHead,
} from '../../../daemon/engine/views/message.js';
import { Ring, type RingDaemon } from './transport-world.js';

const typeOf = (data: Buffer): number => data[6] as number;

/** Three daemons in one view, nothing said so far, and what they multicast from here on. */
class Three {
  readonly ring = new Ring(1, 2, 3);
  readonly a: RingDaemon;
  readonly b: RingDaemon;
  readonly c: RingDaemon;
  private sent: { readonly from: RingDaemon; readonly data: Buffer }[] = [];

  constructor() {
    [this.a, this.b, this.c] = this.ring.daemons as [RingDaemon, RingDaemon, RingDaemon];
    this.ring.filter = (data, from, to) => {
      if (from === to) this.sent.push({ from, data });
      return true;
    };
    this.ring.together();
    for (const daemon of this.ring.daemons) daemon.take();
  }

  /** Who multicast messages of this kind since the last call that asked. */
  senders(type: number): string[] {
    return this.sent.filter(({ data }) => typeOf(data) === type).map(({ from }) => from.self.name);
  }

  states(): control.State[] {
    return this.sent
      .filter(({ data }) => typeOf(data) === Type.state)
      .map(({ data }) => control.readState(data, data[7] as number));
  }

  last(type: number): Buffer {
    return this.sent.findLast(({ data }) => typeOf(data) === type)?.data as Buffer;
  }

  forget(): this {
    this.sent = [];
    return this;
  }

  /** This one gets a message that seems to be of that one, and what follows from it happens. */
  get(daemon: RingDaemon, from: CpgAddress, data: Buffer): this {
    daemon.inbox.push({ kind: 'deliver', node: from.node, pid: from.pid, data: Buffer.from(data) });
    this.ring.deliver();
    return this;
  }
}

const NOBODY = { node: 9, pid: 9 };
const version = versionOf(REPORT_VERSION);

const silentOne = ({ address }: RingDaemon): control.Excluded => ({
  ...address,
  reason: control.Reason.silent,
  why: '',
});

function inView(type: typeof Type.data | typeof Type.ack, tag: bigint, number = 1): Buffer {
  const message = Buffer.alloc(DATA_HEAD_BYTES);
  writeViewHead(message, { version, type, flags: 0, tag, number, ack: 0 });
  return message;
}

/** As if that daemon spoke the next version. */
function newer(data: Buffer): Buffer {
  const message = Buffer.from(data);
  message.writeUInt16LE(versionOf(REPORT_VERSION + 1), 4);
  return message;
}

describe('the view machine, when a message is out of place', () => {
  describe('of another view', () => {
    it('ends the view when a member sent it, the first member too, and asks for that once', () => {
      for (const from of ['a', 'b'] as const) {
        const three = new Three().forget();
        three.ring.filter = () => false;
        let resets = 0;
        three.ring.filter = (data, sender, to) => {
          if (typeOf(data) === Type.reset && sender === to) resets++;
          return false;
        };
        three.get(three.c, three[from].address, inView(Type.data, 5n));
        three.get(three.c, three[from].address, inView(Type.ack, 6n));
        expect(resets, from).to.equal(1);
      }
    });

    it('changes nothing when nobody of the view sent it', () => {
      const three = new Three().forget();
      three.get(three.c, NOBODY, inView(Type.data, 5n)).get(three.c, NOBODY, inView(Type.ack, 5n));
      expect([three.senders(Type.reset), three.c.take()]).to.deep.equal([[], []]);
    });

    it('is dropped, and counted, while a view is being made', () => {
      const three = new Three();
      const { ring, b, c } = three;
      const tag = c.machine.view?.id.tag ?? 0n;
      const before = c.machine.stats().dropped;
      // Before the own state, and behind it when it is of the view that is over.
      ring.filter = (data, from, to) => typeOf(data) === Type.state && to === c && from === c;
      c.inbox.push({ kind: 'confchg', members: ring.daemons.map(({ address }) => address) });
      c.inbox.push({ kind: 'deliver', ...b.address, data: inView(Type.data, 77n) });
      ring.deliver();
      expect(c.machine.stats().dropped).to.equal(before + 1);
      three.get(c, b.address, inView(Type.data, tag));
      expect(c.machine.stats().dropped).to.equal(before + 2);
      three.get(c, b.address, inView(Type.data, 77n));
      expect(c.machine.stats().dropped).to.equal(before + 2);
    });
  });

  it('behind a hole is not taken, whoever sent it, and the hole named once', () => {
    const three = new Three();
    const { a, b, c } = three;
    const { delivered } = c.machine.stats();
    const tag = c.machine.view?.id.tag ?? 0n;
    three.ring.filter = () => false;
    three.get(c, a.address, inView(Type.data, tag, 5)).get(c, b.address, inView(Type.data, tag, 1));
    three.get(c, a.address, inView(Type.data, tag, 7));
    expect([c.machine.stats().delivered, c.take(), c.notes.length]).to.deep.equal([delivered, [], 1]);
  });

  it('of a stranger in the own view is dropped and counted', () => {
    const { ring, c } = new Three();
    const before = c.machine.stats();
    ring.foreign(NOBODY, inView(Type.data, c.machine.view?.id.tag ?? 0n)).deliver();
    const { dropped, delivered } = c.machine.stats();
    expect([dropped - before.dropped, delivered - before.delivered]).to.deep.equal([1, 0]);
  });

  describe('STATE', () => {
    const state = (daemon: RingDaemon, more: Partial<control.State> = {}): control.State => {
      const { inc, name } = daemon.self;
      return { inc, name, key: 0n, attempt: 0, past: control.NO_PAST, isApart: false, ...more };
    };

    it('of another ring changes nothing', () => {
      const three = new Three().forget();
      for (const from of [three.b.address, NOBODY]) {
        three.get(three.a, from, control.encodeState(version, state(three.b, { key: 5n, attempt: 99 })));
      }
      expect(three.senders(Type.reset)).to.deep.equal([]);
    });

    it('that a member told in this attempt is answered with the INSTALL by the one who made it', () => {
      const three = new Three();
      const [told] = three.states().filter(({ name }) => name === 'd2') as [control.State];
      three.forget();
      for (const { address } of [three.b]) {
        three.get(three.a, address, control.encodeState(version, told));
        three.get(three.c, address, control.encodeState(version, told));
      }
      expect([three.senders(Type.install), three.senders(Type.reset)]).to.deep.equal([['d1'], []]);
    });

    it('that a member told in an attempt before is old, and has no answer', () => {
      const three = new Three();
      const [told] = three.states().filter(({ name }) => name === 'd2') as [control.State];
      three.forget();
      three.get(
        three.a,
        three.b.address,
        control.encodeState(version, { ...told, attempt: told.attempt - 1 }),
      );
      expect([three.senders(Type.install), three.senders(Type.reset)]).to.deep.equal([[], []]);
    });

    for (const [what, change] of [
      ['of a later attempt of a member', { attempt: 99 }],
      ['of another run of a member', { inc: 99n }],
    ] as const) {
      it(`${what} ends the view, by the word of the first who is still in it`, () => {
        const three = new Three();
        const [told] = three.states().filter(({ name }) => name === 'd1') as [control.State];
        three.forget();
        // The first has moved on: it is not the one to say so.
        for (const daemon of [three.b, three.c]) {
          daemon.inbox.push({
            kind: 'deliver',
            ...three.a.address,
            data: control.encodeState(version, { ...told, ...change }),
          });
        }
        three.ring.deliver();
        expect(three.senders(Type.reset)).to.deep.equal(['d2']);
      });
    }

    it('of a member that comes back ends the view only where this daemon is the first', () => {
      const three = new Three();
      const [told] = three.states().filter(({ name }) => name === 'd1') as [control.State];
      const later = control.encodeState(version, { ...told, attempt: 99 });
      three.forget().get(three.c, three.a.address, later);
      expect(three.senders(Type.reset)).to.deep.equal([]);
      three.get(three.b, three.a.address, later);
      expect(three.senders(Type.reset)).to.deep.equal(['d2']);
    });

    it('that belongs to no round is dropped and counted', () => {
      const three = new Three();
      const { ring, c } = three;
      ring.filter = () => false;
      c.inbox.push({ kind: 'confchg', members: ring.daemons.map(({ address }) => address) });
      ring.deliver();
      const before = c.machine.stats().dropped;
      three.get(c, three.b.address, control.encodeState(version, state(three.b, { key: 1n })));
      expect(c.machine.stats().dropped).to.equal(before + 1);
      const key = three.states().at(-1)?.key ?? 0n;
      three.get(c, three.b.address, control.encodeState(version, state(three.b, { key })));
      expect(c.machine.stats().dropped).to.equal(before + 1);
    });

    it('of one that was refused has no answer while it is the same run', () => {
      const three = new Three();
      const twin = three.ring.add({ node: 4, name: 'd2', inc: 50n });
      three.ring.form(three.ring.daemons).run(20);
      const told = control.readState(three.last(Type.state), 0);
      three.forget();
      const again = { ...told, name: 'd2', inc: 50n, attempt: 9 };
      three.get(three.a, twin.address, control.encodeState(version, again));
      expect(three.senders(Type.reset)).to.deep.equal([]);
      three.get(three.a, twin.address, control.encodeState(version, { ...again, inc: 51n }));
      expect(three.senders(Type.reset)).to.deep.equal(['d1']);
    });
  });

  describe('INSTALL', () => {
    /** One that is between two views, with its own state behind it, and the INSTALL that the others made for it. */
    function waiting(): { three: Three; c: RingDaemon; install: control.Install; from: CpgAddress } {
      const three = new Three();
      const { ring, c } = three;
      let install: Buffer = Buffer.alloc(0);
      ring.filter = (data, _from, to) => {
        if (typeOf(data) !== Type.install) return true;
        install = Buffer.from(data);
        return to !== c;
      };
      ring.form(ring.daemons).deliver();
      c.take();
      return { three, c, install: control.readInstall(install), from: three.a.address };
    }

    const views = (daemon: RingDaemon): number =>
      daemon.take().filter((text) => text.startsWith('view')).length;

    it('puts the view in force for whom it is meant, once', () => {
      const { three, c, install, from } = waiting();
      three.get(c, from, control.encodeInstall(version, install));
      expect(views(c)).to.equal(1);
      three.get(c, from, control.encodeInstall(version, install));
      expect([views(c), c.machine.stats().views]).to.deep.equal([0, 2]);
    });

    for (const [what, change] of [
      ['of another ring', (install: control.Install) => ({ ...install, key: 1n })],
      ['for another run of this daemon', (install: control.Install) => own(install, { inc: 99n })],
      ['for an attempt before', (install: control.Install) => own(install, { attempt: 1 })],
    ] as const) {
      it(`${what} changes nothing`, () => {
        const { three, c, install, from } = waiting();
        const attempt = c.machine.stats();
        three.get(c, from, control.encodeInstall(version, change(install)));
        expect([views(c), c.machine.stats()]).to.deep.equal([0, attempt]);
        three.get(c, from, control.encodeInstall(version, install));
        expect(views(c)).to.equal(1);
      });
    }

    it('goes out once, also where it takes long to come back', () => {
      const ring = new Ring(1, 2);
      let installs = 0;
      ring.filter = (data, from, to) => {
        if (typeOf(data) !== Type.install) return true;
        if (from === to) installs++;
        return false;
      };
      ring.form(ring.daemons).run(500);
      expect(installs).to.equal(1);
    });

    it('of another maker puts an end to the own one, with which nobody is answered', () => {
      const three = new Three();
      const { ring, a, b } = three;
      const sent: Buffer[] = [];
      const last = (type: number): Buffer => sent.findLast((data) => typeOf(data) === type) as Buffer;
      ring.filter = (data, from, to) => {
        if (from === to && (typeOf(data) !== Type.state || from === b)) sent.push(Buffer.from(data));
        return typeOf(data) !== Type.install;
      };
      ring.form(ring.daemons).deliver();
      const [state, own] = [last(Type.state), control.readInstall(last(Type.install))];
      three.get(a, b.address, control.encodeInstall(version, { ...own, id: 'of another maker' }));
      expect(a.machine.view?.id.text).to.equal('of another maker');
      sent.length = 0;
      three.get(a, b.address, state);
      expect(sent.filter((data) => typeOf(data) === Type.install)).to.deep.equal([]);
    });

    it('of a view that has ended is dropped, and counted', () => {
      const { three, c, install, from } = waiting();
      const tag = three.a.machine.view?.id.tag ?? 0n;
      const { dropped } = c.machine.stats();
      three.ring.filter = (_data, _from, to) => to === c;
      three.get(c, from, control.encodeReset(version, { tag, excluded: [] }));
      three.get(c, from, control.encodeInstall(version, install));
      expect([views(c), c.machine.stats().dropped]).to.deep.equal([0, dropped + 1]);
    });

    it('without this daemon, behind its own state, makes it tell its state again', () => {
      const { three, c, install, from } = waiting();
      three.ring.filter = () => true;
      const others = { ...install, members: install.members.filter(({ node }) => node !== 3) };
      const told: number[] = [];
      three.ring.filter = (data, sender, to) => {
        if (sender === c && to === c && typeOf(data) === Type.state)
          told.push(control.readState(data, data[7] as number).attempt);
        return false;
      };
      three.get(c, from, control.encodeInstall(version, others));
      expect(told).to.deep.equal([(install.members.find(({ node }) => node === 3)?.attempt ?? 0) + 1]);
      // That state has not come back: the next one cannot be an answer to it.
      three.get(c, from, control.encodeInstall(version, { ...others, id: 'another' }));
      expect(told).to.have.length(1);
    });

    it('that contradicts the view in force ends it', () => {
      const { three, c, install, from } = waiting();
      three.get(c, from, control.encodeInstall(version, install));
      let resets = 0;
      three.ring.filter = (data) => {
        if (typeOf(data) === Type.reset) resets++;
        return false;
      };
      const older = install.members.map((entry) => ({ ...entry, attempt: entry.attempt - 1 }));
      three.get(c, from, control.encodeInstall(version, { ...install, id: 'another', members: older }));
      expect(resets).to.equal(0);
      three.get(c, from, control.encodeInstall(version, { ...install, id: 'another' }));
      expect(resets).to.be.above(0);
    });

    const own = (install: control.Install, change: Partial<control.Entry>): control.Install => ({
      ...install,
      members: install.members.map((entry) => (entry.node === 3 ? { ...entry, ...change } : entry)),
    });
  });

  describe('RESET', () => {
    it('of another view changes nothing', () => {
      const three = new Three();
      three.get(
        three.c,
        three.a.address,
        control.encodeReset(version, { tag: 5n, excluded: [silentOne(three.b)] }),
      );
      three.ring.run(100);
      expect([three.c.take(), three.c.notes]).to.deep.equal([[], []]);
    });

    it('makes one that is between two views tell its state at once', () => {
      const { ring, a, c } = new Three();
      let told = 0;
      ring.filter = (data, from, to) => {
        if (from === c && to === c && typeOf(data) === Type.state) told++;
        return false;
      };
      c.inbox.push({ kind: 'confchg', members: ring.daemons.map(({ address }) => address) });
      ring.deliver();
      expect(told).to.equal(1);
      c.inbox.push({
        kind: 'deliver',
        ...a.address,
        data: control.encodeReset(version, { tag: 5n, excluded: [] }),
      });
      ring.deliver();
      expect(told).to.equal(2);
    });

    it('that excludes one says who, to that one too, and the others do not wait for it', () => {
      const three = new Three();
      const { ring, a, b, c } = three;
      const tag = a.machine.view?.id.tag ?? 0n;
      c.frozen = true;
      ring.foreign(a.address, control.encodeReset(version, { tag, excluded: [silentOne(c)] })).deliver();
      expect(a.take()).to.deep.equal(['transitional d1,d2', 'view d1,d2 (d1,d2)']);
      c.frozen = false;
      ring.filter = () => false;
      ring.deliver();
      const logged = (who: string) => [
        { level: 'warn', text: `${who} excluded: silent for too long`, facts: { ...c.address } },
      ];
      expect([a.logged, b.logged, c.logged]).to.deep.equal([
        logged('a daemon'),
        logged('a daemon'),
        logged('this daemon'),
      ]);
    });
  });

  it('a RESET that excludes one whom this daemon does not know names it by its address', () => {
    const three = new Three();
    const tag = three.c.machine.view?.id.tag ?? 0n;
    const excluded = [{ ...NOBODY, reason: control.Reason.report, why: 'bad' }];
    three.get(three.c, three.a.address, control.encodeReset(version, { tag, excluded }));
    expect(three.c.logged.map(({ facts }) => facts)).to.deep.equal([
      { daemon: '', ...NOBODY, fault: 'bad', time: 5000 },
    ]);
  });

  describe('of another version', () => {
    const stateOf = (hadView: boolean): Buffer =>
      newer(
        control.encodeState(version, {
          inc: 9n,
          name: 'other',
          key: 1n,
          attempt: 1,
          past: { ...control.NO_PAST, tag: hadView ? 3n : 0n },
          isApart: false,
        }),
      );
    const [low, high] = [
      { node: 1, pid: 50 },
      { node: 3, pid: 5 },
    ];

    for (const [what, from, hadView, isRefused] of [
      ['a newcomer goes before one of a smaller node', low, false, true],
      ['a newcomer stays before one of a larger node', high, false, false],
      [
        'a newcomer goes before one of a smaller node, whatever its process',
        { node: 1, pid: 150 },
        false,
        true,
      ],
      ['a newcomer goes before one of its node with a smaller process', { node: 2, pid: 50 }, false, true],
      ['a newcomer stays before one of its node with a larger process', { node: 2, pid: 150 }, false, false],
      ['a newcomer goes before one that has had a view, wherever it is', high, true, true],
    ] as const) {
      it(what, () => {
        const ring = new Ring(2);
        const [daemon] = ring.daemons as [RingDaemon];
        daemon.machine.receive([{ kind: 'deliver', ...from, data: stateOf(hadView) }], ring.now);
        expect(daemon.take().length).to.equal(isRefused ? 1 : 0);
      });
    }

    it('one that has a view stays', () => {
      const three = new Three();
      for (const hadView of [true, false]) three.get(three.b, low, stateOf(hadView));
      expect(three.b.take()).to.deep.equal([]);
    });

    it('everything but STATE is dropped without a word', () => {
      const three = new Three();
      const { dropped } = three.a.machine.stats();
      const prefix = Buffer.alloc(8);
      writePrefix(prefix, version, Type.data, 0);
      for (const data of [prefix, inView(Type.data, 5n), inView(Type.ack, 5n)])
        three.get(three.a, three.b.address, newer(data));
      expect([three.a.machine.stats().dropped - dropped, three.a.notes]).to.deep.equal([3, []]);
    });

    it('one that was refused says, sends and wants nothing more', () => {
      const ring = new Ring(2);
      const [daemon] = ring.daemons as [RingDaemon];
      const silent = { node: 3, pid: 3 };
      daemon.machine.receive(
        [
          { kind: 'confchg', members: [daemon.address, silent] },
          { kind: 'ring', rep: 2, seq: 4n, nodes: [2, 3] },
        ],
        ring.now,
      );
      daemon.machine.receive([{ kind: 'deliver', ...low, data: stateOf(true) }], ring.now);
      daemon.take();
      let sent = 0;
      ring.filter = () => ++sent > 0;
      daemon.send('x');
      daemon.machine.tick(ring.now + 5000);
      daemon.machine.receive([{ kind: 'deliver', ...low, data: stateOf(false) }], ring.now);
      ring.run(3000);
      expect([sent, daemon.take(), daemon.machine.dueAt]).to.deep.equal([0, [], Infinity]);
      expect(daemon.notes).to.have.length(1);
    });
  });

  it('of another version makes one that goes tell its state once, for the others, be it due or not', () => {
    const ring = new Ring(2);
    const [daemon] = ring.daemons as [RingDaemon];
    daemon.machine.receive(
      [
        { kind: 'confchg', members: [daemon.address, { node: 3, pid: 3 }] },
        { kind: 'ring', rep: 2, seq: 4n, nodes: [2, 3] },
      ],
      ring.now,
    );
    const { machine } = daemon;
    // From here on what it sends has somewhere to go.
    ring.form([daemon]);
    daemon.inbox = [];
    let sent = 0;
    ring.filter = () => ++sent > 0;
    const clash = { inc: 9n, name: 'x', key: 1n, attempt: 1, past: { ...control.NO_PAST, tag: 3n } };
    const data = newer(control.encodeState(version, { ...clash, isApart: false }));
    machine.receive([{ kind: 'deliver', node: 1, pid: 50, data }], ring.now + 1000);
    expect([sent, daemon.take().length]).to.deep.equal([1, 1]);
    for (let after = 1000; after < 8000; after += 250) machine.tick(ring.now + after);
    expect([sent, daemon.notes.length]).to.deep.equal([1, 1]);
  });

  for (const [what, act] of [
    ['a payload', (daemon: RingDaemon) => void daemon.send('x')],
    ['word of a slow client', (daemon: RingDaemon) => daemon.machine.tellBehind(true, 3000)],
  ] as const) {
    it(`of another version makes one that goes send nothing that waited, not even for ${what}`, () => {
      const ring = new Ring(2);
      const [daemon] = ring.daemons as [RingDaemon];
      daemon.answer = 'again';
      ring.form([daemon]).deliver();
      const clash = { inc: 9n, name: 'x', key: 1n, attempt: 1, past: { ...control.NO_PAST, tag: 3n } };
      const data = newer(control.encodeState(version, { ...clash, isApart: false }));
      daemon.machine.receive([{ kind: 'deliver', node: 1, pid: 50, data }], ring.now);
      expect(daemon.take()).to.have.length(1);
      let sent = 0;
      ring.filter = () => ++sent > 0;
      daemon.answer = 'ok';
      ring.now = 3000;
      act(daemon);
      expect(sent).to.equal(0);
    });
  }

  describe('of no kind', () => {
    const prefixed = (type: number, length = 0): Buffer => {
      const message = Buffer.alloc(8 + length);
      writePrefix(message, version, type, 0);
      return message;
    };

    it('is ignored, and its sender named in the log once, with a thousand others at most', () => {
      const three = new Three();
      for (let pid = 0; pid < 1010; pid++) {
        for (const data of [prefixed(77, 40), Buffer.alloc(40)]) three.get(three.a, { node: 7, pid }, data);
      }
      expect(three.a.logged).to.have.length(1000);
      expect(three.a.logged[1]).to.deep.equal({
        level: 'warn',
        text: 'ignoring message from a foreign process in the CPG group',
        facts: { node: 7, pid: 1 },
      });
      expect(three.a.machine.stats().dropped).to.be.at.least(2020);
    });

    it('or damaged is ignored, counted and named with what is wrong', () => {
      const three = new Three();
      const { dropped } = three.a.machine.stats();
      three.get(three.a, three.b.address, prefixed(Type.state));
      expect(three.a.notes).to.deep.equal(['ignoring damaged message: expected 8 more bytes, got 0']);
      expect(three.a.machine.stats().dropped).to.equal(dropped + 1);
    });

    it('is not what an error of the one who listens comes from: that goes through', () => {
      const { ring, a } = new Three();
      a.take = () => [];
      Object.defineProperty(a, 'said', {
        get: () => {
          throw new RangeError('planted');
        },
      });
      a.send('x');
      expect(() => ring.deliver()).to.throw(RangeError, 'planted');
    });
  });
});
