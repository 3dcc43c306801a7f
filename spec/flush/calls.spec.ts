/** The flush calls on our daemon: results and their order where the recordings do not show them, and what is ours. */
import { Buffer } from 'node:buffer';
import { expect } from 'chai';
import type { Daemon } from '../../daemon/index.js';
import * as fl from '../../lib/flush/index.js';
import * as ssp from '../../lib/ssp/index.js';
import { FIFO_MESS } from '../../lib/wire/service.js';
import { within } from '../support/fake-daemon.js';
import { startDaemon } from '../support/local-daemon.js';
import { RawSession } from '../support/raw-client.js';
import { until } from '../support/wait.js';

const text = (body: string): Buffer => Buffer.from(body);

/** Mailboxes of one daemon, closed at the end. */
class Mailboxes implements AsyncDisposable {
  private readonly all: number[] = [];
  private constructor(readonly daemon: Daemon) {}

  static async start(): Promise<Mailboxes> {
    return new Mailboxes(await startDaemon());
  }

  get address(): string {
    return `${this.daemon.port}@127.0.0.1`;
  }

  async open(name: string): Promise<{ mbox: number; id: string }> {
    const { ret, mbox, private_group: id } = await fl.FL_connect(this.address, name, 0);
    expect(ret).to.equal(ssp.ACCEPT_SESSION);
    this.all.push(mbox);
    return { mbox, id };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.all.map((mbox) => fl.FL_disconnect(mbox)));
    await this.daemon.stop();
  }
}

/** Some calls answer at once. */
const answersOf = (calls: readonly (Promise<number> | number)[]): Promise<number[]> =>
  Promise.all(calls.map(async (call) => await call));

/** The next message, with its body as text. */
async function receive(mbox: number): Promise<fl.FlReceiveResult & { text: string }> {
  const mess = Buffer.alloc(1024);
  const got = await within(
    fl.FL_receive(mbox, { max_groups: 100, max_mess_len: mess.length, mess }),
    'a message',
  );
  return { ...got, text: mess.toString('utf8', 0, Math.max(0, got.ret)) };
}

/** Joins `g`, with everybody who is there; @returns all mailboxes in it, each after its newest view */
async function join(mbox: number, members: readonly number[]): Promise<void> {
  expect(await fl.FL_join(mbox, 'g')).to.equal(0);
  for (const member of members) {
    expect((await receive(member)).service_type).to.equal(fl.FLUSH_REQ_MESS);
    expect(await fl.FL_flush(member, 'g')).to.equal(0);
  }
  for (const member of [...members, mbox]) {
    expect((await receive(member)).membership?.names).to.have.length(1);
  }
}

