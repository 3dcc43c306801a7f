/** View-synchronous groups of the client API: rules FM-1 to FM-12 of the protocol's page on the flush layer. */
import { Buffer } from 'node:buffer';
import { expect } from 'chai';
import type { Connection } from '../../lib/client/connection.js';
import type { FlushRequestEvent, ViewEvent } from '../../lib/client/event.js';
import type { Group } from '../../lib/client/group.js';
import type { ViewSynchrony } from '../../lib/client/options.js';
import type { ErrorCode } from '../../lib/errors.js';
import { election } from '../../lib/recipes/index.js';
import { caughtUp, ClientWorld, failure, isWaiting, next, read, settle, within, word } from './support.js';

const AUTO: ViewSynchrony = {};
const MANUAL: ViewSynchrony = { flush: 'manual' };

/** Joins `g`, with a log of everything that comes. */
async function member(
  connection: Connection,
  viewSynchrony: ViewSynchrony,
): Promise<{ g: Group; log: string[] }> {
  const g = await within(connection.join('g', { viewSynchrony }), 'the join');
  const log: string[] = [];
  g.on('event', (event) => log.push(word(event)));
  return { g, log };
}

const codeOf = async (promise: Promise<unknown>): Promise<string | undefined> =>
  (await failure(promise)).code;

const has = (log: readonly string[], text: string): boolean => log.includes(text);

async function until(condition: () => boolean, what: string): Promise<void> {
  const poll = async (): Promise<void> => {
    while (!condition()) await settle(1);
  };
  await within(poll(), what);
}

const code = (errorCode: ErrorCode): ErrorCode => errorCode;

describe('a view-synchronous group', () => {
  it('is joined when its first view is installed, which every member installs (FM-1)', async () => {
    await using world = await ClientWorld.start();
    const [a, b] = [await world.connect('a'), await world.connect('b')];
    const first = await member(a, AUTO);
    expect(first.g.isViewSynchronous).to.equal(true);
    const second = await member(b, AUTO);
    expect(second.g.members).to.deep.equal(['#a#d1', '#b#d1']);
    await until(() => first.log.length === 2, 'the view of a');
    expect(first.log).to.deep.equal(['join a +a', 'join a,b +b']);
    await settle();
    expect(second.log).to.deep.equal(['join a,b +a +b']);
    await second.g.leave();
    await until(() => first.log.length === 4, 'the view without b');
    expect(first.log.slice(2)).to.deep.equal(['transition', 'leave a -b']);
    expect(second.log.at(-1)).to.equal('self-leave');
    expect(second.g.members).to.deep.equal([]);
  });

  it('is not joined in another mode than it has (FM-1)', async () => {
    await using world = await ClientWorld.start();
    const a = await world.connect('a');
    const { g } = await member(a, AUTO);
    expect(await a.join('g', { viewSynchrony: true })).to.equal(g);
    for (const options of [{}, { viewSynchrony: false }, { viewSynchrony: MANUAL }]) {
      expect(await codeOf(a.join('g', options))).to.equal(code('ERR_SSP_ILLEGAL_PARAM'));
    }
    const plain = await a.join('h');
    expect(plain.isViewSynchronous).to.equal(false);
    expect(await codeOf(a.join('h', { viewSynchrony: true }))).to.equal(code('ERR_SSP_ILLEGAL_PARAM'));
    expect(await a.join('h')).to.equal(plain);
  });

  it('refuses options that are none', async () => {
    await using world = await ClientWorld.start();
    const a = await world.connect('a');
    const wrong: readonly unknown[] = [
      1,
      null,
      'auto',
      { flush: 'maybe' },
      { stalledAfterMs: -1 },
      { stall: 1 },
    ];
    for (const viewSynchrony of wrong) {
      const error = await failure(a.join('g', { viewSynchrony } as object));
      expect(error.code, JSON.stringify(viewSynchrony)).to.equal('ERR_SSP_ILLEGAL_PARAM');
    }
  });

  it('leaves no trace of a join that was given up, and can be joined plainly then', async () => {
    await using world = await ClientWorld.start();
    const a = await world.connect('a');
    const stop = new AbortController();
    const join = failure(a.join('g', { viewSynchrony: true, signal: stop.signal }));
    stop.abort(new Error('enough'));
    expect((await join).message).to.equal('enough');
    const g = await within(a.join('g'), 'the plain join');
    expect([g.isViewSynchronous, g.members]).to.deep.equal([false, ['#a#d1']]);
  });

  it('flushes by itself, so that the application sees views only (FM-2)', async () => {
    await using world = await ClientWorld.start();
    const all = [];
    for (const name of ['a', 'b', 'c']) all.push(await member(await world.connect(name), AUTO));
    const [a] = all;
    await until(() => a?.log.length === 3, 'three views');
    expect(a?.log).to.deep.equal(['join a +a', 'join a,b +b', 'join a,b,c +c']);
  });
});

