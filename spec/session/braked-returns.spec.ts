/** What a return costs others: it waits like a join until its views are affordable, and nothing of it is lost or reordered. */
import { Buffer } from 'node:buffer';
import { expect } from 'chai';
import { Admission } from '../../daemon/core/admission.js';
import type { LocalSession } from '../../daemon/core/group.js';
import { HEIR_LOOK } from '../../daemon/session/parking.js';
import { type Clock, systemClock } from '../../lib/util/clock.js';
import { encodeMessage, encodeRequest } from '../../lib/wire/request.js';
import { AGREED_MESS, JOIN_MESS, LEAVE_MESS } from '../../lib/wire/service.js';
import { Inbox } from '../core/core-world.js';
import { replace } from '../simulation/bugs/planted.js';
import { connectMembers, startDaemon } from '../support/local-daemon.js';
import type { RawSession } from '../support/raw-client.js';
import { ResumableClient } from '../support/resumable-client.js';
import { until } from '../support/wait.js';
import { SessionFixture } from './session-fixture.js';

const LIMITS = { maxSessionBytes: 64 * 1024 };
/** Milliseconds. */
const HOLD = 500;

/** As many clients as like come back in one turn to a group with a plain member that reads. @returns how sessions ended */
async function storm(clients: number): Promise<Readonly<Record<string, number>>> {
  await using daemon = await startDaemon({ limits: LIMITS });
  const [listener] = (await connectMembers(daemon, 'g', 'listener')) as [RawSession];
  const names = Array.from({ length: clients }, (_, i) => `c${i}`);
  const all = await Promise.all(names.map((name) => ResumableClient.connect(daemon.port, name)));
  for (const each of all) each.join('g');
  await until(() => listener.frames.length === clients + 1, 'the joins');
  for (const each of all) each.break();
  await until(() => listener.frames.length === 2 * clients + 1, 'the ends');
  await Promise.all(all.map((each) => each.return(daemon.port)));
  for (const each of all) each.resume(['g']);
  await Promise.all(all.map((each) => each.hears('resumed 1')));
  await until(() => listener.frames.length === 3 * clients + 1 || listener.client.closed, 'the returns');
  for (const each of [...all, listener]) each.close();
  return { ...daemon.counters.ends };
}

/** `ann`, who is in `g` with `bob`, at a daemon whose order can be held. */
class Rig implements AsyncDisposable {
  private constructor(
    readonly fixture: SessionFixture,
    readonly ann: ResumableClient,
    readonly bob: ResumableClient,
    private readonly filler: LocalSession,
  ) {}

  /** @param holdMs for which `ann` wants to be held */
  static async open(clock?: Clock, holdMs = 0): Promise<Rig> {
    const fixture = await SessionFixture.open({}, false, clock);
    const { core, port } = fixture;
    core.record.keep({ bytes: 1024 * 1024, age: 30_000 });
    fixture.install();
    const bob = await ResumableClient.connect(port, 'bob');
    bob.join('g');
    await bob.hears('list g: #bob#dmn1');
    const ann = await ResumableClient.connect(port, 'ann', { holdMs });
    ann.join('g');
    await ann.hears('list g: #ann#dmn1 #bob#dmn1');
    await bob.hears('g: join #ann#dmn1');
    for (const each of [ann, bob]) each.heard();
    const filler = core.open(core.roster.reserve('filler') as string, true, new Inbox());
    return new Rig(fixture, ann, bob, filler);
  }

  /** `ann` has lost her connection, and `bob` has seen it. */
  async loseAnn(): Promise<void> {
    this.ann.break();
    await this.bob.hears('g: disconnect #ann#dmn1');
    this.bob.heard();
  }

  /** A change is under way, and any other one has to wait. */
  fill(): void {
    const { core, order } = this.fixture;
    core.changeBytes = 1;
    order.held = true;
    const frame = encodeRequest(JOIN_MESS, this.filler.privateGroup, ['filled']);
    core.submit(this.filler, frame, 0, frame.length);
    core.flush();
  }

  async waits(count = 1): Promise<void> {
    await until(() => this.fixture.core.waiting === count, 'what waits');
  }

  /** What all have heard once everything is carried out. */
  async settle(): Promise<string[]> {
    const { core } = this.fixture;
    this.fixture.drain();
    await until(() => core.waiting === 0 && !core.isFull, 'the end of what waits');
    this.bob.multicast(AGREED_MESS, ['g'], 'settled');
    await this.bob.hears('#bob#dmn1 > g: settled');
    return this.bob.heard().slice(0, -1);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const each of [this.ann, this.bob]) each.close();
    await this.fixture[Symbol.asyncDispose]();
  }
}

