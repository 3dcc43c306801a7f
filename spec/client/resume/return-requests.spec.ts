/** Joins, leaves and lists that are under way when a connection is lost, and continue where it comes back. */
import { expect } from 'chai';
import { encodeGap } from '../../../lib/wire/extension/gap.js';
import { encodeAck, encodeResumed, type Resume } from '../../../lib/wire/extension/resume.js';
import { answer, bareList, listFrame, views } from '../compact-frames.js';
import { data, ID, refusal, selfLeave } from '../frames.js';
import { failure, isWaiting, read, settle, within } from '../support.js';
import { groupWords, mark, networkFrame, NumberingDaemon, sent } from './numbering-daemon.js';

const [A1, A2, B] = ['#a#d1', '#a#d2', '#b#d3'];
const RESUMED = encodeResumed(1);
const CAUSED_BY_JOIN = 0x0100;

/** The own list of the group, as `#a#d2`. */
const listAt2 = listFrame([A2, B], { ownIndex: 0, id: [ID[0], ID[1], 5] });
const said = (daemon: NumberingDaemon): unknown[] =>
  sent(daemon.session).said.map((each) => (typeof each === 'string' ? each : each.kind));

describe('a join that is under way at a loss', () => {
  it('is answered by the list of the return', async () => {
    await using daemon = await NumberingDaemon.open();
    const joining = daemon.connection.join('g');
    await daemon.says(1);
    await daemon.lose('whole', A2);
    await daemon.says(1);
    expect(await isWaiting(joining)).to.equal(true);
    await daemon.send(mark(10, 12), listAt2, data('x'), RESUMED);
    const group = await within(joining, 'the join');
    expect(await read(group, 2)).to.deep.equal(['join a,b +a +b', 'x']);
    expect([group.isMember, group.view.myIndex]).to.deep.equal([true, 0]);
    expect(said(daemon)).to.deep.equal(['resume']);
  });

  it('is answered by its own place in what was missed, under the name of then', async () => {
    await using daemon = await NumberingDaemon.open();
    const joining = daemon.connection.join('g');
    await daemon.says(1);
    await daemon.lose('whole', A2);
    await daemon.send(mark(10, 12), listFrame([A1, B]), data('x'), networkFrame([B], 1, { gone: [A1] }));
    const group = await within(joining, 'the join');
    expect(group.isMember).to.equal(false);
    await daemon.send(views([{ name: A2, index: 0, returned: A1 }], [A2, B], 2), RESUMED);
    expect(await read(group, 4)).to.deep.equal(['join a,b +a +b', 'x', 'network b -a', 'join a,b +a']);
    expect([group.isMember, group.view.myIndex]).to.deep.equal([true, 0]);
  });

  it('fails where it may not be joined any more, and has no gap', async () => {
    await using daemon = await NumberingDaemon.open();
    const joining = failure(daemon.connection.join('g'));
    await daemon.says(1);
    await daemon.lose('whole', A2);
    const gap = encodeGap({ group: 'g', reason: 'not-permitted', missed: null, awayMs: 5 });
    await daemon.send(gap, refusal(CAUSED_BY_JOIN, ['g']), mark(12, 12), RESUMED);
    expect(await within(joining, 'the failure')).to.include({ name: 'PermissionDeniedError' });
    expect(daemon.told.at(-1)).to.equal(`resumed ${A1} ${A2} 0`);
  });
});