describe('a flush request', () => {
  it('comes at its place, and the view cannot come before it is answered (FM-3)', async () => {
    await using world = await ClientWorld.start();
    const a = await world.connect('a');
    const first = await member(a, MANUAL);
    let request: FlushRequestEvent | undefined;
    first.g.on('flush-request', (event) => (request = event));
    const join = (await world.connect('b')).join('g', { viewSynchrony: true });
    await until(() => request !== undefined, 'the request');
    await first.g.send('last words');
    await caughtUp(a);
    expect(first.log).to.deep.equal(['join a +a', 'flush-request', 'last words']);
    expect(await isWaiting(join)).to.equal(true);
    request?.flush();
    request?.flush();
    expect((await within(join, 'the join')).members).to.deep.equal(['#a#d1', '#b#d1']);
    await until(() => first.log.length === 4, 'the view');
    expect(first.log[3]).to.equal('join a,b +b');
  });

  it('does nothing when it is answered twice, late or after a leave (FM-3)', async () => {
    await using world = await ClientWorld.start();
    const a = await world.connect('a');
    const first = await member(a, MANUAL);
    const requests: FlushRequestEvent[] = [];
    first.g.on('flush-request', (event) => requests.push(event));
    const b = await world.connect('b');
    const join = b.join('g', { viewSynchrony: true });
    await until(() => requests.length === 1, 'the first request');
    requests[0]?.flush();
    await within(join, 'the join of b');
    const second = (await world.connect('c')).join('g', { viewSynchrony: true });
    await until(() => requests.length === 2, 'the second request');
    // That of an earlier change is void.
    requests[0]?.flush();
    expect(await isWaiting(second)).to.equal(true);
    await first.g.leave();
    expect((await within(second, 'the join of c')).members).to.deep.equal(['#b#d1', '#c#d1']);
    requests[1]?.flush();
    // Nor does it answer for a later membership.
    const again = await a.join('g', { viewSynchrony: MANUAL });
    again.on('event', () => undefined);
    requests[1]?.flush();
    expect(again.members).to.deep.equal(['#a#d1', '#b#d1', '#c#d1']);
    await a.close();
    requests[1]?.flush();
  });
});

