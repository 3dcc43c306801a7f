/** Groups of a connection that has compact views: what a program sees of them, and what it asks for. */
import { expect } from 'chai';
import { IllegalParamError, IllegalStateError, QUEUE_EVENTS, TooManyMembersError } from '../../lib/index.js';
import { openChannels } from '../../lib/channel/index.js';
import { election } from '../../lib/recipes/index.js';
import { encodeListRequest } from '../../lib/wire/extension/list.js';
import { FrameFault } from '../../lib/wire/fault.js';
import { encodeReject, REJECTED_BY_SIZE } from '../../lib/wire/reject.js';
import { encodeRequest } from '../../lib/wire/request.js';
import { JOIN_MESS } from '../../lib/wire/service.js';
import { Published } from '../support/diagnostics.js';
import { A, change, data, REQUEST_BYTES, selfLeave } from './frames.js';
import { answer, bareList, COMPACT, HELLO_BYTES, hashOf, listFrame, views } from './compact-frames.js';
import { flood } from './flood.js';
import { ClientFixture, failure, isWaiting, next, parts, read, settle, within } from './support.js';
import type { Group } from '../../lib/client/group.js';
import type { JoinOptions } from '../../lib/client/options.js';

const [B, C] = ['#b#d1', '#c#d2'] as const;
const ASKED = encodeListRequest('g');
const ON_DEMAND: JoinOptions = { list: 'on-demand' };

const open = (): Promise<ClientFixture> => ClientFixture.open(COMPACT);

async function joined(
  { connection, session }: ClientFixture,
  options: JoinOptions,
  ...frames: Buffer[]
): Promise<Group> {
  const join = connection.join('g', options);
  await session.bytesFrom(HELLO_BYTES + REQUEST_BYTES);
  await session.send(...frames);
  const group = await within(join, 'the join');
  await settle();
  return group;
}

/** Resolves when the client has asked for the list. */
async function asked({ session }: ClientFixture, before = REQUEST_BYTES): Promise<void> {
  const bytes = await session.bytesFrom(HELLO_BYTES + before + ASKED.length);
  expect(bytes.subarray(HELLO_BYTES + before).equals(ASKED), 'the question for the list').to.equal(true);
}