describe('a mailbox of the flush calls', () => {
  it('is none for the SP and SSP calls, and theirs is none for the flush calls', async () => {
    await using boxes = await Mailboxes.start();
    const { mbox } = await boxes.open('a');
    const mess = Buffer.alloc(100);
    const options = { service_type: ssp.DONT_BLOCK, max_groups: 1, max_mess_len: 100, mess };
    const plainCalls: (Promise<number> | number)[] = [
      ssp.SP_join(mbox, 'g'),
      ssp.SSP_join(mbox, 'g'),
      ssp.SP_leave(mbox, 'g'),
      ssp.SSP_multicast(mbox, FIFO_MESS, 'g', 0, mess),
      ssp.SP_multicast(mbox, FIFO_MESS, 'g', 0, mess),
      ssp.SSP_receive(mbox, options).then(({ ret }) => ret),
      ssp.SP_receive(mbox, options).then(({ ret }) => ret),
      ssp.SSP_poll(mbox),
      ssp.SP_disconnect(mbox),
      ssp.SSP_kill(mbox),
    ];
    expect(new Set(await answersOf(plainCalls))).to.deep.equal(new Set([ssp.ILLEGAL_SESSION]));
    const plain = await ssp.SSP_connect(boxes.address, 'p');
    const flushCalls: (Promise<number> | number)[] = [
      fl.FL_join(plain.mbox, 'g'),
      fl.FL_leave(plain.mbox, 'g'),
      fl.FL_flush(plain.mbox, 'g'),
      fl.FL_multicast(plain.mbox, FIFO_MESS, 'g', 0, mess),
      fl.FL_subgroupcast(plain.mbox, FIFO_MESS, 'g', [], 0, mess),
      fl.FL_receive(plain.mbox, options).then(({ ret }) => ret),
      fl.FL_poll(plain.mbox),
      fl.FL_more_msgs(plain.mbox),
      fl.FL_disconnect(plain.mbox),
    ];
    expect(new Set(await answersOf(flushCalls))).to.deep.equal(new Set([ssp.ILLEGAL_SESSION]));
    expect(await ssp.SSP_disconnect(plain.mbox)).to.equal(0);
    expect(await fl.FL_join(mbox, 'g'), 'it still works').to.equal(0);
  });

  it('is not made for arguments that are none', async () => {
    await using boxes = await Mailboxes.start();
    const wrong = await fl.FL_connect(boxes.address, 'a', 'high' as unknown as number);
    expect(wrong).to.deep.equal({ ret: ssp.ILLEGAL_PARAM, mbox: -1, private_group: '' });
    const nowhere = await fl.FL_connect('nowhere', 'a', 0);
    expect(nowhere.ret).to.equal(ssp.ILLEGAL_SPREAD);
  });

  it('answers CONNECTION_CLOSED once, after what has come, and then ILLEGAL_SESSION (FL-50)', async () => {
    const boxes = await Mailboxes.start();
    const { mbox, id } = await boxes.open('a');
    await fl.FL_multicast(mbox, FIFO_MESS, id, 1, text('last'));
    await until(() => fl.FL_more_msgs(mbox) > 0, 'the message');
    await boxes.daemon.stop();
    expect((await receive(mbox)).text).to.equal('last');
    expect((await receive(mbox)).ret).to.equal(ssp.CONNECTION_CLOSED);
    const { ret } = await receive(mbox);
    expect([ret, await fl.FL_join(mbox, 'g'), fl.FL_poll(mbox), await fl.FL_disconnect(mbox)]).to.deep.equal(
      Array.from({ length: 4 }, () => ssp.ILLEGAL_SESSION),
    );
  });

  it('tells a send of the loss, and what has come all the same (FL-50)', async () => {
    const boxes = await Mailboxes.start();
    const { mbox, id } = await boxes.open('a');
    await fl.FL_multicast(mbox, FIFO_MESS, id, 1, text('last'));
    await until(() => fl.FL_more_msgs(mbox) > 0, 'the message');
    await boxes.daemon.stop();
    const results: number[] = [];
    while (results.at(-1) !== ssp.ILLEGAL_SESSION) {
      results.push(await fl.FL_multicast(mbox, FIFO_MESS, id, 1, text('too late')));
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(results.slice(-2)).to.deep.equal([ssp.CONNECTION_CLOSED, ssp.ILLEGAL_SESSION]);
    expect([(await receive(mbox)).text, (await receive(mbox)).ret]).to.deep.equal([
      'last',
      ssp.ILLEGAL_SESSION,
    ]);
  });

  it('wakes the calls that wait when it is disconnected', async () => {
    await using boxes = await Mailboxes.start();
    const { mbox } = await boxes.open('a');
    const waits = receive(mbox);
    expect(await fl.FL_disconnect(mbox)).to.equal(0);
    expect((await waits).ret).to.equal(ssp.ILLEGAL_SESSION);
  });

  it('gives up a call that waits with its signal', async () => {
    await using boxes = await Mailboxes.start();
    const { mbox, id } = await boxes.open('a');
    const mess = Buffer.alloc(10);
    const options = { max_groups: 1, max_mess_len: 10, mess };
    expect(await fl.FL_receive(mbox, { ...options, signal: AbortSignal.timeout(1) })).to.deep.equal({
      ret: ssp.WOULD_BLOCK,
    });
    await fl.FL_multicast(mbox, FIFO_MESS, id, 1, text('later'));
    const elements = [
      { len: 3, buf: Buffer.alloc(3) },
      { len: 3, buf: Buffer.alloc(3) },
    ];
    const got = await fl.FL_scat_receive(mbox, { max_groups: 1, scat: { num_elements: 2, elements } });
    expect([got.ret, elements.map(({ buf }) => buf.toString())]).to.deep.equal([5, ['lat', 'er\0']]);
    expect(
      (await fl.FL_scat_receive(mbox, { max_groups: 1, scat: { num_elements: 3, elements } })).ret,
    ).to.equal(ssp.ILLEGAL_MESSAGE);
  });
});

describe('the flush calls', () => {
  it('find the first of several faults (FL-2, FL-5, FL-6, FL-7)', async () => {
    await using boxes = await Mailboxes.start();
    const [a, b] = [await boxes.open('a'), await boxes.open('b')];
    await join(a.mbox, []);
    await join(b.mbox, [a.mbox]);
    const body = text('x');
    const cast = (service: number, group: string, type: number, mess: unknown): Promise<number> =>
      fl.FL_multicast(a.mbox, service, group, type, mess as Buffer);
    const some = (service: number, receivers: readonly string[], type = 0, mess = body): Promise<number> =>
      fl.FL_subgroupcast(a.mbox, service, 'g', receivers, type, mess);
    const many = (count: number): string[] => Array.from({ length: count }, () => b.id);
    const cases: readonly (readonly [Promise<number>, number])[] = [
      [cast(0x20000000, 'none', -32_768, null), ssp.ILLEGAL_SERVICE],
      [cast(0x400004, 'none', -32_768, null), ssp.ILLEGAL_SERVICE],
      [cast(FIFO_MESS, 'none', -32_768, null), ssp.ILLEGAL_MESSAGE_TYPE],
      [cast(FIFO_MESS, 'none', 0, null), ssp.ILLEGAL_MESSAGE],
      [cast(0, 'none', 0, body), ssp.ILLEGAL_GROUP],
      [cast(FIFO_MESS, '#a#b#c', 0, body), ssp.ILLEGAL_GROUP],
      [cast(FIFO_MESS, 'a#b', 0, body), ssp.ILLEGAL_GROUP],
      [cast(0, 'g', 0, body), ssp.ILLEGAL_SERVICE],
      [cast(0x14, 'g', 0, body), ssp.ILLEGAL_SERVICE],
      [cast(FIFO_MESS, 'g', 40_000, body), ssp.ILLEGAL_MESSAGE_TYPE],
      [cast(FIFO_MESS, 'g', 0, Buffer.alloc(144_000)), ssp.MESSAGE_TOO_LONG],
      [cast(FIFO_MESS, b.id, 0, Buffer.alloc(143_921)), ssp.MESSAGE_TOO_LONG],
      [some(FIFO_MESS, many(101), -32_768), ssp.ILLEGAL_PARAM],
      [some(FIFO_MESS, []), ssp.ILLEGAL_RECEIVERS],
      [some(0, ['#c#d1']), ssp.ILLEGAL_RECEIVERS],
      [some(0, many(1)), ssp.ILLEGAL_SERVICE],
      [some(FIFO_MESS, many(2), 0, Buffer.alloc(143_952 - 2 * 32)), ssp.MESSAGE_TOO_LONG],
      [fl.FL_unicast(a.mbox, FIFO_MESS, b.id, a.id, 0, body), ssp.ILLEGAL_RECEIVERS],
      [fl.FL_join(a.mbox, 'g'), ssp.ILLEGAL_GROUP],
      [fl.FL_flush(a.mbox, 'g'), ssp.ILLEGAL_STATE],
      [fl.FL_flush(a.mbox, 'none'), ssp.ILLEGAL_GROUP],
      [fl.FL_leave(a.mbox, 'none'), ssp.ILLEGAL_GROUP],
    ];
    const answers = await Promise.all(cases.map(async ([promise]) => await promise));
    expect(answers).to.deep.equal(cases.map(([, code]) => code));
  });

  it('refuse a second join before the first plain view, as all but a join (FL-4)', async () => {
    await using boxes = await Mailboxes.start();
    const { mbox } = await boxes.open('a');
    const calls = [fl.FL_join, fl.FL_join, fl.FL_flush, fl.FL_leave].map((call) => call(mbox, 'g'));
    const { ILLEGAL_GROUP } = ssp;
    expect(await Promise.all(calls)).to.deep.equal([0, ILLEGAL_GROUP, ILLEGAL_GROUP, ILLEGAL_GROUP]);
    expect((await receive(mbox)).num_groups).to.equal(1);
  });

  it('send to some members and to one of several pieces, and count the body alone (FL-8, FL-9, FL-11)', async () => {
    await using boxes = await Mailboxes.start();
    const [a, b] = [await boxes.open('a'), await boxes.open('b')];
    await join(a.mbox, []);
    await join(b.mbox, [a.mbox]);
    const elements = [
      { len: 2, buf: text('one') },
      { len: 3, buf: text('two') },
    ];
    const scat = Object.freeze({
      num_elements: 2,
      elements: Object.freeze(elements) as unknown as ssp.ScatterElement[],
    });
    expect(await fl.FL_scat_subgroupcast(a.mbox, FIFO_MESS, 'g', [b.id, b.id], 1, scat)).to.equal(5);
    expect(await fl.FL_scat_unicast(a.mbox, FIFO_MESS, 'g', b.id, 2, scat)).to.equal(5);
    expect(await fl.FL_scat_multicast(a.mbox, FIFO_MESS, 'g', 3, scat)).to.equal(5);
    const got = [await receive(b.mbox), await receive(b.mbox), await receive(b.mbox)];
    expect(got.map((each) => [each.text, each.mess_type, each.groups])).to.deep.equal([
      ['ontwo', 1, [b.id, b.id, 'g']],
      ['ontwo', 2, [b.id, 'g']],
      ['ontwo', 3, ['g']],
    ]);
    expect(got.map(({ service_type }) => fl.Is_subgroup_mess(service_type))).to.deep.equal([
      true,
      true,
      false,
    ]);
    expect((await receive(a.mbox)).mess_type, 'a gets its own multicast alone').to.equal(3);
    expect(fl.FL_more_msgs(a.mbox)).to.equal(0);
  });

  it('answer for a member that does not receive (FL-21)', async () => {
    await using boxes = await Mailboxes.start();
    const [a, b, c] = [await boxes.open('a'), await boxes.open('b'), await boxes.open('c')];
    await join(a.mbox, []);
    expect(await fl.FL_join(b.mbox, 'g')).to.equal(0);
    expect(fl.Is_flush_req_mess((await receive(a.mbox)).service_type)).to.equal(true);
    expect(await fl.FL_flush(a.mbox, 'g')).to.equal(0);
    expect((await receive(a.mbox)).num_groups, 'b has not received').to.equal(2);
    expect(await fl.FL_join(c.mbox, 'g')).to.equal(0);
    await receive(a.mbox);
    await fl.FL_flush(a.mbox, 'g');
    expect((await receive(b.mbox)).num_groups).to.equal(2);
    expect(fl.Is_flush_req_mess((await receive(b.mbox)).service_type)).to.equal(true);
    expect(await fl.FL_flush(b.mbox, 'g')).to.equal(0);
    const views = [await receive(a.mbox), await receive(b.mbox), await receive(c.mbox)];
    expect(views.map(({ num_groups }) => num_groups)).to.deep.equal([3, 3, 3]);
    expect(views.map(({ mess_type }) => mess_type)).to.deep.equal([0, 1, 2]);
  });

  it('hold back a plain member, and go on when it has left', async () => {
    await using boxes = await Mailboxes.start();
    const { mbox } = await boxes.open('a');
    await join(mbox, []);
    const plain = await RawSession.connect(boxes.daemon.port, 'plain');
    plain.join('g');
    expect(fl.Is_flush_req_mess((await receive(mbox)).service_type)).to.equal(true);
    expect(await fl.FL_flush(mbox, 'g')).to.equal(0);
    plain.multicast(FIFO_MESS, ['g'], 'of a stranger');
    expect(await fl.FL_multicast(mbox, FIFO_MESS, 'g', 0, text('x'))).to.equal(ssp.ILLEGAL_STATE);
    plain.leave('g');
    const view = await receive(mbox);
    expect([view.service_type, view.groups, view.membership?.names]).to.deep.equal([
      0x1800,
      ['#a#dmn1'],
      ['#a#dmn1'],
    ]);
    plain.close();
  });

  it('keep no more than a mailbox does for a member that does not receive, and answer all the same', async () => {
    await using boxes = await Mailboxes.start();
    const [a, b, c] = [await boxes.open('a'), await boxes.open('b'), await boxes.open('c')];
    await join(a.mbox, []);
    await join(b.mbox, [a.mbox]);
    const large = Buffer.alloc(100_000);
    const mess = Buffer.alloc(large.length);
    for (let i = 0; i < 60; i++) {
      await fl.FL_multicast(b.mbox, FIFO_MESS, 'g', i, large);
      await within(
        fl.FL_receive(b.mbox, { max_groups: 1, max_mess_len: mess.length, mess }),
        'its own message',
      );
    }
    await until(() => fl.FL_poll(a.mbox) >= 60 * large.length, 'what was sent');
    const kept = fl.FL_more_msgs(a.mbox);
    expect(kept).to.be.within(42, 43);
    expect(await fl.FL_join(c.mbox, 'g')).to.equal(0);
    await receive(b.mbox);
    await fl.FL_flush(b.mbox, 'g');
    // The request stands behind all of that, and may be answered before it is read.
    await until(() => fl.FL_more_msgs(a.mbox) === 61, 'the request');
    expect(await fl.FL_flush(a.mbox, 'g')).to.equal(0);
    expect([(await receive(b.mbox)).num_groups, (await receive(c.mbox)).num_groups]).to.deep.equal([3, 3]);
    const types: unknown[] = [];
    const options = { service_type: fl.DROP_RECV, max_groups: 3, max_mess_len: 0, mess: Buffer.alloc(0) };
    while (types.length < 60) types.push((await fl.FL_receive(a.mbox, options)).mess_type);
    expect(types).to.deep.equal(Array.from({ length: 60 }, (_, i) => i));
    expect(fl.Is_flush_req_mess((await receive(a.mbox)).service_type)).to.equal(true);
    expect((await receive(a.mbox)).num_groups).to.equal(3);
  });

  it('print results and know their version', () => {
    const write = process.stdout.write.bind(process.stdout);
    const lines: string[] = [];
    process.stdout.write = (chunk): boolean => lines.push(String(chunk)) > 0;
    try {
      fl.FL_error(ssp.ILLEGAL_STATE);
    } finally {
      process.stdout.write = write;
    }
    expect(lines).to.deep.equal([`FL_error: (-27) ILLEGAL_STATE: ${ssp.SSP_strerror(-27)}\n`]);
    expect(fl.FL_version()).to.deep.equal({ ret: 1, major: 2, minor: 0, patch: 0 });
  });
});