describe('sending to a view-synchronous group', () => {
  /** A member with a change that waits for another member, which flushes by hand. */
  async function changing(world: ClientWorld, how: ViewSynchrony) {
    const [a, b] = [await world.connect('a'), await world.connect('b')];
    const first = await member(a, how);
    first.g.on('flush-request', (event) => event.flush());
    const second = await member(b, MANUAL);
    const requests: FlushRequestEvent[] = [];
    let isFlushing = false;
    second.g.on('flush-request', (event) => (isFlushing ? event.flush() : requests.push(event)));
    await until(() => has(first.log, 'join a,b +b'), 'the view of two');
    const third = world.connect('c').then((c) => c.join('g', { viewSynchrony: true }));
    await until(() => requests.length === 1, 'the request');
    await caughtUp(a);
    const flush = (): void => {
      isFlushing = true;
      requests[0]?.flush();
    };
    return { a, first, second, third, flush };
  }

  it('is held between the flush and the view, and goes out in order in the new view (FM-4)', async () => {
    await using world = await ClientWorld.start();
    const { first, second, third, flush } = await changing(world, AUTO);
    const body = Buffer.from('held 1');
    const members = ['#b#d1'];
    const sends = [first.g.send(body), first.g.sendToMembers(members, 'held 2')];
    // They are free when the calls have returned.
    body.fill(0);
    members.pop();
    let isCalled = false;
    first.g.on('view', () => {
      if (isCalled) return;
      isCalled = true;
      void first.g.send('called later');
    });
    expect(await isWaiting(Promise.all(sends))).to.equal(true);
    expect(has(second.log, 'held 1')).to.equal(false);
    flush();
    await within(Promise.all(sends), 'the held sends');
    await within(third, 'the join');
    await until(() => has(second.log, 'called later'), 'all messages');
    expect(second.log.slice(-4)).to.deep.equal(['join a,b,c +c', 'held 1', 'held 2', 'called later']);
  });

  it('is refused in manual mode until the new view was handed out (FM-4)', async () => {
    await using world = await ClientWorld.start();
    const { first, third, flush } = await changing(world, MANUAL);
    expect(await codeOf(first.g.send('too late'))).to.equal(code('ERR_SSP_ILLEGAL_STATE'));
    flush();
    await within(third, 'the join');
    await until(() => has(first.log, 'join a,b,c +c'), 'the view');
    await first.g.send('in the new view');
    await until(() => has(first.log, 'in the new view'), 'the message');
  });

  it('is refused in manual mode while the new view waits for a loop (FM-4)', async () => {
    await using world = await ClientWorld.start();
    const a = await world.connect('a');
    const g = await a.join('g', { viewSynchrony: MANUAL });
    const loop = g[Symbol.asyncIterator]();
    const first = await within(loop.next(), 'the first view');
    expect(word(first.value as ViewEvent)).to.equal('join a +a');
    const b = (await world.connect('b')).join('g', { viewSynchrony: true });
    const { value: request } = await within(loop.next(), 'the request');
    (request as FlushRequestEvent).flush();
    await within(b, 'the join');
    await caughtUp(a);
    expect(g.members, 'the view is there').to.have.length(2);
    expect(await codeOf(g.send('unseen'))).to.equal(code('ERR_SSP_ILLEGAL_STATE'));
    expect(word((await within(loop.next(), 'the view')).value as ViewEvent)).to.equal('join a,b +b');
    await g.send('seen');
  });

  it('goes out in the named view or not at all (FM-5)', async () => {
    await using world = await ClientWorld.start();
    const { first, third, flush } = await changing(world, AUTO);
    const old = first.g.view.id;
    const held = failure(first.g.send('only in the old view', { view: old }));
    expect(await isWaiting(held)).to.equal(true);
    flush();
    await within(third, 'the join');
    expect((await held).code).to.equal(code('ERR_SSP_VIEW_CHANGED'));
    await until(() => has(first.log, 'join a,b,c +c'), 'the view');
    expect(await codeOf(first.g.send('too late', { view: old }))).to.equal(code('ERR_SSP_VIEW_CHANGED'));
    await first.g.send('in time', { view: first.g.view.id });
    await until(() => has(first.log, 'in time'), 'the message');
    expect(first.log).not.to.include.members(['only in the old view', 'too late']);
  });

  it('knows no view of a plain group (FM-5)', async () => {
    await using world = await ClientWorld.start();
    const a = await world.connect('a');
    const g = await a.join('g');
    expect(await codeOf(g.send('x', { view: g.view.id }))).to.equal(code('ERR_SSP_ILLEGAL_PARAM'));
  });

  it('reaches the members that are named, in the view (FM-7)', async () => {
    await using world = await ClientWorld.start();
    const all = [];
    for (const name of ['a', 'b', 'c']) all.push(await member(await world.connect(name), AUTO));
    const [a, b, c] = all;
    if (!a || !b || !c) throw new Error('three members');
    await until(() => a.log.length === 3 && b.log.length === 2, 'the views');
    const heard = next(b.g, 'data');
    await a.g.sendToMembers([b.g.members[1] ?? '', '#b#d1'], 'to b', { type: 7 });
    const event = await heard;
    expect([event.text, event.groups, event.toSome, event.type, event.sender]).to.deep.equal([
      'to b',
      ['#b#d1', '#b#d1', 'g'],
      true,
      7,
      '#a#d1',
    ]);
    await a.g.send('to all');
    await until(() => [a, b, c].every(({ log }) => has(log, 'to all')), 'the message to all');
    expect([a, b, c].map(({ log }) => log.filter((each) => each === 'to b').length)).to.deep.equal([0, 1, 0]);
    expect(await codeOf(a.g.sendToMembers(['#d#d1'], 'x'))).to.equal(code('ERR_SSP_ILLEGAL_RECEIVERS'));
    expect(await codeOf(a.g.sendToMembers([], 'x'))).to.equal(code('ERR_SSP_ILLEGAL_RECEIVERS'));
    const many = (count: number): string[] => Array.from({ length: count }, () => '#c#d1');
    expect(await codeOf(a.g.sendToMembers(many(44), 'x'))).to.equal(code('ERR_SSP_ILLEGAL_PARAM'));
    expect(await codeOf(a.g.sendToMembers(many(101), 'x', { portable: false }))).to.equal(
      'ERR_SSP_ILLEGAL_PARAM',
    );
    await a.g.sendToMembers(many(44), 'once', { portable: false });
    await until(() => has(c.log, 'once'), 'the message to c');
  });

  it('does not make a message to some members a private one (FM-7)', async () => {
    await using world = await ClientWorld.start();
    const [a, b] = [await world.connect('a'), await world.connect('b')];
    const [first, second] = [await member(a, AUTO), await member(b, AUTO)];
    const messages: string[] = [];
    b.on('message', (event) => messages.push(event.text));
    await first.g.sendToMembers(['#b#d1'], 'to some');
    await a.sendTo('#b#d1', 'private');
    await until(() => messages.length > 0, 'the private message');
    expect([messages, has(second.log, 'to some')]).to.deep.equal([['private'], true]);
    const plain = await a.join('h');
    expect(await codeOf(plain.sendToMembers(['#a#d1'], 'x'))).to.equal(code('ERR_SSP_ILLEGAL_STATE'));
  });

  it('goes to it alone, and is heard from members alone (FM-8)', async () => {
    await using world = await ClientWorld.start();
    const [a, b] = [await world.connect('a'), await world.connect('b')];
    const { log } = await member(a, AUTO);
    await a.send('g', 'by its name');
    expect(await codeOf(a.send(['g', 'h'], 'x'))).to.equal(code('ERR_SSP_ILLEGAL_GROUP'));
    for (const type of [-32_768, -32_766]) {
      expect(await codeOf(a.send('g', 'x', { type }))).to.equal(code('ERR_SSP_ILLEGAL_MESSAGE_TYPE'));
    }
    await b.send('g', 'of a stranger');
    await b.send(['h', 'g'], 'of a stranger, to two');
    await caughtUp(b);
    const plain = await a.join('h');
    const heard: string[] = [];
    plain.on('data', (event) => heard.push(event.text));
    await b.send(['h', 'g'], 'for h');
    await until(() => heard.length > 0, 'the message to h');
    expect(heard).to.deep.equal(['for h']);
    expect(log).to.deep.equal(['join a +a', 'by its name']);
  });

  it('of a left group rejects what is held, and leaves all the same (FM-11)', async () => {
    await using world = await ClientWorld.start();
    const { first, second, third, flush } = await changing(world, AUTO);
    const held = failure(first.g.send('held'));
    const left = first.g.leave();
    expect((await held).code).to.equal(code('ERR_SSP_ILLEGAL_STATE'));
    expect(await codeOf(first.g.send('x'))).to.equal(code('ERR_SSP_ILLEGAL_STATE'));
    await within(left, 'the leave');
    expect(first.log.at(-1)).to.equal('self-leave');
    flush();
    await within(third, 'the join of c');
    await until(() => second.g.members.length === 2, 'the view without a');
    expect(second.g.members).to.deep.equal(['#b#d1', '#c#d1']);
  });

  it('of a lost connection rejects what is held', async () => {
    await using world = await ClientWorld.start();
    const { a, first } = await changing(world, AUTO);
    const held = failure(first.g.send('held'));
    await a.close();
    expect((await held).code).to.equal(code('ERR_SSP_CONNECTION_CLOSED'));
    for (const send of [first.g.send('x'), first.g.sendToMembers(['#b#d1'], 'x')]) {
      expect(await codeOf(send)).to.equal(code('ERR_SSP_CONNECTION_CLOSED'));
    }
  });
});

