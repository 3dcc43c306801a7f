/** The sending calls of SSP and SP: [session 4.5, 7.1, 8.1]. */
import { Buffer } from 'node:buffer';
import { expect } from 'chai';
import * as library from '../../lib/ssp/index.js';
import { frame } from '../support/fake-daemon-frames.js';
import { breakOff, endPairs, pair, until } from '../support/fake-daemon-mailbox.js';
import { sp, ssp } from './receiving.js';

const { SSP_join, SSP_leave, SSP_multicast, SSP_multigroup_multicast } = library;

const hi = Buffer.from('hi');
const sent = (type: number, groups: readonly string[], messType = 0, data: Buffer | string = '') =>
  frame({ type, name: '#a#d1', groups, messType, data });
const scatter = (...texts: string[]): library.Scatter => {
  const elements = texts.map((text) => ({ len: text.length, buf: Buffer.from(`${text}...`) }));
  return { num_elements: texts.length, elements };
};

const calls = [
  {
    kind: 'SSP',
    join: library.SSP_join,
    leave: library.SSP_leave,
    multicast: library.SSP_multicast,
    scat: library.SSP_scat_multicast,
    multigroup: library.SSP_multigroup_multicast,
    multigroupScat: library.SSP_multigroup_scat_multicast,
    elements: 99,
    // 143952 less one name.
    maxData: 143_920,
  },
  {
    kind: 'SP',
    join: library.SP_join,
    leave: library.SP_leave,
    multicast: library.SP_multicast,
    scat: library.SP_scat_multicast,
    multigroup: library.SP_multigroup_multicast,
    multigroupScat: library.SP_multigroup_scat_multicast,
    elements: 100,
    maxData: 143_968,
  },
];

describe('names of more than bytes', () => {
  afterEach(endPairs);

  it('reach no group that happens to share their lower bytes', async () => {
    const { mbox } = await pair();
    expect(await library.SP_multicast(mbox, 0x10, 'Ł', 0, hi)).to.equal(-14);
    expect(await library.SSP_multicast(mbox, 0x10, 'Ł', 0, hi)).to.equal(-14);
  });

  it('are no names to connect with', async () => {
    expect((await library.SSP_connect('1@127.0.0.1', 'šłax')).ret).to.equal(-5);
  });
});

