/** The plain receive calls: [session 8.2 to 8.5]. The recordings have more of it, see spec/conformance. */
import { Buffer } from 'node:buffer';
import { expect } from 'chai';
import {
  DONT_BLOCK,
  DROP_RECV,
  SP_disconnect,
  SP_get_memb_info,
  SP_multicast,
  SP_poll,
  SP_receive,
  SP_scat_receive,
} from '../../lib/ssp/index.js';
import { frame, transitionFrame, viewBody, viewFrame } from '../support/fake-daemon-frames.js';
import { breakOff, deliver, endPairs, pair, until } from '../support/fake-daemon-mailbox.js';
import { isWaiting, roomy, sp } from './receiving.js';
import { messages, V } from './vectors.js';

const { H, TEN, M7, E, J, J3, N, SL, TR, Z } = messages;

const network = {
  group: 'g',
  cause: 0x800,
  members: ['#a#d1', '#b#d1', '#c#d2'],
  id: V,
  sets: [['#c#d2'], ['#a#d1', '#b#d1']],
  own: 1,
};

describe('SP_receive', () => {
  afterEach(endPairs);

  describe('a message that fits', () => {
    it('data', async () => {
      const p = await pair();
      await deliver(p, E);
      const groups = ['x', 'x'];
      const options = roomy({ groups });
      expect(await SP_receive(p.mbox, options)).to.deep.equal({
        ret: 2,
        service_type: 0x20,
        sender: '#c#d2',
        num_groups: 1,
        groups: ['g'],
        mess_type: 258,
        endian_mismatch: 1,
      });
      expect(groups).to.deep.equal(['g', 'x']);
      expect(Buffer.from(options.mess).toString('latin1', 0, 3)).to.equal('xy.');
    });

    it('a regular membership message has the body of the wire', async () => {
      const p = await pair();
      await deliver(p, viewFrame(network));
      const options = roomy();
      expect(await SP_receive(p.mbox, options)).to.deep.equal({
        ret: 124,
        service_type: 0x1800,
        sender: 'g',
        num_groups: 3,
        groups: network.members,
        mess_type: 0,
        endian_mismatch: 0,
      });
      expect(Buffer.from(options.mess).subarray(0, 124)).to.deep.equal(viewBody(network));
    });

    it('a transitional one has its 12 bytes, a self-leave none, both type -1', async () => {
      const p = await pair();
      await deliver(p, TR, SL);
      const options = roomy();
      const transition = await SP_receive(p.mbox, options);
      expect([transition.ret, transition.mess_type, transition.num_groups]).to.deep.equal([12, -1, 0]);
      expect(SP_get_memb_info(options.mess, 0x2000).memb_info?.gid).to.deep.equal(V);
      const leave = await sp(p.mbox, { max_groups: 0, max_mess_len: 0 });
      expect([leave.ret, leave.mess_type, leave.num_groups, leave.service_type]).to.deep.equal([
        0, -1, 0, 0x200,
      ]);
    });

    it('integers of a body come little-endian, also from a daemon of the other order', async () => {
      const p = await pair();
      await deliver(p, viewFrame({ ...network, little: false }), transitionFrame('g', V, false));
      const options = roomy();
      expect((await SP_receive(p.mbox, options)).ret).to.equal(124);
      expect(Buffer.from(options.mess).subarray(0, 124)).to.deep.equal(viewBody(network));
      expect((await SP_receive(p.mbox, options)).ret).to.equal(12);
      expect(Buffer.from(options.mess).subarray(0, 12)).to.deep.equal(viewBody(network).subarray(0, 12));
    });

    it('a scatter is filled in order', async () => {
      const p = await pair();
      await deliver(p, TEN);
      const bufs = [Buffer.alloc(4), Buffer.alloc(9, '.')];
      const elements = bufs.map((buf) => ({ len: buf.length, buf }));
      const result = await SP_scat_receive(p.mbox, { max_groups: 1, scat: { num_elements: 2, elements } });
      expect([result.ret, ...bufs.map(String)]).to.deep.equal([10, '0123', '456789...']);
    });
  });

  describe('without DROP_RECV', () => {
    it('too few groups, too little room, both: told as often as asked, then delivered whole', async () => {
      const p = await pair();
      await deliver(p, M7, H);
      const mess = Buffer.alloc(100, '.');
      const groups = ['x'];
      const kept = { service_type: 0x10, sender: '#b#d2', groups: [], mess_type: 9 };
      const ask = (max_groups: number, max_mess_len: number) =>
        SP_receive(p.mbox, { max_groups, max_mess_len, mess, groups });
      for (let i = 0; i < 2; i++) {
        expect(await ask(6, 100)).to.deep.equal({ ret: -16, num_groups: -7, endian_mismatch: 0, ...kept });
        expect(await ask(6, 2)).to.deep.equal({ ret: -16, num_groups: -7, endian_mismatch: -3, ...kept });
        expect(await ask(7, 2)).to.deep.equal({ ret: -15, num_groups: 0, endian_mismatch: -3, ...kept });
      }
      expect([groups, mess.toString('latin1')]).to.deep.equal([['x'], '.'.repeat(100)]);
      expect((await ask(7, 3)).ret).to.equal(3);
      expect([groups.length, mess.toString('latin1', 0, 4)]).to.deep.equal([7, 'abc.']);
      expect((await sp(p.mbox)).ret).to.equal(5);
    });

    it('mess_type is 0 for membership messages that stay', async () => {
      const p = await pair();
      await deliver(p, J3, TR);
      const groups = await sp(p.mbox, { max_groups: 3 });
      expect([groups.ret, groups.num_groups, groups.mess_type]).to.deep.equal([-16, -4, 0]);
      const body = await sp(p.mbox, { max_mess_len: 20 });
      expect([body.ret, body.endian_mismatch, body.mess_type]).to.deep.equal([-15, -56, 0]);
      expect((await sp(p.mbox)).mess_type).to.equal(2);
      const transition = await sp(p.mbox, { max_mess_len: 11 });
      expect([transition.ret, transition.endian_mismatch, transition.mess_type]).to.deep.equal([-15, -12, 0]);
    });

    it('negative sizes are too short for everything', async () => {
      const p = await pair();
      await deliver(p, Z);
      expect((await sp(p.mbox, { max_groups: -1 })).ret).to.equal(-16);
      const result = await sp(p.mbox, { max_mess_len: -1 });
      expect([result.ret, result.num_groups, result.endian_mismatch]).to.deep.equal([-15, 0, 0]);
      expect((await sp(p.mbox)).ret).to.equal(0);
    });

    it('a message that stays is the next for every waiting call', async () => {
      const p = await pair();
      const calls = [sp(p.mbox, { max_mess_len: 1 }), sp(p.mbox, { max_mess_len: 2 }), sp(p.mbox)];
      await p.session.send(TEN);
      expect((await Promise.all(calls)).map(({ ret }) => ret)).to.deep.equal([-15, -15, 10]);
    });
  });

  describe('with DROP_RECV', () => {
    const cut = { service_type: DROP_RECV };

    it('only groups cut: the size, all data', async () => {
      const p = await pair();
      await deliver(p, M7);
      const groups = ['x', 'x', 'x'];
      const result = await sp(p.mbox, { ...cut, max_groups: 2, groups });
      expect([result.ret, result.num_groups, result.groups]).to.deep.equal([3, -7, ['g1', 'g2']]);
      expect(groups).to.deep.equal(['g1', 'g2', 'x']);
    });

    it('data cut: BUFFER_TOO_SHORT with the plain endian_mismatch, the rest is gone', async () => {
      const p = await pair();
      await deliver(p, E, TEN, H);
      const mess = Buffer.alloc(4, '.');
      const result = await SP_receive(p.mbox, { ...cut, max_groups: 5, max_mess_len: 1, mess });
      expect([result.ret, result.num_groups, result.endian_mismatch]).to.deep.equal([-15, 1, 1]);
      expect(mess.toString()).to.equal('x...');
      expect((await sp(p.mbox, { ...cut, max_mess_len: 0, max_groups: 0 })).num_groups).to.equal(-1);
      expect((await sp(p.mbox)).ret).to.equal(5);
    });

    it('membership: the index is there when only the body was cut, -1 when groups were', async () => {
      const p = await pair();
      await deliver(p, J3, J3);
      expect((await sp(p.mbox, { ...cut, max_mess_len: 5 })).mess_type).to.equal(2);
      const result = await sp(p.mbox, { ...cut, max_groups: 3 });
      expect([result.ret, result.num_groups, result.mess_type]).to.deep.equal([56, -4, -1]);
    });

    it('a refused call before it leaves nothing behind (defect of the C library)', async () => {
      const p = await pair();
      await deliver(p, TEN, H);
      expect((await sp(p.mbox, { max_mess_len: 4 })).ret).to.equal(-15);
      expect((await sp(p.mbox, { ...cut, max_mess_len: 4 })).ret).to.equal(-15);
      expect((await sp(p.mbox)).ret).to.equal(5);
    });

    it('negative sizes take nothing', async () => {
      const p = await pair();
      await deliver(p, M7);
      const result = await sp(p.mbox, { ...cut, max_groups: -1, max_mess_len: -1 });
      expect([result.ret, result.num_groups, result.groups]).to.deep.equal([-15, -7, []]);
    });
  });

  it('answers NET_ERROR_ON_SESSION at once when a send has told the loss, whatever waits [session 8.5]', async () => {
    const p = await pair();
    await deliver(p, frame({ type: 0x10, name: '#b#d1', groups: ['g'], data: 'x' }));
    await breakOff(p);
    expect(await SP_multicast(p.mbox, 0x10, 'g', 0, Buffer.from('x'))).to.equal(-8);
    const mess = Buffer.alloc(10);
    expect((await SP_receive(p.mbox, { max_groups: 1, max_mess_len: 10, mess })).ret).to.equal(-18);
  });

  describe('poll', () => {
    it('counts bytes of whole and of partial messages', async () => {
      const p = await pair();
      expect(SP_poll(p.mbox)).to.equal(0);
      await p.session.send(Z.subarray(0, 50));
      await until(() => SP_poll(p.mbox) > 0, 'the first bytes');
      expect(SP_poll(p.mbox)).to.equal(50);
      await deliver(p, Z.subarray(50), H);
      expect(SP_poll(p.mbox)).to.equal(Z.length + H.length);
    });

    it('a header that a refused call has seen does not count any more', async () => {
      const p = await pair();
      await deliver(p, TEN, H);
      expect(SP_poll(p.mbox)).to.equal(TEN.length + H.length);
      await sp(p.mbox, { max_mess_len: 1 });
      expect(SP_poll(p.mbox)).to.equal(TEN.length + H.length - 48);
      await sp(p.mbox);
      expect(SP_poll(p.mbox)).to.equal(H.length);
    });
  });

  describe('waiting and errors', () => {
    it('always waits, whatever DONT_BLOCK says', async () => {
      const p = await pair();
      const call = sp(p.mbox, { service_type: DONT_BLOCK });
      expect(await isWaiting(call)).to.equal(true);
      await p.session.send(H);
      expect((await call).ret).to.equal(5);
    });

    it('an abort ends the waiting with WOULD_BLOCK', async () => {
      const p = await pair();
      const stop = new AbortController();
      const call = sp(p.mbox, { signal: stop.signal });
      stop.abort();
      expect(await call).to.deep.equal({ ret: -25 });
    });

    it('messages first, then -8 once, then -18, until disconnect: 0, then -11', async () => {
      const p = await pair();
      await deliver(p, H, N);
      await breakOff(p);
      const results = [];
      for (let i = 0; i < 5; i++) results.push((await sp(p.mbox)).ret);
      expect(results).to.deep.equal([5, 20 + 36 + 68, -8, -18, -18]);
      expect(SP_poll(p.mbox)).to.equal(0);
      expect(await SP_disconnect(p.mbox)).to.equal(0);
      expect((await sp(p.mbox)).ret).to.equal(-11);
    });

    it('a call that waits when the mailbox is disconnected ends with -11', async () => {
      const p = await pair();
      const call = sp(p.mbox);
      void SP_disconnect(p.mbox);
      expect(await call).to.deep.equal({ ret: -11 });
    });

    it('a malformed message is reported and gone', async () => {
      const p = await pair();
      await deliver(p, frame({ type: 0x1100, name: 'g' }), H);
      expect(await sp(p.mbox)).to.deep.equal({ ret: -13 });
      expect((await sp(p.mbox)).ret).to.equal(5);
    });

    it('a malformed header is reported, then the connection is lost', async () => {
      const p = await pair();
      await p.session.send(H, frame({ type: 0x10, name: '#b#d2', dataLength: -1 }));
      const results = [];
      for (let i = 0; i < 4; i++) results.push((await sp(p.mbox)).ret);
      expect(results).to.deep.equal([5, -13, -8, -18]);
    });

    it('sizes that are none are ILLEGAL_PARAM, a malformed scatter ILLEGAL_MESSAGE', async () => {
      const p = await pair();
      await deliver(p, J);
      const mess = Buffer.alloc(1);
      expect((await SP_receive(p.mbox, { max_groups: 1, max_mess_len: 2, mess })).ret).to.equal(-24);
      expect((await SP_receive(p.mbox, { max_groups: Number.NaN, max_mess_len: 1, mess })).ret).to.equal(-24);
      expect((await SP_receive(p.mbox, undefined as never)).ret).to.equal(-24);
      const elements = Array.from({ length: 101 }, () => ({ len: 1, buf: mess }));
      const scat = { num_elements: 101, elements };
      expect((await SP_scat_receive(p.mbox, { max_groups: 1, scat })).ret).to.equal(-13);
      scat.num_elements = 100;
      expect((await SP_scat_receive(p.mbox, { max_groups: 2, scat })).ret).to.equal(56);
    });
  });
});