describe('views of a view-synchronous group', () => {
  it('tell who came along, who came and who went (FM-6)', async () => {
    await using world = await ClientWorld.start();
    const [a, b] = [await world.connect('a'), await world.connect('b')];
    const first = await member(a, MANUAL);
    const views: ViewEvent[] = [];
    first.g.on('view', (event) => views.push(event));
    let request: FlushRequestEvent | undefined;
    first.g.on('flush-request', (event) => (request = event));
    const join = b.join('g', { viewSynchrony: true });
    await until(() => request !== undefined, 'the request');
    request?.flush();
    const g = await within(join, 'the join');
    await until(() => views.length === 1, 'the view of two');
    expect(views[0]).to.deep.include({ cause: 'join', changed: '#b#d1', joined: ['#b#d1'], left: [] });
    expect(views[0]?.cameWithMe).to.deep.equal(['#a#d1']);
    expect(g.view).to.deep.include({
      joined: ['#a#d1', '#b#d1'],
      cameWithMe: ['#b#d1'],
      left: [],
      myIndex: 1,
    });
    // B leaves and is back before A has flushed.
    request = undefined;
    await g.leave();
    const again = b.join('g', { viewSynchrony: true });
    const third = (await world.connect('c')).join('g', { viewSynchrony: true });
    await until(() => request !== undefined, 'the request');
    await settle();
    while (views.length < 2 || views.at(-1)?.members.length !== 3) {
      (request as FlushRequestEvent | undefined)?.flush();
      await settle(5);
    }
    await within(Promise.all([again, third]), 'the joins');
    const gone = views.flatMap(({ left }) => left);
    expect(gone).to.deep.equal(['#b#d1']);
    expect(views.slice(1).flatMap(({ joined }) => joined)).to.have.members(['#b#d1', '#c#d1']);
  });
});

