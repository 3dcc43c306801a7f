import { Buffer } from 'node:buffer';
import { expect } from 'chai';
import { REPORT_VERSION } from '../../../daemon/core/report.js';
import * as control from '../../../daemon/engine/views/control.js';
import { Stability } from '../../../daemon/engine/views/installed-view.js';
import * as wire from '../../../daemon/engine/views/message.js';
import { FragmentAssembler } from '../../../daemon/engine/views/message.js';
import { MAX_PAYLOAD, checkedOptions } from '../../../daemon/engine/views/ports.js';
import { SendBuffer } from '../../../daemon/engine/views/send-buffer.js';
import { EarlyMessages } from '../../../daemon/engine/views/unplaced-messages.js';
import { viewId } from '../../../daemon/engine/views/view.js';
import { Malformed } from '../../../lib/util/bytes.js';
import { History } from '../../../lib/util/hash.js';

describe('the parts of the view machine', () => {
  describe('a history', () => {
    const of = (...messages: readonly (readonly [number, number, number])[]): bigint => {
      const history = new History();
      for (const message of messages) history.add(...message);
      return history.hash;
    };

    it('is the same for the same messages in the same order', () => {
      expect(of([0, 0, 1], [0, 1, 1])).to.equal(of([0, 0, 1], [0, 1, 1]));
    });

    it('is another for another order, sender, number, kind or length', () => {
      const hashes = [
        of([0, 0, 1], [0, 1, 1]),
        of([0, 1, 1], [0, 0, 1]),
        of([0, 0, 1], [0, 2, 1]),
        of([0, 0, 1], [0, 1, 2]),
        of([0, 0, 1], [1, 1, 1]),
        of([0, 0, 1]),
        of(),
        of([0, 0, 1], [0, 1, 1 + 2 ** 32]),
      ];
      expect(new Set(hashes).size).to.equal(hashes.length);
    });

    it('does not collide among a hundred thousand short ones', () => {
      const hashes = new Set<bigint>();
      for (let i = 0; i < 100_000; i++) hashes.add(of([0, i % 7, 1 + i], [1, i % 5, i >>> 3]));
      expect(hashes.size).to.equal(100_000);
    });

    it('is this number, which daemons of different releases have to agree on', () => {
      expect(of([0, 1, 1], [1, 2, 3], [2, 0, 2 ** 32 + 5]).toString(16)).to.equal('7c3b321165081347');
    });

    it('is of a view whose name is a hash of 64 bits that daemons of different releases agree on', () => {
      expect(viewId('1.4/2.100.7:d1')).to.deep.equal({ text: '1.4/2.100.7:d1', tag: 0x6f3c3ef1c14ee4can });
    });
  });

  describe('stability', () => {
    it('is what all members have acknowledged', () => {
      const stability = new Stability(3);
      for (const bytes of [10, 20, 30]) stability.delivered(bytes);
      stability.acknowledge(0, 3);
      stability.acknowledge(1, 2);
      expect([stability.stable, stability.unstableBytes]).to.deep.equal([0, 60]);
      stability.acknowledge(2, 1);
      expect([stability.stable, stability.unstableBytes]).to.deep.equal([1, 50]);
      stability.acknowledge(2, 3);
      expect([stability.stable, stability.unstableBytes]).to.deep.equal([2, 30]);
    });

    it('never falls, and is never above what was delivered here', () => {
      const stability = new Stability(1);
      stability.delivered(1);
      stability.acknowledge(0, 9);
      stability.acknowledge(0, 0);
      expect(stability.stable).to.equal(1);
    });
  });

  it('a lower acknowledgement does not undo a higher one', () => {
    const stability = new Stability(2);
    for (const bytes of [1, 1, 1]) stability.delivered(bytes);
    stability.acknowledge(0, 3);
    stability.acknowledge(1, 1);
    stability.acknowledge(0, 1);
    stability.acknowledge(1, 3);
    expect(stability.stable).to.equal(3);
  });

  describe('an assembly', () => {
    it('gives a payload of one fragment at once, as it is', () => {
      const fragment = Buffer.from('x');
      expect(new FragmentAssembler(1).add(0, fragment, false)).to.equal(fragment);
    });

    it('puts the fragments of each sender together', () => {
      const assembly = new FragmentAssembler(2);
      expect(assembly.add(0, Buffer.from('a'), true)).to.equal(null);
      expect(assembly.add(1, Buffer.from('1'), true)).to.equal(null);
      expect(assembly.add(0, Buffer.from('b'), true)).to.equal(null);
      expect(assembly.add(1, Buffer.from('2'), false)?.toString()).to.equal('12');
      expect(assembly.add(0, Buffer.from('c'), false)?.toString()).to.equal('abc');
      expect(assembly.add(0, Buffer.from('d'), false)?.toString()).to.equal('d');
    });
  });

  describe('early messages', () => {
    const event = (text: string) => ({ kind: 'deliver', node: 1, pid: 1, data: Buffer.from(text) }) as const;

    it('are kept by the view they belong to', () => {
      const early = new EarlyMessages(100);
      early.add(event('a'), 1n);
      early.add(event('b'), 2n);
      early.add(event('c'), 1n);
      expect(early.take(1n).map(({ data }) => data.toString())).to.deep.equal(['a', 'c']);
      expect(early.take(2n)).to.deep.equal([]);
    });

    it('are given up when there are too many bytes', () => {
      const early = new EarlyMessages(4);
      expect(early.add(event('four'), 1n)).to.equal(true);
      expect(early.add(event('5'), 1n)).to.equal(false);
      expect(early.take(1n)).to.deep.equal([]);
    });

    it('count no more when they were taken, or given up', () => {
      const early = new EarlyMessages(4);
      for (let i = 0; i < 3; i++) {
        expect(early.add(event('four'), 1n)).to.equal(true);
        early.take(1n);
      }
      early.add(event('12345'), 1n);
      expect(early.add(event('four'), 1n)).to.equal(true);
    });
  });

  describe('the outgoing queue', () => {
    const texts = (outgoing: SendBuffer, onlyExchange = false): string[] => {
      const out: string[] = [];
      for (let next = outgoing.next(onlyExchange); next; next = outgoing.next(onlyExchange)) {
        out.push(next.bytes.toString() + (next.more ? '+' : ''));
        outgoing.accepted(next);
      }
      return out;
    };
    const filled = (...payloads: readonly string[]): SendBuffer => {
      const outgoing = new SendBuffer(4);
      for (const payload of payloads) outgoing.add(Buffer.from(payload), false, payload.startsWith('x'));
      return outgoing;
    };

    it('cuts payloads into fragments, and an empty one is one too', () => {
      expect(texts(filled('123456789', '', '1234'))).to.deep.equal(['1234+', '5678+', '9', '', '1234']);
    });

    it('lets the exchange go first, and alone while nothing else may', () => {
      const outgoing = filled('a', 'x', 'b');
      expect(texts(outgoing, true)).to.deep.equal(['x']);
      expect(texts(outgoing)).to.deep.equal(['a', 'b']);
    });

    it('finishes a payload that was begun before the exchange, and before everything', () => {
      const outgoing = filled('12345678', 'b');
      const first = outgoing.next(false);
      if (first) outgoing.accepted(first);
      outgoing.add(Buffer.from('x'), false, true);
      expect(outgoing.next(true)?.bytes.toString()).to.equal('5678');
      expect(texts(outgoing)).to.deep.equal(['5678', 'x', 'b']);
    });

    it('sends a long payload again once, though each of its fragments was sent', () => {
      const outgoing = filled('123456789', 'b');
      texts(outgoing);
      expect(outgoing.endView()).to.equal(2);
      expect(texts(outgoing)).to.deep.equal(['1234+', '5678+', '9', 'b']);
    });

    it('takes nothing for what comes back when nothing is in flight', () => {
      const outgoing = filled('1');
      outgoing.delivered();
      expect([outgoing.queuedBytes, outgoing.inFlightBytes]).to.deep.equal([1, 0]);
    });

    it('forgets with the view what was in flight in it', () => {
      const outgoing = filled('a', 'b');
      texts(outgoing);
      outgoing.endView();
      outgoing.delivered();
      expect([outgoing.queuedBytes, outgoing.inFlightBytes]).to.deep.equal([2, 0]);
      expect(texts(outgoing)).to.deep.equal(['a', 'b']);
      outgoing.delivered();
      expect([outgoing.queuedBytes, outgoing.inFlightBytes]).to.deep.equal([1, 1]);
    });

    it('counts what is queued and what is in flight until it comes back', () => {
      const outgoing = filled('123456', '7');
      expect([outgoing.queuedBytes, outgoing.inFlightBytes]).to.deep.equal([7, 0]);
      texts(outgoing);
      expect([outgoing.queuedBytes, outgoing.inFlightBytes]).to.deep.equal([7, 7]);
      outgoing.delivered();
      expect([outgoing.queuedBytes, outgoing.inFlightBytes]).to.deep.equal([7, 3]);
      outgoing.delivered();
      outgoing.delivered();
      expect([outgoing.queuedBytes, outgoing.inFlightBytes]).to.deep.equal([0, 0]);
    });

    it('sends again what did not come back, in order, and drops what belonged to the exchange', () => {
      const outgoing = filled('x1', 'a', 'b', 'c');
      texts(outgoing);
      outgoing.delivered();
      outgoing.delivered();
      expect(outgoing.endView()).to.equal(2);
      outgoing.add(Buffer.from('d'), false, false);
      expect([outgoing.queuedBytes, outgoing.inFlightBytes]).to.deep.equal([3, 0]);
      expect(texts(outgoing)).to.deep.equal(['b', 'c', 'd']);
    });

    it('forgets exchange payloads, sent, begun or not, with their bytes', () => {
      const outgoing = filled('x123456', 'x2', 'a');
      const first = outgoing.next(true);
      if (first) outgoing.accepted(first);
      outgoing.endView();
      expect(outgoing.queuedBytes).to.equal(1);
      expect(texts(outgoing)).to.deep.equal(['a']);
    });

    it('sends a payload that was sent in part from its start', () => {
      const outgoing = filled('12345678', 'b');
      const first = outgoing.next(false);
      if (first) outgoing.accepted(first);
      expect(outgoing.endView()).to.equal(0);
      expect(texts(outgoing)).to.deep.equal(['1234+', '5678', 'b']);
    });

    it('hands out nothing of the exchange, and nothing twice', () => {
      const outgoing = filled('x', 'a');
      texts(outgoing);
      expect(outgoing.takeAccepted().map(({ payload }) => payload.toString())).to.deep.equal(['a']);
      expect([outgoing.queuedBytes, outgoing.inFlightBytes]).to.deep.equal([0, 0]);
      expect(outgoing.takeAccepted()).to.deep.equal([]);
      expect([outgoing.endView(), outgoing.next(false)]).to.deep.equal([0, null]);
    });

    it('hands out what was sent whole and not come back, and keeps the rest', () => {
      const outgoing = filled('a', '12345678', 'c');
      for (let i = 0; i < 2; i++) {
        const next = outgoing.next(false);
        if (next) outgoing.accepted(next);
      }
      expect(outgoing.takeAccepted().map(({ payload }) => payload.toString())).to.deep.equal(['a']);
      outgoing.endView();
      expect(outgoing.queuedBytes).to.equal(9);
      expect(texts(outgoing)).to.deep.equal(['1234+', '5678', 'c']);
    });
  });

  it('options leave room for five heartbeats in a silence, and for a large payload', () => {
    const heartbeats = (silenceTimeout: number, heartbeat: number) =>
      checkedOptions({ silenceTimeout, heartbeat }).heartbeat;
    expect([heartbeats(5000, 500), heartbeats(1000, 500), heartbeats(5000, 2000)]).to.deep.equal([
      500, 200, 1000,
    ]);
    expect(checkedOptions({}).inFlightBytes).to.deep.equal({ total: 786_432, least: 65_536, most: 262_144 });
    expect(MAX_PAYLOAD).to.equal(268_435_456);
  });

  describe('control messages', () => {
    const past = { tag: 0xffff_ffff_ffff_ffffn, count: 2 ** 40, hash: 7n };
    const state = { inc: 2n ** 64n - 1n, name: 'dmn1', key: 5n, attempt: 2 ** 32 - 1, past, isApart: false };
    const version = wire.versionOf(REPORT_VERSION);
    const entry = { node: 2 ** 32 - 1, pid: 4_194_304, inc: 3n, name: 'a', attempt: 1, past };

    it('come back as they were', () => {
      for (const isApart of [false, true]) {
        const bytes = control.encodeState(version, { ...state, isApart });
        const { flags } = wire.readPrefix(bytes) ?? { flags: 0 };
        expect(control.readState(bytes, flags)).to.deep.equal({ ...state, isApart });
      }
      const install = {
        key: 1n,
        id: '1.4/1.100.ab.1',
        members: [entry, { ...entry, node: 1, past: control.NO_PAST }],
        excluded: [{ node: 3, pid: 4, reason: control.Reason.name }],
      };
      expect(control.readInstall(control.encodeInstall(version, install))).to.deep.equal(install);
      for (const excluded of [[], [{ node: 1, pid: 2, reason: control.Reason.report, why: 'bad' }]]) {
        const reset = { tag: 9n, excluded };
        expect(control.readReset(control.encodeReset(version, reset))).to.deep.equal(reset);
      }
    });

    it('have names of 255 bytes at most', () => {
      const nameOf = (name: string) =>
        control.readState(control.encodeState(version, { ...state, name }), 0).name;
      expect([nameOf('x'.repeat(300)), nameOf('zoë')]).to.deep.equal(['x'.repeat(255), 'zoë']);
    });

    it('say in STATE whether there has been a view', () => {
      for (const [tag, hadView] of [
        [0n, false],
        [1n, true],
      ] as const) {
        const bytes = control.encodeState(version, { ...state, past: { ...past, tag } });
        const prefix = wire.readPrefix(bytes) ?? { version: 0, flags: 0 };
        expect(control.readStateHead(bytes, prefix.version, prefix.flags)).to.deep.equal({
          version,
          hadView,
          inc: state.inc,
          name: 'dmn1',
        });
      }
    });

    it('carry both versions, their own and that of the reports', () => {
      const other = wire.versionOf(REPORT_VERSION + 1);
      expect(wire.readPrefix(control.encodeState(other, state))?.version).to.equal(other);
      expect([version, other].map(wire.versionText)).to.deep.equal(['2.2', '2.3']);
      // Daemons that had one version for both.
      expect(wire.versionText(1)).to.equal('1');
    });

    it('are these bytes, which daemons of different releases have to agree on', () => {
      const before = { tag: 0x1122334455667788n, count: 2 ** 40 + 5, hash: 99n };
      const member = { node: 1, pid: 2, inc: 3n, name: 'd1', attempt: 4, past: before };
      const hex = [
        control.encodeState(0x202, { inc: 7n, name: 'd1', key: 8n, attempt: 9, past: before, isApart: true }),
        control.encodeInstall(0x202, {
          key: 1n,
          id: '1.2/d1',
          members: [member],
          excluded: [{ node: 5, pid: 6, reason: 3 }],
        }),
        control.encodeReset(0x202, { tag: 5n, excluded: [{ node: 1, pid: 2, reason: 2, why: 'xxx' }] }),
      ].map((bytes) => bytes.toString('hex'));
      const pastHex = '88776655443322110500000000016300000000000000';
      expect(hex).to.deep.equal([
        '53535056020203280700000000000000026431080000000000000009000000' + pastHex,
        '5353505602020400' +
          '0100000000000000' +
          '06312e322f6431' +
          '01000100000002000000030000000000000002643104000000' +
          pastHex +
          '0100050000000600000003',
        '53535056020205000500000000000000010001000000020000000203787878',
      ]);
    });

    it('that end too early are faults, at every length', () => {
      const bytes = control.encodeState(version, state);
      for (let length = 8; length < bytes.length; length++) {
        expect(() => control.readState(bytes.subarray(0, length), 0), `${length}`).to.throw(Malformed);
      }
    });

    it('are known by their first eight bytes, and complete by their type', () => {
      const head = Buffer.alloc(8);
      wire.writePrefix(head, version, wire.Type.reset, 3);
      const prefix = { version, type: wire.Type.reset, flags: 3 };
      expect(wire.readPrefix(head)).to.deep.equal(prefix);
      expect([wire.readPrefix(head.subarray(0, 7)), wire.readPrefix(Buffer.alloc(40))]).to.deep.equal([
        null,
        null,
      ]);
      const sizes = [wire.DATA_HEAD_BYTES - 1, wire.DATA_HEAD_BYTES, wire.DATA_HEAD_BYTES + 1];
      const complete = (type: number) => sizes.map((size) => wire.isComplete(Buffer.alloc(size), type));
      expect(complete(wire.Type.data)).to.deep.equal([false, true, true]);
      expect(complete(wire.Type.ack)).to.deep.equal([false, true, false]);
      expect([0, 3, 4, 5, 6].map((type) => wire.isComplete(head, type))).to.deep.equal([
        false,
        true,
        true,
        true,
        false,
      ]);
    });

    it('find a common past only with those who have one', () => {
      expect(control.equalPasts(past, { ...past })).to.equal(true);
      for (const other of [
        { ...past, tag: 1n },
        { ...past, count: 1 },
        { ...past, hash: 8n },
      ]) {
        expect(control.equalPasts(past, other)).to.equal(false);
      }
      expect(control.equalPasts(control.NO_PAST, control.NO_PAST)).to.equal(false);
    });
  });
});