describe('session: a return', () => {
  const CLIENTS = 120;

  it('of many clients in one turn drops no plain member that reads, and all are back', async () => {
    expect(await storm(CLIENTS)).to.deep.equal({ broken: CLIENTS });
  });

  it('that is not charged is seen by that', async () => {
    const remove = replace(Admission, 'beginReturn', () => () => undefined);
    try {
      expect(await storm(CLIENTS)).to.deep.include({ 'slow-bytes': 1 });
    } finally {
      remove();
    }
  });

  it('in as many tries as like, all at once, drops nobody who reads: the highest one gets the session', async () => {
    const TRIES = 60;
    await using daemon = await startDaemon({ limits: LIMITS });
    const names = Array.from({ length: 20 }, (_, i) => `m${i}`);
    const members = await connectMembers(daemon, 'g', ...names);
    const ann = await ResumableClient.connect(daemon.port, 'ann');
    ann.join('g');
    await ann.hears(
      `list g: #ann#dmn1 ${members
        .map((each) => each.privateGroup)
        .toSorted()
        .join(' ')}`,
    );
    ann.break();
    await until(() => daemon.sessions === members.length, 'the end of the session');
    const tries: RawSession[] = [];
    for (let i = 0; i < TRIES; i++) {
      await ann.return(daemon.port);
      tries.push(ann.session);
    }
    for (const [i, { client }] of tries.entries()) client.send(ann.resumeOf(['g'], i + 1));
    await ann.hears('resumed 1');
    await until(() => daemon.sessions === members.length + 1, 'the end of the lower tries');
    expect(daemon.counters.ends).to.deep.equal({ broken: 1, 'taken-over': TRIES - 1 });
    expect(members.filter(({ client }) => client.closed)).to.deep.equal([]);
    for (const session of members) session.close();
    ann.close();
  });

  it('that waits keeps the order of what its client sends behind it', async () => {
    await using rig = await Rig.open();
    const { ann, bob } = rig;
    await rig.loseAnn();
    await ann.return(rig.fixture.port);
    rig.fill();
    const { privateGroup } = ann;
    const say = (text: string): Buffer =>
      encodeMessage(AGREED_MESS, privateGroup, ['g'], 0, [Buffer.from(text)]);
    const requests = [
      say('one'),
      encodeRequest(JOIN_MESS, privateGroup, ['h']),
      say('two'),
      encodeRequest(LEAVE_MESS, privateGroup, ['g']),
      say('three'),
    ];
    ann.session.client.send(Buffer.concat([ann.resumeOf(['g'], 1), ...requests]));
    await rig.waits();
    expect(bob.heard()).to.deep.equal([]);
    rig.fixture.drain();
    await bob.hears('#ann#dmn1 > g: three');
    expect(bob.heard()).to.deep.equal([
      'g: join #ann#dmn1 was #ann#dmn1',
      '#ann#dmn1 > g: one',
      '#ann#dmn1 > g: two',
      'g: leave #ann#dmn1',
      '#ann#dmn1 > g: three',
    ]);
    await ann.hears('list h: #ann#dmn1', 'left g');
  });

  it('that waits ends with its connection, and leaves nothing behind', async () => {
    await using rig = await Rig.open();
    const { ann, fixture } = rig;
    await rig.loseAnn();
    await ann.return(fixture.port);
    rig.fill();
    ann.resume(['g']);
    await rig.waits();
    ann.break();
    await until(() => fixture.core.hasEnds, 'the end of the session');
    expect(await rig.settle()).to.deep.equal([]);
    await ann.return(fixture.port);
    ann.resume(['g']);
    await ann.hears('resumed 1');
    expect(await rig.settle()).to.deep.equal(['g: join #ann#dmn1 was #ann#dmn1']);
  });

  it('that waits ends with a higher try of its session, before anything of it is ordered', async () => {
    await using rig = await Rig.open();
    const { ann, fixture } = rig;
    await rig.loseAnn();
    await ann.return(fixture.port);
    const lower = ann.session;
    rig.fill();
    ann.resume(['g']);
    await rig.waits();
    await ann.return(fixture.port);
    ann.resume(['g']);
    await lower.client.end();
    const returned = `g: join ${ann.privateGroup} was #ann#dmn1`;
    expect(await rig.settle()).to.deep.equal([returned]);
    await ann.hears('resumed 1');
    expect(fixture.server.counters.ends['taken-over']).to.equal(1);
  });

  it('waits for the one of its session that is on its way', async () => {
    await using rig = await Rig.open();
    const { ann, bob, fixture } = rig;
    await rig.loseAnn();
    await ann.return(fixture.port);
    const first = ann.privateGroup;
    fixture.order.held = true;
    ann.resume(['g']);
    await until(() => fixture.order.waiting.length === 1, 'the first return');
    await ann.return(fixture.port);
    fixture.server.resume();
    ann.resume(['g']);
    await rig.waits();
    expect(fixture.order.waiting.length, 'the second one is not ordered').to.equal(1);
    fixture.drain();
    await ann.hears('resumed 1');
    const second = ann.privateGroup;
    const views = [`join ${first} was #ann#dmn1`, `disconnect ${first}`, `join ${second} was ${first}`];
    const told: string[] = [];
    await until(() => {
      // Records of one turn come together.
      for (const word of bob.heard()) told.push(...word.replace('g: ', '').split(', '));
      return told.length >= views.length;
    }, 'the views');
    expect(told).to.deep.equal(views);
  });

  describe('by a takeover', () => {
    it('that changes no group waits for nobody', async () => {
      await using rig = await Rig.open();
      const { ann, fixture } = rig;
      await ann.return(fixture.port);
      rig.fill();
      const { length } = fixture.order.waiting;
      ann.resume(['g']);
      await until(() => fixture.order.waiting.length === length + 1, 'the return');
      expect(await rig.settle()).to.deep.equal([]);
      await ann.hears('resumed 1');
    });

    it('keeps a session whose time is over while it waits', async () => {
      let looks = 0;
      const after: Clock['after'] = (milliseconds, act) => {
        if (milliseconds === HEIR_LOOK) looks++;
        return systemClock.after(milliseconds, act);
      };
      await using rig = await Rig.open(Object.assign(Object.create(systemClock) as Clock, { after }), HOLD);
      const { ann, fixture } = rig;
      ann.break();
      await until(() => fixture.server.attachments.parking.size === 1, 'the hold');
      await ann.return(fixture.port);
      expect(ann.welcome.verdict).to.equal('here');
      rig.fill();
      ann.resume(['g', 'h']);
      await rig.waits();
      await until(() => looks > 1, 'the end of its time');
      expect(await rig.settle()).to.deep.equal([]);
      await ann.hears('resumed 2', 'list h: #ann#dmn1');
    });

    it('that has not been said keeps no session whose time is over', async () => {
      await using rig = await Rig.open(systemClock, HOLD);
      const { ann, bob, fixture } = rig;
      ann.break();
      await until(() => fixture.server.attachments.parking.size === 1, 'the hold');
      await ann.return(fixture.port);
      await bob.hears('g: disconnect #ann#dmn1');
    });

    it('pays for its joins, and keeps the order of what its client sends behind it', async () => {
      await using rig = await Rig.open();
      const { ann, bob, fixture } = rig;
      const old = ann.session;
      await ann.return(fixture.port);
      expect(ann.welcome.verdict).to.equal('here');
      rig.fill();
      const { privateGroup } = ann;
      const requests = [
        encodeMessage(AGREED_MESS, privateGroup, ['g'], 0, [Buffer.from('one')]),
        encodeRequest(LEAVE_MESS, privateGroup, ['h']),
        encodeRequest(JOIN_MESS, privateGroup, ['i']),
        encodeMessage(AGREED_MESS, privateGroup, ['g'], 0, [Buffer.from('two')]),
      ];
      ann.session.client.send(Buffer.concat([ann.resumeOf(['g', 'h'], 1), ...requests]));
      await rig.waits();
      expect(old.client.closed, 'until then the old connection has it').to.equal(false);
      fixture.drain();
      await ann.hears('resumed 2', 'left h', 'list i: #ann#dmn1');
      await bob.hears('#ann#dmn1 > g: two');
      expect(bob.heard()).to.deep.equal(['#ann#dmn1 > g: one', '#ann#dmn1 > g: two']);
      await rig.waits(0);
    });

    it('that waits ends with its connection: the old one keeps the session', async () => {
      await using rig = await Rig.open();
      const { ann, bob, fixture } = rig;
      const old = ann.session;
      await ann.return(fixture.port);
      rig.fill();
      ann.resume(['g', 'h']);
      await rig.waits();
      ann.session.client.reset();
      await until(() => fixture.server.size === 2, 'the end of the connection');
      expect(await rig.settle()).to.deep.equal([]);
      old.multicast(AGREED_MESS, ['g'], 'here');
      await bob.hears('#ann#dmn1 > g: here');
    });
  });
});
