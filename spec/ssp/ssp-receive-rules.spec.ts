/** The requirements of [receive 3] that no row of the table shows whole. Titles begin with their numbers. */
import { Buffer } from 'node:buffer';
import { expect } from 'chai';
import { DONT_BLOCK, SSP_disconnect, SSP_receive, SSP_scat_receive } from '../../lib/ssp/index.js';
import { frame, selfLeaveFrame, sspBody, transitionFrame, viewFrame } from '../support/fake-daemon-frames.js';
import { breakOff, deliver, endPairs, pair, until } from '../support/fake-daemon-mailbox.js';
import { isWaiting, roomy, settle, ssp, sspNow } from './receiving.js';
import { messages, V } from './vectors.js';

const { H, TEN, Z, J, N, M7, SL, TR } = messages;

describe('SSP_receive, the requirements', () => {
  afterEach(endPairs);

  describe('taking messages', () => {
    it('[receive R1] one call takes one message', async () => {
      const p = await pair();
      await deliver(p, H, TEN, Z);
      expect((await ssp(p.mbox)).ret).to.equal(5);
      expect(p.mailbox.waiting).to.equal(2);
    });

    it('[receive R2, R3] data, membership and private messages of all groups come in one order', async () => {
      const p = await pair();
      const other = frame({ type: 0x10, name: '#c#d2', groups: ['other'], data: '1' });
      await deliver(p, H, J, Z, other, TR, N);
      const order = [];
      for (let i = 0; i < 6; i++) order.push((await ssp(p.mbox)).service_type);
      expect(order).to.deep.equal([0x10, 0x1100, 0x04, 0x10, 0x2000, 0x1800]);
    });

    it('[receive R4] without DONT_BLOCK the call waits', async () => {
      const p = await pair();
      const call = ssp(p.mbox);
      expect(await isWaiting(call)).to.equal(true);
      await p.session.send(H);
      expect((await call).ret).to.equal(5);
    });

    it('[receive R5] a caller that asks in a loop without waiting gets the message too', async () => {
      const p = await pair();
      let result = await sspNow(p.mbox);
      expect(result).to.deep.equal({ ret: -25, more_messes: 0 });
      void p.session.send(H);
      while (result.ret === -25) result = await sspNow(p.mbox);
      expect(result.ret).to.equal(5);
    });

    it('[receive R8] flags that a sender set are not shown', async () => {
      const p = await pair();
      await deliver(
        p,
        frame({ type: 0x01000010, name: '#b#d2' }),
        frame({ type: 0x50000010, name: '#b#d2' }),
      );
      expect((await ssp(p.mbox)).service_type).to.equal(0x10);
      expect((await ssp(p.mbox)).service_type).to.equal(0x40000010);
    });

    it('[receive R10] more_messes counts what came in the same chunk as the message that was waited for', async () => {
      const p = await pair();
      const call = ssp(p.mbox);
      await settle();
      await p.session.send(H, TEN, Z);
      expect((await call).more_messes).to.equal(2);
    });

    it('[receive R10] an incomplete message does not count', async () => {
      const p = await pair();
      const call = ssp(p.mbox);
      await settle();
      await p.session.send(H, TEN.subarray(0, 60));
      expect((await call).more_messes).to.equal(0);
      await p.session.send(TEN.subarray(60));
      expect((await ssp(p.mbox)).ret).to.equal(10);
    });

    it('[receive R12] unknown input bits are ignored', async () => {
      const p = await pair();
      await deliver(p, H);
      expect((await ssp(p.mbox, { service_type: 0x6fffffff })).ret).to.equal(5);
    });

    it('[receive R74] calls that wait are served in call order, one message each', async () => {
      const p = await pair();
      const calls = [ssp(p.mbox), ssp(p.mbox), ssp(p.mbox)];
      await settle();
      await p.session.send(H, Z);
      await p.session.send(TEN);
      const results = await Promise.all(calls);
      expect(results.map(({ ret, service_type }) => [ret, service_type])).to.deep.equal([
        [5, 0x10],
        [0, 0x04],
        [10, 0x02],
      ]);
    });

    it('[receive T75, R52] N at three members on three daemons', async () => {
      const members = ['#a#d1', '#c#d2', '#d#d3'];
      const places = [];
      for (const [i, member] of members.entries()) {
        const accept = Buffer.concat([
          Buffer.from([1, 5, 0, 1, member.length]),
          Buffer.from(member, 'latin1'),
        ]);
        const p = await pair({ script: { accept } });
        const sets = [['#d#d3'], ['#a#d1', '#c#d2']];
        await deliver(p, viewFrame({ group: 'g', cause: 0x800, members, id: V, sets, own: i === 2 ? 0 : 1 }));
        const { service_type, sender, num_groups, groups, mess_type, endian_mismatch } = await ssp(p.mbox);
        expect([service_type, sender, num_groups, endian_mismatch]).to.deep.equal([0x1800, 'g', 3, 0]);
        expect(groups).to.deep.equal(members);
        places.push(mess_type);
      }
      expect(places).to.deep.equal([0, 1, 2]);
    });

    it('[receive T76, R74] H and Z for two waiting calls', async () => {
      const p = await pair();
      const [first, second] = [roomy(), roomy()];
      const calls = [SSP_receive(p.mbox, first), SSP_receive(p.mbox, second)];
      await p.session.send(H, Z);
      const [a, b] = await Promise.all(calls);
      expect([a?.ret, a?.service_type, a?.mess_type, a?.endian_mismatch]).to.deep.equal([5, 0x10, 123, 0]);
      expect([b?.ret, b?.service_type, b?.mess_type, b?.endian_mismatch]).to.deep.equal([0, 0x04, 7, 0]);
      expect(Buffer.from(first.mess).toString('latin1', 0, 6)).to.equal('hello.');
      expect(second.mess[0]).to.equal(0x2e);
    });

    it('an abort ends the waiting with WOULD_BLOCK and takes no message', async () => {
      const p = await pair();
      const stop = new AbortController();
      const calls = [ssp(p.mbox), ssp(p.mbox, { signal: stop.signal }), ssp(p.mbox)];
      stop.abort();
      expect(await calls[1]).to.deep.equal({ ret: -25, more_messes: 0 });
      await p.session.send(H, TEN);
      expect([(await calls[0])?.ret, (await calls[2])?.ret]).to.deep.equal([5, 10]);
      expect((await ssp(p.mbox, { signal: stop.signal })).ret).to.equal(-25);
    });

    it('an abort after the answer changes nothing', async () => {
      const p = await pair();
      const stop = new AbortController();
      const call = ssp(p.mbox, { signal: stop.signal });
      await p.session.send(H, TEN);
      expect((await call).ret).to.equal(5);
      stop.abort();
      expect((await ssp(p.mbox)).ret).to.equal(10);
    });
  });

  describe('outputs', () => {
    it('[receive R15, R20] names beyond the stored ones stay as they were', async () => {
      const p = await pair();
      await deliver(p, M7);
      const groups = ['x', 'x', 'x', 'x'];
      const result = await ssp(p.mbox, { max_groups: 3, groups });
      expect(groups).to.deep.equal(['g1', 'g2', 'g3', 'x']);
      expect(result.groups).to.deep.equal(['g1', 'g2', 'g3']);
    });

    it('[receive R11, R29] a cut message sets all outputs, full_length tells its size', async () => {
      const p = await pair();
      await deliver(p, TEN, H);
      expect(await ssp(p.mbox, { max_mess_len: 3 })).to.deep.equal({
        ret: -15,
        service_type: 2,
        sender: '#b#d2',
        num_groups: 1,
        groups: ['g'],
        mess_type: 1,
        endian_mismatch: 0,
        more_messes: 1,
        full_length: 10,
      });
    });

    it('[receive R21] 16-bit types are right in both byte orders', async () => {
      const p = await pair();
      const types = [0, 1, 255, 256, 0x1234, 32767, -1, -2, -32768];
      const frames = types.flatMap((messType) => [
        frame({ type: 0x10, name: '#b#d2', messType }),
        frame({ type: 0x10, name: '#b#d2', messType, senderLittle: false }),
        frame({ type: 0x10, name: '#b#d2', messType, little: false }),
        frame({ type: 0x10, name: '#b#d2', messType, little: false, senderLittle: true }),
      ]);
      await deliver(p, ...frames);
      for (const type of types) {
        for (const mismatch of [0, 1, 1, 0]) {
          const result = await ssp(p.mbox);
          expect([result.mess_type, result.endian_mismatch]).to.deep.equal([type, mismatch]);
        }
      }
    });

    it('[receive R23] the body of the other byte order is not converted', async () => {
      const p = await pair();
      const data = Buffer.from([1, 2, 3, 4]);
      await deliver(
        p,
        frame({ type: 0x10, name: '#b#d2', groups: ['g', 'h'], data, little: false }),
        frame({ type: 0x10, name: '#b#d2', data }),
      );
      const options = roomy();
      const result = await SSP_receive(p.mbox, options);
      expect([result.num_groups, result.groups, result.endian_mismatch]).to.deep.equal([2, ['g', 'h'], 1]);
      expect(Buffer.from(options.mess).subarray(0, 5)).to.deep.equal(Buffer.from([1, 2, 3, 4, 0x2e]));
    });

    it('[receive R28] what was cut off does not come back', async () => {
      const p = await pair();
      await deliver(p, TEN, TEN);
      expect((await ssp(p.mbox, { max_mess_len: 4 })).ret).to.equal(-15);
      expect((await ssp(p.mbox)).ret).to.equal(10);
      expect((await sspNow(p.mbox)).ret).to.equal(-25);
    });

    it('[receive R32] bytes beyond the stored ones are not touched, in no buffer of a scatter', async () => {
      const p = await pair();
      await deliver(p, H);
      const bufs = [Buffer.alloc(4, '.'), Buffer.alloc(4, '.'), Buffer.alloc(4, '.')];
      const elements = bufs.map((buf) => ({ len: 3, buf }));
      await SSP_scat_receive(p.mbox, { max_groups: 1, scat: { num_elements: 3, elements } });
      expect(bufs.map(String)).to.deep.equal(['hel.', 'lo..', '....']);
    });

    it('[receive R42] the scatter structure is not changed, and a change of it during the call has no effect', async () => {
      const p = await pair();
      const [one, two] = [Buffer.alloc(5), Buffer.alloc(5)];
      const scat = { num_elements: 1, elements: [{ len: 5, buf: one }] };
      const before = structuredClone(scat);
      const call = SSP_scat_receive(p.mbox, { max_groups: 1, scat });
      expect(structuredClone(scat)).to.deep.equal(before);
      scat.elements[0] = { len: 5, buf: two };
      await p.session.send(H);
      expect((await call).ret).to.equal(5);
      expect([one.toString(), two[0]]).to.deep.equal(['hello', 0]);
    });
  });

  describe('membership', () => {
    it('[receive R49 to R55] a daemon of the other byte order makes no difference', async () => {
      const p = await pair();
      const network = {
        group: 'g',
        cause: 0x800,
        members: ['#a#d1', '#b#d1', '#c#d2'],
        id: V,
        sets: [['#c#d2'], ['#a#d1', '#b#d1']],
        own: 1,
      };
      await deliver(p, viewFrame(network), viewFrame({ ...network, little: false }));
      const [little, big] = [roomy(), roomy()];
      const first = await SSP_receive(p.mbox, little);
      const second = await SSP_receive(p.mbox, big);
      expect({ ...second, more_messes: 1 }).to.deep.equal(first);
      expect(big.mess).to.deep.equal(little.mess);
      expect(first.membership).to.deep.equal({ group_id: V, names: ['#a#d1', '#b#d1'] });
    });

    it('[receive R53] the index is -1 for a receiver that is not in the list', async () => {
      const p = await pair();
      await deliver(p, viewFrame({ group: 'g', cause: 0x200, members: ['#b#d2'], id: V, sets: [['#a#d1']] }));
      expect((await ssp(p.mbox)).mess_type).to.equal(-1);
    });

    it('[receive R54] the body of a join names the joiner, wherever its own offset points', async () => {
      const p = await pair();
      const sets = [['#c#d2'], ['#b#d2']];
      await deliver(p, viewFrame({ group: 'g', cause: 0x100, members: ['#a#d1'], id: V, sets, own: 1 }));
      expect((await ssp(p.mbox)).membership?.names).to.deep.equal(['#c#d2']);
    });

    it('[receive R56] names of the own set come in the order of the members', async () => {
      const p = await pair();
      const members = ['#a#d1', '#b#d1', '#c#d2', '#d#d2'];
      const sets = [['#d#d2', '#gone#d9', '#a#d1', '#c#d2']];
      await deliver(p, viewFrame({ group: 'g', cause: 0x800, members, id: V, sets }));
      expect((await ssp(p.mbox)).membership?.names).to.deep.equal(['#a#d1', '#c#d2', '#d#d2']);
    });

    it('[receive R58, Q22] a self-leave has the id of the last view that came before it', async () => {
      const p = await pair();
      const join = (group: string, id: readonly [number, number, number], little = true) =>
        viewFrame({ group, cause: 0x100, members: ['#a#d1'], id, sets: [['#a#d1']], little });
      await deliver(
        p,
        join('g', [1, 1, 1]),
        join('h', [5, 5, 5]),
        join('g', [1, 1, 2], false),
        SL,
        join('g', [9, 9, 9]),
        selfLeaveFrame('h', false),
        SL,
      );
      const left = [];
      for (let i = 0; i < 7; i++) {
        const options = roomy();
        const { service_type, sender, ret, membership } = await SSP_receive(p.mbox, options);
        if (service_type !== 0x200) continue;
        expect(Buffer.from(options.mess).subarray(0, ret)).to.deep.equal(
          sspBody(membership?.group_id ?? [0, 0, 0], ['#a#d1']),
        );
        left.push([sender, membership?.group_id]);
      }
      expect(left).to.deep.equal([
        ['g', [1, 1, 2]],
        ['h', [5, 5, 5]],
        ['g', [9, 9, 9]],
      ]);
    });

    it('[receive R58] the id is forgotten with the group; without a view it is zero', async () => {
      const p = await pair();
      await deliver(p, J, SL, SL);
      await ssp(p.mbox);
      expect((await ssp(p.mbox)).membership?.group_id).to.deep.equal(V);
      expect((await ssp(p.mbox)).membership?.group_id).to.deep.equal([0, 0, 0]);
    });
  });

  describe('errors', () => {
    const mess = Buffer.alloc(10);

    const badPlain: readonly (readonly [string, unknown])[] = [
      ['no options', undefined],
      ['max_groups missing', { max_mess_len: 1, mess }],
      ['max_groups no integer', { max_groups: 1.5, max_mess_len: 1, mess }],
      ['max_groups NaN', { max_groups: Number.NaN, max_mess_len: 1, mess }],
      ['max_mess_len no integer', { max_groups: 1, max_mess_len: 0.5, mess }],
      ['max_mess_len missing', { max_groups: 1, mess }],
      ['max_mess_len beyond the buffer', { max_groups: 1, max_mess_len: 11, mess }],
      ['buffer missing', { max_groups: 1, max_mess_len: 0 }],
      ['buffer no bytes', { max_groups: 1, max_mess_len: 0, mess: 'text' }],
      ['groups no list', { max_groups: 1, max_mess_len: 0, mess, groups: 'g' }],
    ];
    for (const [what, options] of badPlain) {
      it(`[receive R62] ${what} is ILLEGAL_PARAM, the queue stays`, async () => {
        const p = await pair();
        await deliver(p, H);
        expect(await SSP_receive(p.mbox, options as never)).to.deep.equal({ ret: -24 });
        expect(p.mailbox.waiting).to.equal(1);
      });
    }

    const badScatters: readonly (readonly [string, unknown])[] = [
      ['no scatter', undefined],
      ['null', null],
      ['elements missing', { num_elements: 0 }],
      ['num_elements no integer', { num_elements: 0.5, elements: [{ len: 1, buf: mess }] }],
      ['num_elements missing', { elements: [{ len: 1, buf: mess }] }],
      ['num_elements beyond the list (R39)', { num_elements: 2, elements: [{ len: 1, buf: mess }] }],
      ['a buffer missing', { num_elements: 1, elements: [{ len: 1 }] }],
      ['an element missing', { num_elements: 1, elements: [undefined] }],
      ['a length no integer', { num_elements: 1, elements: [{ len: 1.5, buf: mess }] }],
    ];
    for (const [what, scat] of badScatters) {
      it(`[receive R62] ${what} in a scatter is ILLEGAL_MESSAGE, the queue stays`, async () => {
        const p = await pair();
        await deliver(p, H);
        const result = await SSP_scat_receive(p.mbox, { max_groups: 1, scat: scat as never });
        expect(result).to.deep.equal({ ret: -13 });
        expect(p.mailbox.waiting).to.equal(1);
      });
    }

    for (const mbox of [0, -1, 1.5, Number.NaN, undefined as unknown as number]) {
      it(`[receive R63] mbox ${mbox} is ILLEGAL_SESSION`, async () => {
        expect(await ssp(mbox)).to.deep.equal({ ret: -11 });
      });
    }

    it('[receive R64] all messages first, also those of a chunk that came with the end; then -8 once', async () => {
      const p = await pair();
      p.session.socket.end(Buffer.concat([H, TEN, Z]));
      await until(() => p.mailbox.state === 'lost', 'the loss');
      const results = [];
      for (let i = 0; i < 6; i++) results.push((await ssp(p.mbox)).ret);
      expect(results).to.deep.equal([5, 10, 0, -8, -11, -11]);
      expect(await SSP_disconnect(p.mbox)).to.equal(-11);
    });

    it('[receive R64] a message that is not complete is lost with the connection', async () => {
      const p = await pair();
      await p.session.send(H, TEN.subarray(0, TEN.length - 1));
      await breakOff(p);
      expect((await ssp(p.mbox)).ret).to.equal(5);
      expect((await ssp(p.mbox)).ret).to.equal(-8);
    });

    it('[receive R64] a reset counts as a broken connection', async () => {
      const p = await pair();
      await deliver(p, H);
      p.session.reset();
      await until(() => p.mailbox.state === 'lost', 'the loss');
      expect((await ssp(p.mbox)).ret).to.equal(5);
      expect((await ssp(p.mbox)).ret).to.equal(-8);
    });

    it('[receive R65] every call that waits when the connection breaks ends with CONNECTION_CLOSED', async () => {
      const p = await pair();
      const calls = [ssp(p.mbox), ssp(p.mbox)];
      await settle();
      p.session.end();
      expect(await Promise.all(calls)).to.deep.equal([{ ret: -8 }, { ret: -8 }]);
      expect(await ssp(p.mbox)).to.deep.equal({ ret: -11 });
    });

    it('[receive R65] calls that wait when another task disconnects end with ILLEGAL_SESSION', async () => {
      const p = await pair();
      const calls = [ssp(p.mbox), ssp(p.mbox)];
      await settle();
      const gone = SSP_disconnect(p.mbox);
      expect(await Promise.all(calls)).to.deep.equal([{ ret: -11 }, { ret: -11 }]);
      expect(await gone).to.equal(0);
    });

    it('[receive R65] so does a call with DONT_BLOCK that is under way', async () => {
      const p = await pair();
      const call = sspNow(p.mbox);
      void SSP_disconnect(p.mbox);
      expect(await call).to.deep.equal({ ret: -11 });
    });

    it('[receive R66] CONNECTION_CLOSED beats WOULD_BLOCK', async () => {
      const p = await pair();
      await breakOff(p);
      expect(await sspNow(p.mbox)).to.deep.equal({ ret: -8 });
    });

    it('[receive R67] sizes, then scatter, then session', async () => {
      const bad = { num_elements: -1, elements: [] };
      expect((await SSP_scat_receive(-1, { max_groups: -1, scat: bad })).ret).to.equal(-24);
      expect((await SSP_scat_receive(-1, { max_groups: 1, scat: bad })).ret).to.equal(-13);
      expect(
        (await SSP_scat_receive(-1, { max_groups: 1, scat: { num_elements: 0, elements: [] } })).ret,
      ).to.equal(-11);
      const p = await pair();
      await deliver(p, H);
      expect((await ssp(p.mbox, { max_mess_len: -1, service_type: DONT_BLOCK })).ret).to.equal(-24);
    });

    it('[receive R68] errors in the arguments leave outputs and queue as they were', async () => {
      const p = await pair();
      await deliver(p, H);
      const groups = ['x'];
      const options = roomy({ max_groups: -1, groups });
      await SSP_receive(p.mbox, options);
      expect(groups).to.deep.equal(['x']);
      expect(options.mess[0]).to.equal(0x2e);
      expect((await ssp(p.mbox)).ret).to.equal(5);
    });
  });

  describe('[receive R69] malformed messages', () => {
    const header = { type: 0x10, name: '#b#d2' };
    const views = (data: Buffer) => frame({ type: 0x1100, name: 'g', groups: ['#a#d1'], data });

    const unsound: readonly (readonly [string, Buffer])[] = [
      ['a negative number of groups', frame({ ...header, numGroups: -1 })],
      ['a negative size', frame({ ...header, dataLength: -1 })],
      ['more groups than can be', frame({ ...header, numGroups: 0x7fffffff })],
      ['more data than can be', frame({ ...header, dataLength: 0x7fffffff })],
    ];
    for (const [what, bytes] of unsound) {
      it(`${what}: after the messages ILLEGAL_MESSAGE once, then the connection is closed`, async () => {
        const p = await pair();
        await p.session.send(H, bytes, TEN);
        const results = [];
        for (let i = 0; i < 4; i++) results.push((await ssp(p.mbox)).ret);
        expect(results).to.deep.equal([5, -13, -8, -11]);
        await p.session.over();
      });
    }

    it('a call that waits gets the ILLEGAL_MESSAGE', async () => {
      const p = await pair();
      const calls = [ssp(p.mbox), ssp(p.mbox)];
      await p.session.send(frame({ ...header, numGroups: -1 }));
      expect(await Promise.all(calls)).to.deep.equal([{ ret: -13 }, { ret: -8 }]);
    });

    const sound: readonly (readonly [string, Buffer])[] = [
      ['a view without a body', views(Buffer.alloc(0))],
      ['a view with a negative number of sets', views(Buffer.alloc(24, 0xff))],
      ['a join of nobody', viewFrame({ group: 'g', cause: 0x100, members: [], id: V, sets: [[]] })],
      [
        'a view without a cause',
        viewFrame({ group: 'g', cause: 0, members: ['#a#d1'], id: V, sets: [['#a#d1']] }),
      ],
      [
        'a view with two causes',
        viewFrame({ group: 'g', cause: 0x300, members: ['#a#d1'], id: V, sets: [['#a#d1']] }),
      ],
      ['a transition without its id', frame({ type: 0x2000, name: 'g' })],
      ['a transition with a cause', frame({ type: 0x2100, name: 'g', data: Buffer.alloc(12) })],
      ['a cause alone that is no leave', frame({ type: 0x0400, name: 'g' })],
      [
        'a service with membership bits, as a hostile client can forge',
        frame({ type: 0x1110, name: '#b#d2' }),
      ],
    ];
    for (const [what, bytes] of sound) {
      it(`${what}: ILLEGAL_MESSAGE, the next message is whole`, async () => {
        const p = await pair();
        await deliver(p, bytes, H);
        const groups = ['x'];
        const options = roomy({ groups });
        expect(await SSP_receive(p.mbox, options)).to.deep.equal({ ret: -13, more_messes: 1 });
        expect([groups, options.mess[0]]).to.deep.equal([['x'], 0x2e]);
        expect((await ssp(p.mbox)).ret).to.equal(5);
      });
    }

    it('a view too short for an id does not become the last view of its group', async () => {
      const p = await pair();
      await deliver(p, J, views(Buffer.alloc(8)), SL);
      await ssp(p.mbox);
      await ssp(p.mbox);
      expect((await ssp(p.mbox)).membership?.group_id).to.deep.equal(V);
    });
  });

  describe('beyond the page', () => {
    it('a rejected message comes back as it was, with REJECT_MESS', async () => {
      const p = await pair();
      const extra = Buffer.from([0x90, 0, 0, 0x80]);
      const rejected = {
        type: 0x00400000,
        name: '#a#d1',
        groups: ['g', '#a#d1'],
        messType: 5,
        data: 'no',
        extra,
      };
      await deliver(p, frame(rejected));
      const result = await ssp(p.mbox);
      expect([
        result.ret,
        result.service_type,
        result.sender,
        result.num_groups,
        result.mess_type,
      ]).to.deep.equal([2, 0x00400010, '#a#d1', 2, 5]);
    });

    it('[receive R47] a transition carries no cause', async () => {
      const p = await pair();
      await deliver(p, transitionFrame('g', V, false));
      const result = await ssp(p.mbox);
      expect([result.service_type, result.ret, result.mess_type]).to.deep.equal([0x2000, 0, -1]);
      expect(result).to.not.have.property('membership');
    });
  });
});