describe('a group with compact views', () => {
  it('shows what a plain one shows', async () => {
    await using stage = await open();
    const group = await joined(stage, {}, listFrame([A, B]));
    expect(parts(await next(group, 'view'))).to.deep.equal({
      cause: 'join',
      members: [A, B],
      myIndex: 0,
      changed: A,
      joined: [A, B],
      left: [],
      cameWithMe: [A],
    });
    await stage.session.send(
      views(
        [
          { index: 2, name: C },
          { cause: 'disconnect', index: 1, name: B },
        ],
        [A, C],
      ),
      data('hello'),
    );
    expect(parts(await next(group, 'view'))).to.deep.equal({
      cause: 'join',
      members: [A, B, C],
      myIndex: 0,
      changed: C,
      joined: [C],
      left: [],
      cameWithMe: [A, B],
    });
    expect(await read(group, 2)).to.deep.equal(['disconnect a,c -b', 'hello']);
    expect(group.members).to.deep.equal([A, C]);
    expect(group.view).to.deep.include({ size: 2, returned: [] });
    expect([group.view.has(C), group.view.has(B)]).to.deep.equal([true, false]);
  });

  it('ends with a self-leave that has the id of its last view, and begins again with a list', async () => {
    await using stage = await open();
    const group = await joined(stage, {}, listFrame([A]), views([{ index: 1, name: B }], [A, B], 4));
    const leave = group.leave();
    await stage.session.send(selfLeave());
    await leave;
    expect((await next(group, 'self-leave')).id).to.deep.equal([7, 100, 5]);
    const again = stage.connection.join('g');
    await stage.session.send(listFrame([A, C]));
    expect((await again).view).to.deep.include({ members: [A, C], joined: [A, C], left: [] });
  });

  it('states whom members are, where the daemon does', async () => {
    await using stage = await open();
    const group = await joined(stage, {}, listFrame([A, B], {}, 'ann@example.org'));
    expect([A, B, C].map((id) => group.subjectOf(id))).to.deep.equal(['ann@example.org', null, null]);
    await stage.session.send(views([{ index: 2, name: C, subject: 'cid' }], [A, B, C]));
    await settle();
    expect(group.subjectOf(C)).to.equal('cid');
    const leave = group.leave();
    await stage.session.send(selfLeave());
    await leave;
    expect(group.subjectOf(C)).to.equal(null);
  });

  it('throws TooManyMembersError where the daemon takes in no more', async () => {
    await using stage = await open();
    const { connection, session } = stage;
    const reasons: string[] = [];
    connection.on('reject', ({ reason }) => reasons.push(reason));
    const join = connection.join('g');
    const request = encodeRequest(JOIN_MESS, A, ['g']);
    await session.bytesFrom(HELLO_BYTES + REQUEST_BYTES);
    await session.send(encodeReject(request, 0, request.length, REJECTED_BY_SIZE));
    const error = await failure(join);
    expect(error).to.be.instanceOf(TooManyMembersError);
    expect(error.message).to.equal('the group has too many members: join g (TOO_MANY_MEMBERS)');
    expect(reasons).to.deep.equal(['too-many-members']);
  });

  it('asks for a list that is not what the daemon says, reports it each time, and warns once', async () => {
    await using stage = await open();
    using reports = new Published('ssp-toolkit:list');
    const warnings: string[] = [];
    const hear = ({ name, message }: Error): void =>
      void (name === 'SspListWarning' && warnings.push(message));
    process.on('warning', hear);
    try {
      const group = await joined(
        stage,
        {},
        listFrame([A, B]),
        views([{ index: 2, name: C }], [A, B, C], 1, 1n),
      );
      await asked(stage);
      expect(await read(group, 2)).to.deep.equal(['join a,b +a +b', 'join a,b +c']);
      expect(group.view.size).to.equal(3);
      await stage.session.send(answer([A, B, C]), views([{ cause: 'leave', index: 1, name: C }], [A, B], 2));
      await asked(stage, REQUEST_BYTES + ASKED.length);
      expect(group.members, 'the last list that was right').to.deep.equal([A, B, C]);
      expect(reports.messages).to.deep.equal([
        { id: A, group: 'g', expected: 3, got: 3, count: 1 },
        { id: A, group: 'g', expected: 2, got: 3, count: 2 },
      ]);
      await settle();
    } finally {
      process.off('warning', hear);
    }
    expect(warnings).to.deep.equal([
      `${A}: the members of g are not what the daemon says, and are asked for again`,
    ]);
  });

  describe('that are listed on demand', () => {
    it('says so in its join, and has them when it asks', async () => {
      await using stage = await open();
      const { connection, session } = stage;
      const join = connection.join('g', ON_DEMAND);
      const bytes = await session.bytesFrom(HELLO_BYTES + REQUEST_BYTES + 1);
      expect(bytes.at(-1)).to.equal(1);
      await session.send(bareList([A, B]), views([{ index: 2, name: C }], [A, B, C]));
      const group = await within(join, 'the join');
      const view = await next(group, 'view');
      expect(view).to.deep.include({ size: 2, myIndex: 0, joined: [A], left: [] });
      expect(() => view.members).to.throw(IllegalStateError, 'group.list()');
      await settle();
      expect(() => group.members).to.throw(IllegalStateError);
      const lists = [group.list(), group.list()];
      await asked(stage, REQUEST_BYTES + 1);
      await session.send(answer([A, B, C]), views([{ cause: 'leave', index: 1, name: B }], [A, C], 2));
      expect(await Promise.all(lists)).to.deep.equal([
        [A, C],
        [A, C],
      ]);
      expect(await read(group, 2)).to.deep.equal(['join a,b,c +c', 'leave a,c -b']);
      expect(await group.list(), 'without asking').to.equal(group.members);
    });

    it('gets the list though nobody reads the events before it', async () => {
      await using stage = await open();
      const group = await joined(stage, ON_DEMAND, bareList([A, B]), ...flood(QUEUE_EVENTS));
      await settle();
      const list = group.list();
      await asked(stage, REQUEST_BYTES + 1);
      await stage.session.send(answer([A, B]));
      expect(await within(list, 'the list')).to.deep.equal([A, B]);
    });

    it('can give up waiting for it', async () => {
      await using stage = await open();
      const group = await joined(stage, ON_DEMAND, bareList([A, B]));
      const controller = new AbortController();
      const list = group.list({ signal: controller.signal });
      const patient = group.list();
      controller.abort(new Error('no time'));
      expect((await failure(list)).message).to.equal('no time');
      expect((await failure(group.list({ signal: controller.signal }))).message).to.equal('no time');
      expect(await isWaiting(patient)).to.equal(true);
      await stage.session.send(answer([A, B]));
      expect(await within(patient, 'the list')).to.deep.equal([A, B]);
    });

    it('takes nothing more for full readers when nobody waits for it any more', async () => {
      await using stage = await open();
      const group = await joined(stage, ON_DEMAND, bareList([A, B]), ...flood(QUEUE_EVENTS));
      await settle();
      let count = 0;
      stage.connection.on('event', () => count++);
      const controller = new AbortController();
      const list = failure(group.list({ signal: controller.signal }));
      await asked(stage, REQUEST_BYTES + 1);
      await stage.session.send(...flood(1));
      await settle();
      expect(count, 'while the list is awaited').to.be.above(0);
      const before = count;
      controller.abort(new Error('no time'));
      await list;
      await stage.session.send(...flood(3));
      await settle();
      expect(count).to.equal(before);
    });

    it('does not get it when it leaves, or the connection ends', async () => {
      await using stage = await open();
      const group = await joined(stage, ON_DEMAND, bareList([A, B]));
      const [list, leave] = [failure(group.list()), group.leave()];
      await stage.session.send(selfLeave());
      await leave;
      expect((await list).code).to.equal('ERR_SSP_ILLEGAL_STATE');
      expect((await failure(group.list())).code).to.equal('ERR_SSP_ILLEGAL_STATE');
      const again = stage.connection.join('g', ON_DEMAND);
      await stage.session.send(bareList([A, B]));
      const waiting = failure((await again).list());
      stage.session.end();
      expect((await waiting).code).to.equal('ERR_SSP_CONNECTION_CLOSED');
    });

    it('does not get one that is not what the daemon says, or too long', async () => {
      await using stage = await open();
      const group = await joined(stage, ON_DEMAND, bareList([A, B]));
      const list = group.list();
      await stage.session.send(listFrame([A, B], { cause: 'none', answer: true, hash: 1n }));
      expect(await failure(list)).to.be.instanceOf(IllegalStateError);
      const long = group.list();
      await settle();
      await stage.session.send(
        listFrame([A], { cause: 'none', answer: true, members: 200_001, hash: hashOf([A]) }),
      );
      expect(await failure(long)).to.be.instanceOf(TooManyMembersError);
    });

    it('is not joined in another mode than it has, nor with view synchrony', async () => {
      await using stage = await open();
      const group = await joined(stage, ON_DEMAND, bareList([A, B]));
      const { connection } = stage;
      expect(await connection.join('g', ON_DEMAND)).to.equal(group);
      for (const options of [
        {},
        { list: 'always' },
        { list: 'never' },
        { ...ON_DEMAND, viewSynchrony: true },
        { ...ON_DEMAND, secure: {} },
      ])
        expect(await failure(connection.join('g', options as JoinOptions))).to.be.instanceOf(
          IllegalParamError,
        );
    });

    it('always is at a daemon without such lists', async () => {
      await using stage = await ClientFixture.open();
      const join = stage.connection.join('g', ON_DEMAND);
      await stage.session.bytesFrom(REQUEST_BYTES);
      await stage.session.send(change('join', A, [A, B]));
      const group = await within(join, 'the join');
      expect(group.members).to.deep.equal([A, B]);
      expect(await group.list()).to.deep.equal([A, B]);
      expect(group.subjectOf(A)).to.equal(null);
      await settle();
      expect(stage.session.received).to.have.length(REQUEST_BYTES);
    });
  });

  it('ends what acts on the members where those are not listed', async () => {
    await using stage = await open();
    const starting = election(stage.connection, 'g');
    await stage.session.bytesFrom(HELLO_BYTES + REQUEST_BYTES);
    await stage.session.send(listFrame([A], { members: 200_001 }));
    const elected = await within(starting, 'the election');
    const error = await within(elected.closed, 'its end');
    expect(error).to.be.instanceOf(IllegalStateError).with.property('message').that.includes('not listed');
    expect(stage.connection.open).to.equal(true);
  });

  it('ends the channels of a registry whose members are not listed', async () => {
    await using stage = await open();
    const starting = failure(openChannels(stage.connection, { group: 'g' }));
    await stage.session.bytesFrom(HELLO_BYTES + REQUEST_BYTES);
    await stage.session.send(listFrame([A], { members: 200_001 }));
    await settle();
    await stage.session.send(selfLeave());
    expect(await within(starting, 'the end'))
      .to.have.property('message')
      .that.includes('not listed');
  });

  describe('that is view-synchronous', () => {
    it('agrees on the views of its lists', async () => {
      await using stage = await open();
      const join = stage.connection.join('g', { viewSynchrony: true });
      await stage.session.bytesFrom(HELLO_BYTES + REQUEST_BYTES);
      await stage.session.send(listFrame([A]));
      // Its own FLUSH_OK comes back.
      const sent = await stage.session.bytesFrom(HELLO_BYTES + 2 * REQUEST_BYTES + 12);
      await stage.session.send(sent.subarray(HELLO_BYTES + REQUEST_BYTES));
      const group = await within(join, 'the join');
      expect(group.view).to.deep.include({ members: [A], cause: 'join', size: 1 });
      expect(group.view.has(A)).to.equal(true);
    });

    for (const [what, frame, fault] of [
      ['without a list', bareList([A, B]), 'a view of g came without the list of its members'],
      [
        'of more members than are listed',
        listFrame([A], { members: 200_001 }),
        'the group has too many members',
      ],
      ['before a list', views([{ name: B, index: 1 }], [A, B]), 'a view of g came without the list'],
    ] as const) {
      it(`breaks the connection at a view ${what}`, async () => {
        await using stage = await open();
        const join = failure(stage.connection.join('g', { viewSynchrony: true }));
        const closed = new Promise<Error | undefined>((resolve) => stage.connection.on('close', resolve));
        await stage.session.send(frame);
        const error = await within(closed, 'the end');
        expect(error?.cause).to.have.property('message').that.includes(fault);
        expect(await join).to.equal(error);
      });
    }

    it('breaks the connection where the list is not what the daemon says', async () => {
      await using stage = await open();
      const join = failure(stage.connection.join('g', { viewSynchrony: true }));
      const closed = new Promise<Error | undefined>((resolve) => stage.connection.on('close', resolve));
      await stage.session.send(listFrame([A, B], { hash: 1n }));
      const error = await within(closed, 'the end');
      expect(error).to.have.property('code', 'ERR_SSP_CONNECTION_CLOSED');
      expect(error?.cause).to.be.instanceOf(FrameFault);
      expect(await join).to.equal(error);
    });
  });
});