describe('a leave that is under way at a loss', () => {
  it('is wanted and sent again, and its answer ends the group', async () => {
    await using daemon = await NumberingDaemon.open();
    const group = await daemon.join([A1, B], {}, mark(11, 12));
    const leaving = group.leave();
    await daemon.says(2);
    await daemon.lose('whole', A2);
    const [resume] = await daemon.says(2);
    expect(groupWords((resume as Resume).groups)).to.deep.equal(['g had wanted']);
    expect(said(daemon)).to.deep.equal(['resume', 'a@d2: leave g']);
    expect((resume as Resume).next).to.equal(2);
    await daemon.send(views([{ cause: 'disconnect', name: A1, index: 0 }], [B], 1));
    await daemon.send(views([{ name: A2, index: 0, returned: A1 }], [A2, B], 2), selfLeave(), RESUMED);
    await within(leaving, 'the leave');
    expect(await read(group, 4)).to.deep.equal([
      'join a,b +a +b',
      'disconnect b -a',
      'join a,b +a',
      'self-leave',
    ]);
  });

  it('may be answered twice: a new join of the group waits until both answers have come', async () => {
    await using daemon = await NumberingDaemon.open();
    const { connection } = daemon;
    const group = await daemon.join([A1, B], {}, mark(11, 12));
    const leaving = group.leave();
    await daemon.says(2);
    await daemon.lose('whole', A2);
    await daemon.says(2);
    await daemon.send(selfLeave());
    await within(leaving, 'the leave');
    const again = connection.join('g');
    await settle();
    expect(said(daemon), 'before what was missed has come').to.have.length(2);
    await daemon.send(RESUMED);
    await settle();
    expect(said(daemon), 'before the repeat is through').to.have.length(2);
    await daemon.send(selfLeave(), encodeAck(2));
    await daemon.says(3);
    expect(said(daemon).at(-1)).to.equal('a@d2: join g');
    await daemon.send(listAt2);
    expect(await within(again, 'the join')).to.not.equal(group);
  });

  it('holds a new join up until the answers are read, and whoever reads slowly does not stop them', async () => {
    await using daemon = await NumberingDaemon.open();
    const { connection } = daemon;
    const loop = connection[Symbol.asyncIterator]();
    const first = loop.next();
    const group = await daemon.join([A1, B], {}, mark(11, 12));
    await first;
    const leaving = group.leave();
    await daemon.says(2);
    await daemon.lose('whole', A2);
    await daemon.says(2);
    const many = Array.from({ length: 1500 }, (_, i) => data(String(i)));
    // All of it arrives at once; the loop stops the connection before the second answer.
    await daemon.session.send(...many, selfLeave(), listAt2, selfLeave(), RESUMED, encodeAck(2));
    await within(leaving, 'the leave');
    const again = connection.join('g');
    await daemon.says(3);
    expect(said(daemon).at(-1)).to.equal('a@d2: join g');
    await daemon.session.send(listAt2);
    expect((await within(again, 'the join')).isMember).to.equal(true);
    await loop.return?.();
  });

  it('that was acknowledged holds a new join up until what was missed has come', async () => {
    await using daemon = await NumberingDaemon.open();
    const group = await daemon.join([A1, B], {}, mark(11, 12));
    const leaving = group.leave();
    await daemon.says(2);
    await daemon.lose('whole', A2, { stable: 2 });
    await daemon.says(2);
    await daemon.send(selfLeave());
    await within(leaving, 'the leave');
    const again = daemon.connection.join('g');
    await daemon.send(encodeAck(2));
    expect(said(daemon)).to.deep.equal(['resume', 'a@d2: leave g']);
    await daemon.send(RESUMED);
    await daemon.says(3);
    await daemon.send(selfLeave(), listAt2);
    await within(again, 'the join');
  });

  it('ends a wait for it with the signal of the join', async () => {
    await using daemon = await NumberingDaemon.open();
    const group = await daemon.join([A1, B], {}, mark(11, 12));
    void group.leave();
    await daemon.says(2);
    await daemon.lose('whole', A2);
    await daemon.send(selfLeave());
    const stop = new AbortController();
    const again = failure(daemon.connection.join('g', { signal: stop.signal }));
    stop.abort(new Error('enough'));
    expect(await within(again, 'the failure')).to.include({ message: 'enough' });
  });

  it('is over when its answer has arrived, whoever has read it', async () => {
    await using daemon = await NumberingDaemon.open();
    const group = await daemon.join([A1, B], {}, mark(11, 12));
    const many = Array.from({ length: 1500 }, (_, i) => data(String(i)));
    await daemon.send(...many, selfLeave());
    await daemon.lose('whole', A2);
    const [resume] = await daemon.says(1);
    expect(groupWords((resume as Resume).groups)).to.deep.equal(['g had']);
    expect((await read(group, many.length + 2)).at(-1)).to.equal('self-leave');
  });

  it('has a gap before its answer where something is missing', async () => {
    await using daemon = await NumberingDaemon.open();
    const group = await daemon.join([A1, B], {}, mark(11, 12));
    const leaving = group.leave();
    await daemon.says(2);
    await daemon.lose('gap', A2);
    const gap = encodeGap({ group: 'g', reason: 'parted', missed: null, awayMs: 5 });
    await daemon.send(gap, selfLeave(), mark(12, 12), RESUMED);
    await within(leaving, 'the leave');
    expect(await read(group, 3)).to.deep.equal(['join a,b +a +b', 'gap parted', 'self-leave']);
  });
});

