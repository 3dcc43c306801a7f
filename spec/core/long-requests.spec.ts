/** One request may change thousands of groups: it is carried out in slices, and nobody sees that but by the clock. */
import { Buffer } from 'node:buffer';
import { expect } from 'chai';
import { encodeHead } from '../../daemon/core/report.js';
import type { Slices } from '../../daemon/core/work.js';
import { encodeReturn } from '../../lib/wire/extension/daemon-frames.js';
import { encodeMessage, encodeRequest } from '../../lib/wire/request.js';
import { AGREED_MESS, JOIN_MESS, KILL_MESS } from '../../lib/wire/service.js';
import { CoreWorld } from './core-world.js';
import { quietTurns } from './daemons.js';
import { Resumable } from './resumable.js';

const GROUPS = 500;
const UNITS = 40;
const groups = Array.from({ length: GROUPS }, (_, i) => `g${String(i).padStart(4, '0')}`);

/** Slices of some units each; the next one when the spec says so. */
class ManualSlices implements Slices {
  isAsked = false;

  size(): number {
    return UNITS;
  }

  later(): void {
    this.isAsked = true;
  }
}

describe('core: requests that change many groups', () => {
  /** `ann` is in all groups, `bob` with whole views and `cat` with records in some of them. */
  function world(slices?: ManualSlices) {
    const made = new CoreWorld('d', ['d'], slices);
    const { core } = made;
    const ann = new Resumable(core, 'ann', 7n);
    const [bob, cat] = [made.open('bob'), made.openCompact('cat')];
    const all: [string, readonly string[]][] = [
      [ann.name, groups],
      [bob.name, groups.filter((_, i) => i % 5 === 0)],
      [cat.name, groups.filter((_, i) => i % 3 === 0)],
    ];
    for (const [name, wanted] of all)
      for (const group of wanted) core.deliver(encodeRequest(JOIN_MESS, name, [group]));
    finish(made, slices);
    for (const { inbox } of [bob, cat]) inbox.frames.length = 0;
    return { made, core, ann, bob, cat };
  }

  function finish(
    { core }: CoreWorld,
    slices: ManualSlices | undefined,
    between: () => void = () => undefined,
  ): number {
    let steps = 0;
    const step = (): boolean => {
      if (slices?.isAsked !== true) return false;
      slices.isAsked = false;
      core.step();
      return true;
    };
    for (; step(); steps++) {
      between();
      core.endTurn();
    }
    core.endTurn();
    return steps;
  }

  const kill = (name: string): Buffer => encodeRequest(KILL_MESS, name, [name]);
  const say = (name: string, text: string): Buffer =>
    encodeMessage(AGREED_MESS, name, ['g0000'], 0, [Buffer.from(text)]);
  const back = (name: string): Buffer =>
    encodeReturn({ name, sid: 7n, attempt: 1, last: 0, oldName: '#ann#d', groups });

  it('the end of a session comes in slices, each of which does a bounded part of it', () => {
    const slices = new ManualSlices();
    const { made, core, ann } = world(slices);
    let before = core.memberships;
    let most = 0;
    const look = (): void => {
      most = Math.max(most, before - core.memberships);
      before = core.memberships;
    };
    core.deliver(kill(ann.name));
    look();
    const steps = finish(made, slices, look);
    expect(most).to.be.within(1, UNITS);
    expect(steps).to.be.above(GROUPS / UNITS);
    expect([core.roster.find(ann.session.field, 0), ann.inbox.closed]).to.deep.equal([undefined, 1]);
  });

  it('a return comes in slices, and the session is back at the end of them', () => {
    const slices = new ManualSlices();
    const { made, core, ann } = world(slices);
    const next = new Resumable(core, 'ann2', 7n, 1);
    core.deliver(kill(ann.name));
    finish(made, slices);
    core.deliver(back(next.name));
    const events: string[][] = [];
    const steps = finish(made, slices, () => events.push([...next.events]));
    expect(steps).to.be.above(GROUPS / UNITS);
    expect([events.at(-2), events.at(-1)]).to.deep.equal([[], ['returned']]);
    expect(next.session.member?.groups.size).to.equal(GROUPS);
  });

  for (const [what, request] of [
    ['an end', kill('#ann#d')],
    ['a return', back('#ann2#d')],
  ] as const) {
    it(`what stands behind ${what} waits for it, and everybody gets the same frames in the same order`, () => {
      const run = (slices?: ManualSlices): string[][] => {
        const { made, core, bob, cat } = world(slices);
        const { session } = new Resumable(core, 'ann2', 7n, 1);
        expect(session.privateGroup).to.equal('#ann2#d');
        core.deliver(Buffer.concat([say(bob.name, 'before'), request, say(bob.name, 'behind')]));
        core.deliver(encodeRequest(JOIN_MESS, cat.name, ['h']));
        core.deliver(say(cat.name, 'next'));
        core.list(cat.session, Buffer.from('g0000'.padEnd(32, '\0')));
        core.deliver(kill(bob.name));
        finish(made, slices);
        return [bob, cat].map(({ told }) => told);
      };
      const [bob = [], cat = []] = run(new ManualSlices());
      expect([bob, cat]).to.deep.equal(run());
      expect([bob.length, cat.length].every((length) => length > 100)).to.equal(true);
    });
  }

  it('what a payload has behind a return is acknowledged when it is delivered, and not before', () => {
    const slices = new ManualSlices();
    const { made, core, ann } = world(slices);
    core.deliver(kill(ann.name));
    finish(made, slices);
    const next = new Resumable(core, 'ann2', 7n, 1).comeBack('#ann#d', ...groups).from(1);
    next.send('one', ['g0000']).send('two', ['g0000']);
    core.flush();
    const [payload, ...more] = made.order.take();
    expect(more).to.deep.equal([]);
    core.stable(1);
    core.deliver(payload?.payload ?? Buffer.alloc(0), 1, 'd');
    const { acknowledgements, records } = core.resumption;
    const record = records.of(7n);
    const seen = new Set<string>();
    const look = (): void => {
      core.endTurn();
      const delivered = next.told.filter((each) => each.includes('one') || each.includes('two'));
      const known = record && acknowledgements.stableOf(record);
      seen.add(`${delivered.length} delivered, ${next.session.resume?.stable} and ${known} stable`);
    };
    look();
    finish(made, slices, look);
    expect([...seen]).to.deep.equal(['0 delivered, 0 and 0 stable', '2 delivered, 2 and 2 stable']);
  });

  it('what all daemons had before it was delivered asks for the turn in which it is acknowledged', () => {
    const { core, order } = new CoreWorld();
    const ann = new Resumable(core, 'ann', 7n).send('one', ['nobody']);
    core.flush();
    const [payload] = order.take();
    quietTurns(core);
    let turns = 0;
    core.onRecords = () => turns++;
    core.stable(1);
    expect([turns, ann.acks]).to.deep.equal([0, []]);
    core.deliver(payload?.payload ?? Buffer.alloc(0), 1, 'd');
    expect(turns).to.equal(1);
    core.endTurn();
    quietTurns(core);
    expect(ann.acks).to.deep.equal([1]);
  });

  it('nobody reads what is noted for those who come back before all groups have given their signals', () => {
    const slices = new ManualSlices();
    const made = new CoreWorld('d', ['d', 'e'], slices);
    const { core } = made;
    core.record.keep({ bytes: 1 << 20, age: 1000 });
    core.install({ tag: 2n, daemons: ['d', 'e'], set: ['d', 'e'], time: 1001 });
    const nothing = { past: 0n, times: [], groups: 0, features: 0, requests: [] };
    for (const { payload } of made.order.take()) core.exchange(payload, 'd');
    core.exchange(encodeHead(2n, { ...nothing, id: 8, time: 1001 }), 'e');
    const bob = made.open('bob');
    for (const name of ['#eve#e', bob.name])
      for (const group of groups) core.deliver(encodeRequest(JOIN_MESS, name, [group]));
    finish(made, slices);
    const { ring } = core.record;
    expect(ring?.isQuiet).to.equal(true);
    const seen: (boolean | undefined)[] = [];
    core.transitional(['d']);
    finish(made, slices, () => seen.push(ring?.isQuiet));
    expect(seen.length).to.be.above(GROUPS / UNITS);
    expect([new Set(seen.slice(0, -1)), seen.at(-1)]).to.deep.equal([new Set([false]), true]);
  });

  it('the batch of the payload does not end before, nor is what it costs free', () => {
    const slices = new ManualSlices();
    const { made, core, ann } = world(slices);
    core.changeBytes = 1;
    core.disconnect(ann.session, false);
    core.flush();
    const [end] = made.order.take();
    expect(core.isFull).to.equal(true);
    core.deliver(end?.payload ?? Buffer.alloc(0));
    const seen = new Set<string>();
    const look = (): void => void seen.add(`${core.isFull} ${core.record.endBatch()}`);
    look();
    finish(made, slices, look);
    expect([...seen]).to.deep.equal(['true false', 'false true']);
  });
});