describe('a slow reader of a view-synchronous group', () => {
  it('holds up no view of the others (FM-9)', async () => {
    await using world = await ClientWorld.start();
    const [a, b] = [await world.connect('a'), await world.connect('b')];
    const slow = await a.join('g', { viewSynchrony: true });
    const other = await member(b, AUTO);
    const flood = Array.from({ length: 1_500 }, (_, i) => other.g.send(String(i)));
    await Promise.all(flood);
    await until(() => has(other.log, '1499'), 'the flood at b');
    const c = await within((await world.connect('c')).join('g', { viewSynchrony: true }), 'the join of c');
    expect(c.members).to.have.length(3);
    const words = await read(slow, 1_503);
    expect([words[0], words[1], words.at(-1)]).to.deep.equal(['join a +a', 'join a,b +b', 'join a,b,c +c']);
  });

  for (const [what, stalledAfterMs, isHeard] of [
    ['while the members agree on a view', 60_000, true],
    ['no more when that stalls', 20, false],
  ] as const) {
    it(`lets everything through ${what} (FM-9)`, async () => {
      await using world = await ClientWorld.start();
      const [a, b] = [await world.connect('a'), await world.connect('b')];
      const { g } = await member(a, { stalledAfterMs });
      let isStalled = false;
      g.on('stalled', () => (isStalled = true));
      const [unread, heeded] = [await a.join('unread'), await a.join('heeded')];
      const heard: string[] = [];
      heeded.on('data', (event) => heard.push(event.text));
      const silent = await b.join('g');
      silent.on('event', () => undefined);
      if (!isHeard) await until(() => isStalled, 'the stall');
      await caughtUp(a);
      await Promise.all(Array.from({ length: 1_500 }, () => b.send('unread', 'x')));
      await b.send('heeded', 'behind all that');
      await caughtUp(b);
      if (isHeard) await until(() => heard.length > 0, 'the message');
      else await settle(50);
      expect(heard).to.deep.equal(isHeard ? ['behind all that'] : []);
      await silent.leave();
      await until(() => g.view.cause === 'network', 'the view without the silent member');
      expect(unread.isMember).to.equal(true);
    });
  }
});

describe('a stall of a view-synchronous group', () => {
  it('is reported once for each set of members that it waits for, and as a warning (FM-10)', async () => {
    await using world = await ClientWorld.start();
    const warnings: string[] = [];
    const warned = (warning: Error): void => {
      if (warning.name === 'SspFlushWarning') warnings.push(warning.message);
    };
    process.on('warning', warned);
    try {
      const a = await world.connect('a');
      const { g, log } = await member(a, { stalledAfterMs: 30 });
      const silent = await (await world.connect('b')).join('g');
      silent.on('event', () => undefined);
      const event = await next(g, 'stalled');
      expect([event.group, event.waitingFor]).to.deep.equal(['g', ['#b#d1']]);
      const other = await (await world.connect('c')).join('g');
      other.on('event', () => undefined);
      await silent.leave();
      await until(() => has(log, 'stalled c'), 'the other stall');
      expect(log.filter((each) => each === 'stalled b')).to.have.length(1);
      await other.leave();
      await until(() => log.at(-1)?.startsWith('network') === true, 'the view');
      expect(warnings[0]).to.match(/#a#d1 waits for a new view of g: no flush from #b#d1/);
    } finally {
      process.off('warning', warned);
    }
  });
});

describe('recipes and view-synchronous groups', () => {
  it('do not share a group (FM-12)', async () => {
    await using world = await ClientWorld.start();
    const a = await world.connect('a');
    await a.join('g', { viewSynchrony: true });
    expect(await codeOf(election(a, 'g'))).to.equal(code('ERR_SSP_ILLEGAL_PARAM'));
    await election(a, 'leader');
    expect(await codeOf(a.join('leader', { viewSynchrony: true }))).to.equal(code('ERR_SSP_ILLEGAL_PARAM'));
  });
});