describe('a list at a loss', () => {
  it('is asked for again when the answer has not come', async () => {
    await using daemon = await NumberingDaemon.open();
    const joining = daemon.connection.join('g', { list: 'on-demand' });
    await daemon.says(1);
    await daemon.send(mark(10, 11), bareList([A1, B]));
    const group = await within(joining, 'the join');
    const listed = group.list();
    await daemon.says(2);
    await daemon.lose('whole', A2);
    const [resume] = await daemon.says(2);
    expect(groupWords((resume as Resume).groups)).to.deep.equal(['g wanted']);
    expect(said(daemon)).to.deep.equal(['resume', 'list-request']);
    await daemon.send(bareList([A1, B]), views([{ cause: 'disconnect', name: A1, index: 0 }], [B], 1));
    await daemon.send(views([{ name: A2, index: 0, returned: A1 }], [A2, B], 2));
    await daemon.send(RESUMED, answer([A2, B]));
    expect(await within(listed, 'the list')).to.deep.equal([A2, B]);
    expect(group.view.myIndex).to.equal(0);
  });

  it('of which one half has come comes again as a whole', async () => {
    await using daemon = await NumberingDaemon.open();
    const joining = daemon.connection.join('g');
    await daemon.says(1);
    const head = { ownIndex: 0, members: 2, last: false } as const;
    await daemon.send(mark(10, 11), listFrame([A1], head));
    const session = await daemon.lose('whole', A2);
    expect(sent(session).hello.resume?.position.events).to.equal(0);
    await daemon.send(listAt2, RESUMED);
    await daemon.send(data('x'));
    const group = await within(joining, 'the join');
    expect(group.members).to.deep.equal([A2, B]);
    expect(await read(group, 2)).to.deep.equal(['join a,b +a +b', 'x']);
  });

  it('of another order makes no second view when it comes once more', async () => {
    await using daemon = await NumberingDaemon.open();
    const group = await daemon.join([A1, B], {}, mark(11, 12));
    const order = listFrame([B, A1], { cause: 'network', ownIndex: 1, id: [ID[0], ID[1], ID[2] + 1] });
    await daemon.send(networkFrame([B, A1], 1, { reordered: true }), order);
    const session = await daemon.lose('whole', A2);
    expect(sent(session).hello.resume?.position.events).to.equal(1);
    await daemon.send(order, data('x'));
    expect(await read(group, 3)).to.deep.equal(['join a,b +a +b', 'network b,a', 'x']);
  });

  it('of another order is taken behind the loss where it had not come', async () => {
    await using daemon = await NumberingDaemon.open();
    const group = await daemon.join([A1, B], {}, mark(11, 12));
    await daemon.send(networkFrame([B, A1], 1, { reordered: true }));
    await daemon.lose('whole', A2);
    const order = listFrame([B, A1], { cause: 'network', ownIndex: 1, id: [ID[0], ID[1], ID[2] + 1] });
    await daemon.send(order, data('x'));
    expect(await read(group, 3)).to.deep.equal(['join a,b +a +b', 'network b,a', 'x']);
  });
});

describe('a session that is taken over', () => {
  it('shows no view of its own, and is a member again when all has been handed on', async () => {
    await using daemon = await NumberingDaemon.open();
    const group = await daemon.join([A1, B]);
    await daemon.lose('here', A1);
    await daemon.send(mark(11, 12), data('missed'));
    expect(group.isMember).to.equal(false);
    await daemon.send(RESUMED, data('live'));
    expect(await read(group, 3)).to.deep.equal(['join a,b +a +b', 'missed', 'live']);
    expect([group.isMember, daemon.connection.id]).to.deep.equal([true, A1]);
    expect(daemon.told).to.deep.equal(['reconnecting', 'resumed 0']);
  });
});

describe('a name of before', () => {
  it('is an address of this connection alone, unless the message comes for a group anyhow', async () => {
    await using daemon = await NumberingDaemon.open();
    const { connection } = daemon;
    await daemon.join([A1, B]);
    await daemon.lose('whole', A2);
    const come = views([{ name: A2, index: 0, returned: A1 }], [A2, B], 2);
    await daemon.send(
      mark(11, 15),
      views([{ cause: 'disconnect', name: A1, index: 0 }], [B], 1),
      come,
      RESUMED,
    );
    const messages: string[] = [];
    connection.on('message', ({ body }) => messages.push(String(body)));
    await daemon.send(
      data('for the name of now', [A2]),
      data('for that and a group', [A2, 'g']),
      data('for the name of before', [A1]),
      data('for that and somebody else', [A1, 'h', B]),
      // The name may be given to another connection by now.
      data('for a group', [A1, 'g']),
    );
    expect(messages).to.deep.equal([
      'for the name of now',
      'for that and a group',
      'for the name of before',
      'for that and somebody else',
    ]);
  });

  it('is somebody else when its daemon has given it again', async () => {
    await using daemon = await NumberingDaemon.open();
    const group = await daemon.join([A1, B]);
    await daemon.lose('whole', A2);
    await daemon.send(
      mark(11, 15),
      views([{ cause: 'disconnect', name: A1, index: 0 }], [B], 1),
      views([{ name: A1, index: 0 }], [A1, B], 2),
      views([{ name: A2, index: 1, returned: A1 }], [A1, A2, B], 3),
      RESUMED,
    );
    const loop = group[Symbol.asyncIterator]();
    const places: number[] = [];
    for (let i = 0; i < 4; i++) {
      const { value: event } = await loop.next();
      if (event?.kind === 'view') places.push(event.myIndex);
    }
    expect(places).to.deep.equal([0, -1, -1, 1]);
  });
});
