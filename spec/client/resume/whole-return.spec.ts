/** A connection that continues where it was lost: what it says of its place, and what its groups get. */
import { Buffer } from 'node:buffer';
import { expect } from 'chai';
import { encodeGap } from '../../../lib/wire/extension/gap.js';
import { encodeResumed } from '../../../lib/wire/extension/resume.js';
import type { Resume } from '../../../lib/wire/extension/resume.js';
import type { Group, GroupEvent, ViewEvent } from '../../../lib/index.js';
import { listFrame, views } from '../compact-frames.js';
import { data, transition } from '../frames.js';
import { settle, word } from '../support.js';
import { BEGIN, groupWords, mark, markOf, networkFrame, NumberingDaemon, sent } from './numbering-daemon.js';

const [A1, A2, B] = ['#a#d1', '#a#d2', '#b#d3'];
const RESUMED = encodeResumed(1);

/** All that a group is handed. */
function hear(group: Group): { words: string[]; events: GroupEvent[] } {
  const heard = { words: [] as string[], events: [] as GroupEvent[] };
  group.on('event', (event) => {
    heard.words.push(word(event));
    heard.events.push(event);
  });
  return heard;
}

const viewsOf = (events: readonly GroupEvent[]): ViewEvent[] =>
  events.filter((event): event is ViewEvent => event.kind === 'view');

/** The events of a member that goes with its daemon, and comes back as `#a#d2`. */
const goAndCome = [
  transition(),
  networkFrame([B], 1, { gone: [A1] }),
  data('between'),
  views([{ name: A2, index: 0, returned: A1 }], [A2, B], 2),
];

describe('the place that a connection says', () => {
  it('is that of WELCOME before anything has come', async () => {
    await using daemon = await NumberingDaemon.open();
    const session = await daemon.lose('whole', A2);
    const { hello } = sent(session);
    expect(hello.attempt).to.equal(1);
    expect(hello.resume?.token.toString()).to.equal('token');
    expect(hello.resume?.position).to.deep.include({ ...BEGIN, events: 0 });
  });

  it('is the last mark, and what has come since', async () => {
    await using daemon = await NumberingDaemon.open();
    await daemon.join([A1, B]);
    await daemon.send(
      data('one'),
      mark(11, 14),
      data('two'),
      data('three', [A1]),
      views([{ name: '#c#d1', index: 2 }], [A1, B, '#c#d1']),
    );
    const session = await daemon.lose('whole', A2);
    expect(sent(session).hello.resume?.position).to.deep.include({ ...markOf(11, 14), events: 3 });
  });

  it('comes with the token of the last return that has its place in the order', async () => {
    await using daemon = await NumberingDaemon.open();
    await daemon.join([A1, B]);
    await daemon.lose('whole', A2, { token: Buffer.from('second') });
    await daemon.says(1);
    const session = await daemon.lose('whole', A2, { token: Buffer.from('third') });
    expect(sent(session).hello.resume?.token.toString()).to.equal('token');
    await daemon.send(...goAndCome, RESUMED);
    await daemon.resumed();
    const next = await daemon.lose('whole', A1);
    expect(sent(next).hello.resume?.token.toString()).to.equal('third');
  });

  it('counts what nobody has read yet', async () => {
    await using daemon = await NumberingDaemon.open();
    const group = await daemon.join([A1, B]);
    const many = Array.from({ length: 3000 }, (_, i) => data(String(i)));
    await daemon.send(mark(11, 14), ...many);
    const session = await daemon.lose('whole', A2);
    expect(sent(session).hello.resume?.position).to.deep.include({ ...markOf(11, 14), events: 3000 });
    const { words } = hear(group);
    await daemon.send(...goAndCome, RESUMED);
    await daemon.resumed();
    expect(words.slice(3000)).to.deep.equal(['2999', 'transition', 'network b -a', 'between', 'join a,b +a']);
  });

  it('comes with the groups of the mark, those that are wanted, and their signals', async () => {
    await using daemon = await NumberingDaemon.open();
    await daemon.join([A1, B], {}, mark(11, 14), transition());
    const joining = daemon.connection.join('h');
    await daemon.says(2);
    const session = await daemon.lose('whole', A2);
    const [resume] = await daemon.says(1);
    expect(resume).to.include({ kind: 'resume', attempt: 1, more: false });
    expect(groupWords((resume as Resume).groups)).to.deep.equal(['g had wanted signalled', 'h wanted']);
    expect(sent(session).said, 'joins are not sent again').to.have.length(1);
    void joining.catch(() => undefined);
  });
});

