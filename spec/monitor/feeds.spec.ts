/** The feed of the console without HTTP: which lines come when, in virtual time. */
import { expect } from 'chai';
import type { EventLine, FeedLine, GroupsLine, RatesLine } from '../../daemon/monitor/console/core/lines.js';
import { type FeedSink, Feeds } from '../../daemon/monitor/feed/feeds.js';
import {
  KEPT_EVENTS,
  KEPT_RATES,
  MAX_EVENTS,
  MAX_FEEDS,
  MAX_FEED_BYTES,
} from '../../daemon/monitor/limits.js';
import type { DaemonStatus, StatusEvent } from '../../daemon/monitor/status.js';
import { Loop } from '../../daemon/testing/time/loop.js';
import { Process } from '../../daemon/testing/time/process.js';
import { fakeStatus, group, session } from './fake-status.js';

const SECOND = 1_000;

/** One who reads a feed. */
class Reader implements FeedSink {
  waiting = 0;
  isCut = false;
  text = '';

  write(text: string): void {
    this.text += text;
  }

  cut(): void {
    this.isCut = true;
  }

  /** The lines since the last call. */
  take(): FeedLine[] {
    const lines = this.text.split('\n').slice(0, -1);
    this.text = '';
    return lines.map((line) => JSON.parse(line) as FeedLine);
  }
}

const kinds = (lines: readonly FeedLine[]): string[] => lines.map(({ t }) => t);
const ofType = <T extends FeedLine['t']>(
  lines: readonly FeedLine[],
  t: T,
): Extract<FeedLine, { readonly t: T }>[] =>
  lines.filter((line): line is Extract<FeedLine, { readonly t: T }> => line.t === t);

class FeedWorld {
  readonly loop = new Loop();
  readonly clock = new Process(this.loop);
  readonly status: ReturnType<typeof fakeStatus>;
  readonly feeds: Feeds;
  tell: (event: StatusEvent) => void = () => undefined;
  isWatched = false;

  constructor(fields: Partial<DaemonStatus> = {}, known: readonly string[] = []) {
    const watch: DaemonStatus['watch'] = (listener) => {
      this.isWatched = true;
      this.tell = listener;
      return () => {
        this.isWatched = false;
      };
    };
    this.status = fakeStatus({ watch, ...fields });
    const links = [{ name: 'two', url: 'http://192.0.2.2:4804/console' }];
    this.feeds = new Feeds({ status: this.status, loopP99: () => 1.5, links, known, clock: this.clock });
  }

  async open(name: string | null = null): Promise<Reader & { close: () => void }> {
    const reader = Object.assign(new Reader(), { close: (): void => undefined });
    reader.close = await this.feeds.open(reader, name);
    return reader;
  }

  /** Lets that many seconds pass, with what is waited for in each. */
  async pass(seconds: number): Promise<void> {
    for (let count = 0; count < seconds; count++) {
      this.loop.runTo(this.loop.now + SECOND);
      await new Promise<void>((resolve) => setImmediate(resolve));
      this.loop.runTo(this.loop.now + 1);
    }
  }

  join(name: string, who = '#ann#one', members = 1): void {
    const view = {
      group: name,
      gid: '1.2.3',
      cause: 'join' as const,
      members,
      came: [who],
      gone: [],
      more: 0,
    };
    this.tell({ kind: 'view', ...view });
  }

  daemonView(daemons: readonly string[], sets = [daemons]): void {
    this.tell({ kind: 'daemon-view', id: daemons.join('+'), daemons, sets });
  }
}