for (const call of calls) {
  describe(`${call.kind} sending`, () => {
    afterEach(endPairs);

    it('join and leave are requests with the group, and answer 0', async () => {
      const p = await pair();
      expect(await call.join(p.mbox, 'foo')).to.equal(0);
      expect(await call.leave(p.mbox, 'foo')).to.equal(0);
      const bytes = await p.session.bytesFrom(160);
      expect(bytes).to.deep.equal(Buffer.concat([sent(0x10000, ['foo']), sent(0x20000, ['foo'])]));
    });

    it('a multicast answers with the size of its data', async () => {
      const p = await pair();
      expect(await call.multicast(p.mbox, 0x10, 'foo', 100, hi)).to.equal(2);
      expect(await call.multicast(p.mbox, 0x60, '#b#d2', -5, Buffer.alloc(0))).to.equal(0);
      const bytes = await p.session.bytesFrom(82 + 80);
      expect(bytes).to.deep.equal(Buffer.concat([sent(0x10, ['foo'], 100, 'hi'), sent(0x60, ['#b#d2'], -5)]));
    });

    it('several groups in the order given; none is legal', async () => {
      const p = await pair();
      expect(await call.multigroup(p.mbox, 0x02, ['g2', 'g1', 'g2'], 1, hi)).to.equal(2);
      expect(await call.multigroup(p.mbox, 0x02, [], 1, hi)).to.equal(2);
      const bytes = await p.session.bytesFrom(146 + 50);
      expect(bytes).to.deep.equal(
        Buffer.concat([sent(0x02, ['g2', 'g1', 'g2'], 1, 'hi'), sent(0x02, [], 1, 'hi')]),
      );
    });

    it('a scatter is sent as one, only the lengths count', async () => {
      const p = await pair();
      expect(await call.scat(p.mbox, 0x10, 'foo', 9, scatter('ab', '', 'cde', 'f'))).to.equal(6);
      expect(await call.multigroupScat(p.mbox, 0x10, ['g', 'h'], 9, scatter('x'))).to.equal(1);
      const bytes = await p.session.bytesFrom(86 + 113);
      expect(bytes).to.deep.equal(
        Buffer.concat([sent(0x10, ['foo'], 9, 'abcdef'), sent(0x10, ['g', 'h'], 9, 'x')]),
      );
    });

    it('destinations are cut to 31 bytes and not checked', async () => {
      const p = await pair();
      expect(await call.multicast(p.mbox, 0x10, 'x'.repeat(40), 0, hi)).to.equal(2);
      expect(await call.multicast(p.mbox, 0x10, 'a b', 0, hi)).to.equal(2);
      const bytes = await p.session.bytesFrom(164);
      expect(bytes).to.deep.equal(
        Buffer.concat([sent(0x10, ['x'.repeat(31)], 0, 'hi'), sent(0x10, ['a b'], 0, 'hi')]),
      );
    });

    for (const group of ['', 'a b', '#a', 'x'.repeat(32), 'caf\u00e9', '\x7f', 5 as unknown as string]) {
      it(`joining or leaving ${JSON.stringify(group)} is ILLEGAL_GROUP`, async () => {
        const p = await pair();
        expect([await call.join(p.mbox, group), await call.leave(p.mbox, group)]).to.deep.equal([-14, -14]);
      });
    }

    it('31 characters from $ to ~ are a group', async () => {
      const p = await pair();
      expect(await call.join(p.mbox, '$~!x'.replace('!', '%'))).to.equal(0);
      expect(await call.join(p.mbox, 'y'.repeat(31))).to.equal(0);
    });

    for (const service of [0, 0x40, 0x1000, Number.NaN]) {
      it(`service ${service} is ILLEGAL_SERVICE`, async () => {
        const p = await pair();
        expect(await call.multicast(p.mbox, service, 'g', 0, hi)).to.equal(-12);
      });
    }

    it('MESSAGE_TOO_LONG begins above the limit', async () => {
      const p = await pair();
      const data = Buffer.alloc(call.maxData + 1, 'd');
      expect(await call.multicast(p.mbox, 0x10, 'g', 0, data)).to.equal(-17);
      expect(await call.multicast(p.mbox, 0x10, 'g', 0, data.subarray(1))).to.equal(call.maxData);
      const bytes = await p.session.bytesFrom(80 + call.maxData);
      expect(bytes).to.deep.equal(sent(0x10, ['g'], 0, data.subarray(1)));
    });

    it(`a scatter of more than ${call.elements} elements is ILLEGAL_MESSAGE`, async () => {
      const p = await pair();
      const all = scatter(...Array.from({ length: call.elements + 1 }, () => 'x'));
      expect(await call.scat(p.mbox, 0x10, 'g', 0, all)).to.equal(-13);
      all.num_elements--;
      expect(await call.scat(p.mbox, 0x10, 'g', 0, all)).to.equal(call.elements);
    });

    it('a malformed scatter, or data that is none, is ILLEGAL_MESSAGE', async () => {
      const p = await pair();
      const bad = { num_elements: 2, elements: [{ len: 1, buf: hi }] };
      expect(await call.scat(p.mbox, 0x10, 'g', 0, bad)).to.equal(-13);
      expect(await call.multicast(p.mbox, 0x10, 'g', 0, 'text' as never)).to.equal(-13);
      expect(await call.multicast(p.mbox, 0x10, 'g', 0, undefined as never)).to.equal(-13);
    });

    it('a destination that is no text is ILLEGAL_GROUP, a list that is none ILLEGAL_PARAM', async () => {
      const p = await pair();
      expect(await call.multigroup(p.mbox, 0x10, ['g', 5 as never], 0, hi)).to.equal(-14);
      expect(await call.multigroup(p.mbox, 0x10, undefined as never, 0, hi)).to.equal(-24);
    });

    it('an unknown mailbox is ILLEGAL_SESSION, -1 too', async () => {
      for (const mbox of [0, -1, 987_654]) {
        expect(await call.join(mbox, 'g')).to.equal(-11);
        expect(await call.multicast(mbox, 0x10, 'g', 0, hi)).to.equal(-11);
      }
    });

    it('what was not handed over when the connection breaks answers CONNECTION_CLOSED', async () => {
      const p = await pair();
      p.session.socket.pause();
      const big = Buffer.alloc(140_000);
      const answers = Array.from({ length: 100 }, () => call.multicast(p.mbox, 0x10, 'g', 0, big));
      p.session.reset();
      const codes = await Promise.all(answers);
      expect(codes.at(-1)).to.be.oneOf(call.kind === 'SSP' ? [-8] : [-8, -18]);
      expect(codes.filter((code) => code === -8).length).to.be.greaterThan(0);
    });
  });
}

