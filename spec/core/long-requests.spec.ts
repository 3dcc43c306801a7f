/** One request may change thousands of groups: it is carried out in slices, and nobody sees that but by the clock. */
import { Buffer } from 'node:buffer';
import { expect } from 'chai';
import type { Slices } from '../../daemon/core/work.js';
import { encodeReturn } from '../../lib/wire/extension/daemon-frames.js';
import { encodeMessage, encodeRequest } from '../../lib/wire/request.js';
import { AGREED_MESS, JOIN_MESS, KILL_MESS } from '../../lib/wire/service.js';
import { CoreWorld } from './core-world.js';
import { Resumable } from './resumable.js';

const GROUPS = 500;
const UNITS = 40;
const groups = Array.from({ length: GROUPS }, (_, i) => `g${String(i).padStart(4, '0')}`);

/** Slices of some units each; the next one when the spec says so. */
class ManualSlices implements Slices {
  asked = 0;

  size(): number {
    return UNITS;
  }

  later(): void {
    this.asked++;
  }
}

describe('core: requests that change many groups', () => {
  /** `ann` is in all groups, `bob` with whole views and `cat` with records in some of them. */
  function world(slices?: Slices) {
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
    slices: Slices | undefined,
    between: () => void = () => undefined,
  ): number {
    let steps = 0;
    while (slices instanceof ManualSlices && slices.asked > 0) {
      slices.asked--;
      core.step();
      steps++;
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
        new Resumable(core, 'ann2', 7n, 1);
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