describe('a connection that continues', () => {
  it('has what it missed, goes and comes in its groups, and loses nothing', async () => {
    await using daemon = await NumberingDaemon.open();
    const { connection, told } = daemon;
    const group = await daemon.join([A1, B]);
    const { events, words } = hear(group);
    await settle();
    await daemon.lose('whole', A2);
    await daemon.send(mark(11, 15), data('missed'), ...goAndCome);
    expect(words).to.deep.equal([
      'join a,b +a +b',
      'missed',
      'transition',
      'network b -a',
      'between',
      'join a,b +a',
    ]);
    const [, away, back] = viewsOf(events);
    expect([away?.myIndex, away?.members, away?.cameWithMe]).to.deep.equal([-1, [B], []]);
    expect([back?.myIndex, back?.members, back?.returned]).to.deep.equal([
      0,
      [A2, B],
      [{ from: A1, to: A2 }],
    ]);
    expect([connection.state, connection.id, group.isMember]).to.deep.equal(['reconnecting', A1, false]);
    await daemon.send(RESUMED, data('live'));
    expect([connection.state, connection.id, group.isMember]).to.deep.equal(['open', A2, true]);
    expect(group.members).to.deep.equal([A2, B]);
    expect(words.at(-1)).to.equal('live');
    expect(told).to.deep.equal(['reconnecting', `resumed ${A1} ${A2} 0`]);
  });

  it('is a member again also where the daemons do not know which id it had', async () => {
    await using daemon = await NumberingDaemon.open();
    const group = await daemon.join([A1, B]);
    await daemon.lose('whole', A2);
    const [signal, gone] = goAndCome;
    await daemon.send(mark(11, 15), signal as Buffer, gone as Buffer);
    await daemon.send(views([{ name: A2, index: 0 }], [A2, B], 2), RESUMED);
    expect([group.isMember, group.view.myIndex]).to.deep.equal([true, 0]);
  });

  it('continues in the middle of what it missed when it is lost again', async () => {
    await using daemon = await NumberingDaemon.open();
    const group = await daemon.join([A1, B]);
    const { words } = hear(group);
    await daemon.lose('whole', A2);
    await daemon.send(mark(11, 15), data('missed'), transition(), networkFrame([B], 1, { gone: [A1] }));
    const session = await daemon.lose('whole', '#a#d3');
    const { hello } = sent(session);
    expect(hello.attempt).to.equal(2);
    expect(hello.resume?.position).to.deep.include({ ...markOf(11, 15), events: 2 });
    const returned = views([{ name: A2, index: 0, returned: A1 }], [A2, B], 2);
    const moved = views([{ cause: 'disconnect', name: A2, index: 0 }], [B], 3);
    const again = views([{ name: '#a#d3', index: 0, returned: A2 }], ['#a#d3', B], 4);
    await daemon.send(returned, moved, again, RESUMED);
    expect(words.slice(2)).to.deep.equal([
      'transition',
      'network b -a',
      'join a,b +a',
      'disconnect b -a',
      'join a,b +a',
    ]);
    expect([group.isMember, group.view.myIndex]).to.deep.equal([true, 0]);
    expect(daemon.told).to.deep.equal(['reconnecting', 'resumed #a#d1 #a#d3 0']);
  });

  it('counts what is missing where lists say how many messages there were', async () => {
    await using daemon = await NumberingDaemon.open();
    const joining = daemon.connection.join('g');
    await daemon.says(1);
    await daemon.send(mark(10, 11), listFrame([A1, B], { messages: 100 }), data('one'), data('two'));
    const { events } = hear(await joining);
    for (const [reason, messages] of [
      ['overrun', 112],
      ['parted', 120],
      ['slow', 119],
    ] as const) {
      await daemon.lose('gap', A2);
      const list = listFrame([A2, B], { afterGap: true, ownIndex: 0, messages });
      await daemon.send(encodeGap({ group: 'g', reason, missed: null, awayMs: 5 }), list, RESUMED, data('x'));
    }
    const gaps = events.flatMap((event) => (event.kind === 'gap' ? [`${event.reason} ${event.missed}`] : []));
    expect(gaps).to.deep.equal(['overrun 10', 'parted null', 'slow null']);
  });

  it('hands on what each of several daemons has sent, however late it is read', async () => {
    await using daemon = await NumberingDaemon.open();
    const group = await daemon.join([A1, B]);
    const many = Array.from({ length: 1500 }, (_, i) => String(i));
    await daemon.send(mark(11, 14), ...many.map((text) => data(text)));
    await daemon.lose('whole', A2);
    await daemon.send(...goAndCome, mark(15, 16), data('second'), RESUMED);
    expect(daemon.told).to.deep.equal(['reconnecting']);
    const session = await daemon.lose('whole', '#a#d3');
    expect(sent(session).hello.resume?.position).to.deep.include({ ...markOf(15, 16), events: 1 });
    const moved = views([{ cause: 'disconnect', name: A2, index: 0 }], [B], 3);
    const again = views([{ name: '#a#d3', index: 0, returned: A2 }], ['#a#d3', B], 4);
    await daemon.send(moved, again, RESUMED);
    const { words } = hear(group);
    await daemon.resumed();
    expect(words).to.deep.equal([
      'join a,b +a +b',
      ...many,
      'transition',
      'network b -a',
      'between',
      'join a,b +a',
      'second',
      'disconnect b -a',
      'join a,b +a',
    ]);
    expect(daemon.told).to.deep.equal(['reconnecting', 'resumed #a#d1 #a#d3 0']);
  });

  it('has a gap behind its first view of a group whose own join was missed', async () => {
    for (const afterGap of [true, false]) {
      await using daemon = await NumberingDaemon.open();
      const joining = daemon.connection.join('g');
      await daemon.says(1);
      await daemon.lose('gap', A2);
      await daemon.send(
        encodeGap({ group: 'g', reason: 'overrun', missed: null, awayMs: 5 }),
        mark(20, 20),
        ...(afterGap ? [] : [mark(20, 21)]),
        listFrame([A2, B], { afterGap, ownIndex: 0 }),
        RESUMED,
      );
      const { events, words } = hear(await joining);
      await settle();
      const first = 'join a,b +a +b';
      expect(words).to.deep.equal(afterGap ? [first, 'gap overrun', first] : [first]);
      if (afterGap) expect(events[1]).to.deep.include({ since: viewsOf(events)[0]?.id, missed: null });
    }
  });

  it('has a gap where the daemon says so, and only there', async () => {
    await using daemon = await NumberingDaemon.open();
    const group = await daemon.join([A1, B]);
    const { events, words } = hear(group);
    await daemon.lose('gap', A2);
    await daemon.send(
      encodeGap({ group: 'g', reason: 'diverged', missed: 12, awayMs: 5 }),
      listFrame([A2, B], { afterGap: true, ownIndex: 0, id: [7, 100, 9] }),
      mark(20, 20),
      data('new'),
      RESUMED,
    );
    expect(words).to.deep.equal(['join a,b +a +b', 'gap diverged', 'join a,b +a +b', 'new']);
    expect(events[1]).to.deep.include({ missed: 12, since: [7, 100, 1] });
    expect(group.isMember).to.equal(true);
    expect(daemon.told).to.deep.equal(['reconnecting', `resumed ${A1} ${A2} 1`]);
    const session = await daemon.lose('whole', A2);
    expect(sent(session).hello.resume?.position).to.deep.include({ ...markOf(20, 20), events: 1 });
    expect(groupWords(((await daemon.says(1))[0] as Resume).groups)).to.deep.equal(['g had wanted']);
  });
});