describe('SSP sending, what the daemon would drop the session for', () => {
  afterEach(endPairs);

  it('two services, request bits and membership bits are ILLEGAL_SERVICE', async () => {
    const p = await pair();
    for (const service of [0x30, 0x10010, 0x40010, 0x1010, 0x00400010]) {
      expect(await SSP_multicast(p.mbox, service, 'g', 0, hi)).to.equal(-12);
    }
    expect(await SSP_multicast(p.mbox, 0x40000010, 'g', 0, hi)).to.equal(2);
  });

  it('more than 100 groups are ILLEGAL_PARAM', async () => {
    const p = await pair();
    const groups = Array.from({ length: 101 }, (_, i) => `g${i}`);
    expect(await SSP_multigroup_multicast(p.mbox, 0x10, groups, 0, hi)).to.equal(-24);
    expect(await SSP_multigroup_multicast(p.mbox, 0x10, groups.slice(1), 0, hi)).to.equal(2);
    expect((await p.session.bytesFrom(50 + 3200)).length).to.equal(3250);
  });

  it('types beyond 16 bits are ILLEGAL_MESSAGE_TYPE', async () => {
    const p = await pair();
    for (const type of [32_768, -32_769, 0.5, Number.NaN, '1' as unknown as number]) {
      expect(await SSP_multicast(p.mbox, 0x10, 'g', type, hi)).to.equal(-26);
    }
    for (const type of [32_767, -32_768])
      expect(await SSP_multicast(p.mbox, 0x10, 'g', type, hi)).to.equal(2);
  });

  it('a broken connection answers CONNECTION_CLOSED until a receive has told it', async () => {
    const p = await pair();
    await breakOff(p);
    expect(await SSP_join(p.mbox, 'g')).to.equal(-8);
    expect(await SSP_multicast(p.mbox, 0x10, 'g', 0, hi)).to.equal(-8);
    expect((await ssp(p.mbox)).ret).to.equal(-8);
    expect(await SSP_leave(p.mbox, 'g')).to.equal(-11);
  });
});

describe('SP sending, what the C library lets through', () => {
  afterEach(endPairs);

  it('two services', async () => {
    const p = await pair();
    expect(await library.SP_multicast(p.mbox, 0x30, 'g', 1, Buffer.from('two-service-bits'))).to.equal(16);
    expect(await p.session.bytesFrom(96)).to.deep.equal(sent(0x30, ['g'], 1, 'two-service-bits'));
  });

  it('101 groups, and types cut to 16 bits', async () => {
    const p = await pair();
    const groups = Array.from({ length: 101 }, () => 'g');
    expect(await library.SP_multigroup_multicast(p.mbox, 0x10, groups, 0x12345, hi)).to.equal(2);
    expect(await p.session.bytesFrom(50 + 3232)).to.deep.equal(sent(0x10, groups, 0x2345, 'hi'));
  });

  it('the call that notices the loss answers -8, all others -18', async () => {
    const p = await pair();
    await breakOff(p);
    expect(await library.SP_join(p.mbox, 'g')).to.equal(-8);
    expect(await library.SP_multicast(p.mbox, 0x10, 'g', 0, hi)).to.equal(-18);
    expect((await sp(p.mbox)).ret).to.equal(-18);
    expect(library.SP_poll(p.mbox)).to.equal(0);
    expect(await library.SP_disconnect(p.mbox)).to.equal(0);
    expect(await library.SP_disconnect(p.mbox)).to.equal(-11);
  });
});