describe('monitor: the feed', () => {
  it('begins with what the daemon is, its daemons, groups and sessions', async () => {
    const world = new FeedWorld();
    const reader = await world.open();
    const lines = reader.take();
    expect(kinds(lines)).to.deep.equal(['hello', 'daemons', 'groups', 'sessions']);
    const { started, name } = world.status;
    expect(lines[0]).to.deep.include({ t: 'hello', name, started, engine: 'solo', version: '0.1.0' });
    expect(lines[0]).to.deep.include({ links: [{ name: 'two', url: 'http://192.0.2.2:4804/console' }] });
    expect(lines[1]).to.deep.equal({
      t: 'daemons',
      view: 'v1',
      since: 1_700_000_000_000,
      here: ['one'],
      sets: [['one']],
      away: [],
    });
    const [groups] = ofType(lines, 'groups');
    expect(groups?.list.map(({ name: each, members }) => [each, members])).to.deep.equal([
      ['room', 2],
      ['lobby', 1],
    ]);
    const [sessions] = ofType(lines, 'sessions');
    expect([sessions?.total, sessions?.top.map(({ id }) => id)]).to.deep.equal([2, ['#s2#one', '#s1#one']]);
    expect(sessions?.top[0]).not.to.have.any.keys('name', 'membership');
  });

  it('tells rates and sessions each second', async () => {
    const world = new FeedWorld();
    const reader = await world.open();
    reader.take();
    Object.assign(world.status.counters, { messagesIn: 110, bytesOut: 5_000 });
    world.join('room');
    world.join('room');
    await world.pass(1);
    const lines = reader.take();
    expect(kinds(lines)).to.deep.equal(['event', 'event', 'rates', 'sessions']);
    expect(ofType(lines, 'rates')[0]).to.include({
      in: 100,
      out: 0,
      bytesOut: 3_000,
      views: 2,
      loopP99: 1.5,
    });
    await world.pass(1);
    expect(ofType(reader.take(), 'rates')[0]).to.include({ in: 0, views: 0, state: 'operational' });
    Object.assign(world.status, { daemons: [] });
    await world.pass(1);
    expect(ofType(reader.take(), 'rates')[0]).to.include({ state: 'no-view' });
  });

  it('tells events as they happen, with numbers that rise', async () => {
    const world = new FeedWorld();
    const reader = await world.open();
    reader.take();
    world.tell({ kind: 'session-ended', id: '#ann#one', from: 'unix', reason: 'closed', detail: '' });
    world.tell({ kind: 'refused', from: 'unix', reason: 'REJECT_AUTH' });
    world.loop.runTo(world.loop.now + 1);
    const events = reader.take() as EventLine[];
    expect(events.map(({ kind, n }) => [kind, n])).to.deep.equal([
      ['session-ended', 1],
      ['refused', 2],
    ]);
    expect(events[0]?.at).to.equal(world.clock.date() - 100);
  });

  it('tells of new options with the limits that are in force', async () => {
    const world = new FeedWorld();
    const reader = await world.open();
    reader.take();
    world.status.limits = { maxSessionMessages: 5, maxSessionBytes: 6, maxTotalBytes: 7 };
    world.tell({ kind: 'reload' });
    world.loop.runTo(world.loop.now + 1);
    const [event, hello] = reader.take();
    expect(event).to.include({ t: 'event', kind: 'reload' });
    expect(hello).to.deep.include({ t: 'hello', limits: world.status.limits });
  });

  it('counts damaged payloads as events of a second', async () => {
    const world = new FeedWorld();
    const reader = await world.open();
    Object.assign(world.status.core, { damaged: world.status.core.damaged + 4 });
    await world.pass(2);
    const events = ofType(reader.take(), 'event');
    expect(events).to.have.length(1);
    expect(events[0]).to.include({ t: 'event', n: 1, kind: 'damaged', count: 4 });
  });

  it('keeps the last events and rates for the next feed', async () => {
    const world = new FeedWorld();
    for (let count = 0; count < KEPT_EVENTS + 10; count++) {
      world.join('room');
      if (count % 100 === 99) await world.pass(1);
    }
    await world.pass(KEPT_RATES);
    const lines = (await world.open()).take();
    const events = ofType(lines, 'event');
    expect([events.length, events[0]?.n, events.at(-1)?.n]).to.deep.equal([
      KEPT_EVENTS,
      11,
      KEPT_EVENTS + 10,
    ]);
    expect(ofType(lines, 'rates')).to.have.length(KEPT_RATES);
    expect(lines.at(-1)?.t).to.equal('sessions');
  });

  it('tells a limited number of events a second, daemon views always, and how many more there were', async () => {
    const world = new FeedWorld();
    const reader = await world.open();
    reader.take();
    for (let count = 0; count < MAX_EVENTS + 50; count++) world.join('room');
    world.daemonView(['one', 'two']);
    await world.pass(1);
    const events = ofType(reader.take(), 'event');
    expect(events).to.have.length(MAX_EVENTS + 2);
    expect(events.at(-2)?.kind).to.equal('daemon-view');
    expect(events.at(-1)).to.include({ kind: 'skipped', count: 50 });
    await world.pass(1);
    const [rates] = ofType(reader.take(), 'rates');
    expect(rates?.views).to.equal(0);
    world.join('room');
    world.loop.runTo(world.loop.now + 1);
    expect(kinds(reader.take())).to.deep.equal(['event']);
  });

  it('counts views that are not told', async () => {
    const world = new FeedWorld();
    const reader = await world.open();
    reader.take();
    for (let count = 0; count < MAX_EVENTS + 50; count++) world.join('room');
    await world.pass(1);
    expect(ofType(reader.take(), 'rates')[0]?.views).to.equal(MAX_EVENTS + 50);
  });

  it('tells which daemons are away, and since when', async () => {
    const world = new FeedWorld({}, ['one', 'three']);
    const reader = await world.open();
    const [first] = ofType(reader.take(), 'daemons');
    expect(first?.away).to.deep.equal([{ name: 'three', since: null }]);
    world.daemonView(['one', 'two'], [['one'], ['two']]);
    world.loop.runTo(world.loop.now + 1);
    const merged = reader.take();
    expect(ofType(merged, 'daemons')[0]).to.deep.include({ here: ['one', 'two'], sets: [['one'], ['two']] });
    expect(ofType(merged, 'event')[0]).to.deep.include({ kind: 'daemon-view', before: ['one'] });
    const lostAt = world.clock.date();
    world.daemonView(['one']);
    world.loop.runTo(world.loop.now + 1);
    expect(ofType(reader.take(), 'daemons')[0]?.away).to.deep.equal([
      { name: 'three', since: null },
      { name: 'two', since: lostAt },
    ]);
    world.daemonView(['one', 'two', 'three']);
    world.loop.runTo(world.loop.now + 1);
    expect(ofType(reader.take(), 'daemons')[0]?.away).to.deep.equal([]);
  });

  it('tells groups that have changed, and those that are gone', async () => {
    const world = new FeedWorld();
    const reader = await world.open();
    reader.take();
    await world.pass(1);
    expect(ofType(reader.take(), 'groups')).to.deep.equal([]);
    const at = world.clock.date();
    world.join('room', '#bob#one', 3);
    world.status.groups = () => [group('room', 3), group('hall', 1)];
    await world.pass(1);
    const changed = ofType(reader.take(), 'groups').at(-1) as GroupsLine;
    expect(changed).to.deep.include({ total: 2, left: ['lobby'] });
    expect(changed.list.map(({ name, lastView }) => ({ name, lastView }))).to.deep.equal([
      { name: 'room', lastView: { cause: 'join', who: '#bob#one', at } },
      { name: 'hall', lastView: null },
    ]);
  });

  it('lists the two hundred largest groups', async () => {
    const groups = Array.from({ length: 300 }, (_, i) => group(`g${i}`, i + 1));
    const world = new FeedWorld({ groups: () => groups });
    const [line] = ofType((await world.open()).take(), 'groups');
    expect([line?.total, line?.list.length, line?.list[0]?.name]).to.deep.equal([300, 200, 'g299']);
  });

  it('looks at the groups the less often the longer it takes', async () => {
    let looks = 0;
    const world: FeedWorld = new FeedWorld({
      eachGroup: () => {
        looks++;
        // It takes 100 milliseconds.
        world.loop.runTo(world.loop.now + 100);
        return [group('room')];
      },
    });
    await world.open();
    await world.pass(10);
    expect(looks).to.be.within(2, 3);
  });

  it('tells the members of the group that is open, when they change', async () => {
    const members = ['#s1#one', '#s2#one'];
    const world = new FeedWorld({ members: (name) => (name === 'room' ? members : null) });
    const reader = await world.open('room');
    const other = await world.open('nothing');
    const first = { t: 'group', name: 'room', id: '1.2.3', members: ['#s1#one', '#s2#one'], total: 2 };
    expect(ofType(reader.take(), 'group')).to.deep.equal([first]);
    expect(ofType(other.take(), 'group')).to.deep.equal([
      { t: 'group', name: 'nothing', id: '', members: [], total: 0 },
    ]);
    await world.pass(1);
    expect(ofType(reader.take(), 'group')).to.deep.equal([]);
    members.push('#s3#one');
    world.join('room', '#s3#one', 3);
    await world.pass(1);
    expect(ofType(reader.take(), 'group')).to.deep.equal([{ ...first, members, total: 3 }]);
    expect(ofType(other.take(), 'group')).to.deep.equal([]);
  });

  it('lists the first two thousand members', async () => {
    const ids = Array.from({ length: 2_500 }, (_, i) => `#m${i}#one`);
    const world = new FeedWorld({ members: () => ids });
    const [line] = ofType((await world.open('room')).take(), 'group');
    expect([line?.members.length, line?.total]).to.deep.equal([2_000, 2_500]);
  });

  it('lists fifty sessions', async () => {
    const sessions = Array.from({ length: 80 }, (_, i) => session(i, { waitingBytes: i }));
    const world = new FeedWorld({ sessions: () => sessions, sessionCount: 80 });
    const [line] = ofType((await world.open()).take(), 'sessions');
    expect([line?.total, line?.top.length, line?.top[0]?.number]).to.deep.equal([80, 50, 79]);
  });

  it('lists nothing while nobody reads', async () => {
    let looks = 0;
    const world = new FeedWorld({
      heaviest: () => {
        looks++;
        return [];
      },
    });
    await world.pass(5);
    expect(looks).to.equal(0);
    const reader = await world.open();
    await world.pass(2);
    reader.close();
    await world.pass(5);
    expect(looks).to.equal(3);
  });

  it('has one reader too many after eight', async () => {
    const world = new FeedWorld();
    const readers = [];
    for (let count = 0; count < MAX_FEEDS; count++) {
      expect(world.feeds.isFull).to.equal(false);
      readers.push(await world.open());
    }
    expect(world.feeds.isFull).to.equal(true);
    readers[3]?.close();
    expect(world.feeds.isFull).to.equal(false);
  });

  it('cuts a reader that does not keep up, and nobody else', async () => {
    const world = new FeedWorld();
    const [slow, other] = [await world.open(), await world.open()];
    slow.waiting = MAX_FEED_BYTES;
    await world.pass(1);
    expect(slow.isCut).to.equal(false);
    slow.waiting++;
    slow.take();
    other.take();
    await world.pass(1);
    expect([slow.isCut, slow.text, other.isCut]).to.deep.equal([true, '', false]);
    expect(kinds(other.take())).to.include.members(['rates', 'sessions']);
    slow.waiting = 0;
    await world.pass(1);
    expect(slow.text).to.equal('');
  });

  it('ends with the monitor: feeds are cut, and the daemon is watched no more', async () => {
    const world = new FeedWorld();
    const reader = await world.open();
    expect(world.isWatched).to.equal(true);
    world.feeds.stop();
    expect([world.isWatched, reader.isCut]).to.deep.equal([false, true]);
    reader.take();
    await world.pass(2);
    expect(reader.text).to.equal('');
    expect((await world.open()).isCut).to.equal(true);
  });

  it('shows the same to all readers', async () => {
    const world = new FeedWorld();
    const [one, two] = [await world.open(), await world.open()];
    one.take();
    two.take();
    world.join('room');
    await world.pass(3);
    const [first, second] = [one.take(), two.take()];
    expect(first.length).to.be.above(5);
    expect(first).to.deep.equal(second);
    expect(ofType(first, 'rates').map(({ at }: RatesLine) => at)).to.deep.equal(
      ofType(first, 'rates')
        .map(({ at }) => at)
        .toSorted((a, b) => a - b),
    );
  });
});