describe('the way out', () => {
  afterEach(endPairs);

  it('all sends of one turn go out in one write', async () => {
    const p = await pair();
    const chunks: number[] = [];
    p.session.socket.on('data', (chunk: Buffer) => chunks.push(chunk.length));
    const answers = Array.from({ length: 100 }, (_, i) => SSP_multicast(p.mbox, 0x10, 'g', i, hi));
    expect(p.session.socket.bytesRead).to.equal(96);
    expect(await Promise.all(answers)).to.deep.equal(Array.from({ length: 100 }, () => 2));
    await p.session.bytesFrom(8200);
    expect(chunks).to.deep.equal([8200]);
  });

  it('order is kept among small messages, large ones and scatters', async () => {
    const p = await pair();
    const expected: Buffer[] = [];
    const answers: Promise<number>[] = [];
    for (let i = 0; i < 300; i++) {
      const size = i % 7 === 0 ? 20_000 + i : i * 3;
      const data = Buffer.alloc(size, `${i} `);
      expected.push(sent(0x10, ['g'], i, data));
      if (i % 3 === 0) {
        const cut = size >> 1;
        const pieces = [data.subarray(0, cut), Buffer.alloc(0), data.subarray(cut)];
        const elements = pieces.map((buf) => ({ len: buf.length, buf }));
        answers.push(library.SSP_scat_multicast(p.mbox, 0x10, 'g', i, { num_elements: 3, elements }));
      } else answers.push(SSP_multicast(p.mbox, 0x10, 'g', i, data));
      if (i % 50 === 49) await answers.at(-1);
    }
    const all = Buffer.concat(expected);
    expect((await p.session.bytesFrom(all.length)).equals(all)).to.equal(true);
    expect((await Promise.all(answers)).every((code) => code >= 0)).to.equal(true);
  });

  it('small data may be changed as soon as the call has returned', async () => {
    const p = await pair();
    const data = Buffer.from('before');
    const answer = SSP_multicast(p.mbox, 0x10, 'g', 0, data);
    data.write('after!');
    await answer;
    expect((await p.session.bytesFrom(86)).toString('latin1', 80)).to.equal('before');
  });

  it('large data may be changed when the promise has resolved', async () => {
    const p = await pair();
    const data = Buffer.alloc(100_000, 'a');
    for (const letter of ['a', 'b', 'c', 'd']) {
      data.fill(letter);
      await SSP_multicast(p.mbox, 0x10, 'g', 0, data);
    }
    const bytes = await p.session.bytesFrom(4 * 100_080);
    for (const [i, letter] of ['a', 'b', 'c', 'd'].entries()) {
      const body = bytes.subarray(i * 100_080 + 80, (i + 1) * 100_080);
      expect(body.equals(Buffer.alloc(100_000, letter))).to.equal(true);
    }
  });

  it('a turn that sends megabytes begins to write before it ends', async () => {
    const p = await pair();
    const data = Buffer.alloc(10_000, 'x');
    let last = Promise.resolve(0);
    for (let i = 0; i < 300; i++) last = SSP_multicast(p.mbox, 0x10, 'g', 0, data);
    await last;
    expect((await p.session.bytesFrom(300 * 10_080)).length).to.equal(300 * 10_080);
  });

  it('a send does not resolve before the kernel has the bytes', async () => {
    const p = await pair();
    p.session.socket.pause();
    const data = Buffer.alloc(140_000);
    let done = 0;
    const answers = Array.from({ length: 150 }, () =>
      SSP_multicast(p.mbox, 0x10, 'g', 0, data).then((code) => {
        done++;
        return code;
      }),
    );
    // The peer reads nothing: its socket and ours hold some megabytes, 21 are on their way.
    await until(() => p.session.socket.readableLength > 0, 'the first bytes');
    for (let i = 0; i < 20; i++) await new Promise((resolve) => setImmediate(resolve));
    expect(done).to.be.lessThan(150);
    p.session.socket.resume();
    expect(new Set(await Promise.all(answers))).to.deep.equal(new Set([140_000]));
  });
});
