import { Buffer } from 'node:buffer';
import { expect } from 'chai';
import { BodyWriter } from '../../lib/recipes/core/codec.js';
import type { ElectionCore, Leadership } from '../../lib/recipes/core/election.js';
import type { Delivery } from '../../lib/primary/delivery.js';
import { MAX_TERM } from '../../lib/recipes/core/limits.js';
import type { RecipeCore } from '../../lib/recipes/core/port.js';
import type { GroupId } from '../../lib/wire/group-id.js';
import { Random } from '../support/random.js';
import { live, WORLDS } from './random-world.js';
import { Elections } from './elections.js';
import { type Member, RecipeWorld } from './recipe-world.js';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
/** When a world begins. */
const world0 = new RecipeWorld(new Random(1)).now;

/** Seeds of worlds that come to rest in a view in which the first or the oldest spoke too late, and another one leads. */
const SLOW_FIRST = 998;
const SLOW_ELDER = 1304;

const seedsWith = (stored: number): Set<number> =>
  new Set([stored, ...Array.from({ length: WORLDS }, (_, i) => i + 1)]);

function together(elections: Elections, count: number): [RecipeWorld, Member[]] {
  const world = new RecipeWorld(new Random(1));
  const members = Array.from({ length: count }, (_, index) => world.start(`m${index}`, elections.make));
  world.settle();
  return [world, members];
}

describe('the core of an election', () => {
  it('lets the first member of the view lead', () => {
    const elections = new Elections(1);
    const [, members] = together(elections, 3);
    const term = elections.at(members[0])?.term;
    expect(members.map((member) => elections.at(member))).to.deep.equal([
      { leader: '#m0#d00', term, isMe: true },
      { leader: '#m0#d00', term, isMe: false },
      { leader: '#m0#d00', term, isMe: false },
    ]);
  });

  it('gives the next leader a higher term', () => {
    const elections = new Elections(1);
    const [world, members] = together(elections, 2);
    const before = elections.at(members[1])?.term ?? NaN;
    world.crash(members[0] as Member);
    world.settle();
    expect(elections.at(members[1])?.leader).to.equal('#m1#d01');
    expect(elections.at(members[1])?.term).to.be.above(before);
  });

  it('elects nobody below the quorum', () => {
    const elections = new Elections(2);
    const [world, members] = together(elections, 3);
    world.regroup([members.slice(0, 1), members.slice(1)]);
    world.settle();
    expect(elections.at(members[0])).to.equal(null);
    expect(elections.at(members[2])?.leader).to.equal('#m1#d01');
  });

  it('elects in each component without a quorum', () => {
    const elections = new Elections(1);
    const [world, members] = together(elections, 3);
    world.regroup([members.slice(0, 1), members.slice(1)]);
    world.settle();
    expect(members.map((member) => elections.at(member)?.leader)).to.deep.equal([
      '#m0#d00',
      '#m1#d01',
      '#m1#d01',
    ]);
  });

  it('passes over a member that says nothing, and waits for it once only', () => {
    const elections = new Elections(1);
    const world = new RecipeWorld(new Random(1));
    world.start('mute', () => null);
    const member = world.start('m', elections.make);
    const begin = world.now;
    world.settle();
    expect(elections.at(member)?.leader).to.equal('#m#d01');
    expect(world.now).to.equal(begin + 1000);
    const other = world.start('n', elections.make);
    world.settle(0);
    expect(elections.at(other)?.leader).to.equal('#m#d01');
    expect(world.now).to.equal(begin + 1000);
  });

  it('lets a leader lapse at the transitional signal', () => {
    const elections = new Elections(1);
    const [, [member]] = together(elections, 1);
    elections.cores.get(member as Member)?.transition();
    expect(elections.at(member)).to.equal(null);
  });

  it('ignores what is no message of its own', () => {
    const elections = new Elections(1);
    const [, [member]] = together(elections, 1);
    const core = elections.cores.get(member as Member) as ElectionCore;
    const before = core.leadership;
    const random = new Random(7);
    for (let i = 0; i < 2000; i++) {
      const body = Buffer.from(Array.from({ length: random.below(40) }, () => random.below(256)));
      if (random.chance(0.8)) Buffer.from([0x53, 0xb7, 1, 1, 1 + random.below(2)]).copy(body);
      core.message('#x#y', body, 0);
    }
    expect(core.leadership).to.equal(before);
  });

  describe('whose members claim terms', () => {
    /** What one who runs no election claims in the view that it sees. */
    const claim = (liar: Member, floor: number, service: Delivery = 'safe'): void =>
      liar.send(
        new BodyWriter('election', 1)
          .groupId(liar.lastView?.id as GroupId)
          .number(floor)
          .texts([])
          .finish(),
        service,
      );

    /** Members with an election, then some without, which claim in each view as soon as they see it. */
    function withLiars(
      elections: Elections,
      honest: number,
      floors: readonly number[],
    ): [RecipeWorld, Member[]] {
      const world = new RecipeWorld(new Random(1));
      const members = Array.from({ length: honest }, (_, i) => world.start(`m${i}`, elections.make));
      for (const [i, floor] of floors.entries()) {
        const make = (member: Member): RecipeCore => ({
          needs: 'safe',
          dueAt: Infinity,
          view: () => claim(member, floor),
          transition: () => undefined,
          message: () => null,
          lost: () => undefined,
          rejoined: () => undefined,
          resumed: () => undefined,
          left: () => undefined,
          tick: () => undefined,
        });
        members.push(world.start(`liar${i}`, make));
      }
      world.settle();
      return [world, members];
    }

    it('does not count one that is more than a day above all others, and names its sender', () => {
      for (const honest of [1, 2, 4]) {
        const elections = new Elections(1);
        const [world, members] = withLiars(elections, honest, [world0 + 2 * DAY]);
        for (const member of members.slice(0, honest)) {
          expect(elections.at(member)?.leader).to.equal('#m0#d00');
          expect(elections.at(member)?.term).to.be.below(world.now + DAY);
        }
        const names = members.slice(0, honest).map(({ name }) => `${name}: #liar0#d0${honest}`);
        expect(new Set(elections.doubted)).to.deep.equal(new Set(names));
      }
    });

    it('counts one that is within a day', () => {
      const elections = new Elections(1);
      const [, [member]] = withLiars(elections, 2, [world0 + DAY - 1000]);
      expect(elections.at(member)?.term).to.equal(world0 + DAY - 1000);
      expect(elections.doubted).to.deep.equal([]);
    });

    it('does not count one that is far above towards a quorum', () => {
      const elections = new Elections(3);
      const [world, members] = withLiars(elections, 2, [MAX_TERM]);
      expect(elections.at(members[0])).to.equal(null);
      world.start('m9', elections.make);
      world.settle();
      expect(elections.at(members[0])?.leader).to.equal('#m0#d00');
      expect(elections.at(members[0])?.term).to.be.below(world.now + DAY);
    });

    it('does not count one that some may hear alone: it was not sent as a safe message', () => {
      const elections = new Elections(3);
      const world = new RecipeWorld(new Random(1));
      const [member] = ['m0', 'm1'].map((name) => world.start(name, elections.make));
      const liar = world.start('m2', () => null);
      world.settle();
      for (const service of ['agreed', 'safe'] as const) {
        claim(liar, world0, service);
        world.settle();
        expect(elections.at(member)?.leader, service).to.equal(service === 'safe' ? '#m0#d00' : undefined);
      }
    });

    it('counts whole what was granted: a member follows no later leader with a lower term', () => {
      const elections = new Elections(1);
      const world = new RecipeWorld(new Random(1));
      const ahead = world.start('m0', elections.make, undefined, 0, 3 * DAY);
      world.settle();
      const granted = elections.at(ahead)?.term ?? NaN;
      const other = world.start('m1', elections.make);
      world.settle();
      expect(elections.at(other)?.leader, 'above the lower one').to.equal('#m1#d01');
      expect(elections.at(ahead)).to.equal(null);
      world.crash(other);
      world.settle();
      expect(elections.at(ahead)?.term).to.be.above(granted);
    });

    it('leaves no group without a leader once they are at their end', () => {
      for (const quorum of [1, 2]) {
        const elections = new Elections(quorum);
        const [world, members] = withLiars(elections, 2, [MAX_TERM, MAX_TERM]);
        const [first, second, ...liars] = members as [Member, Member, ...Member[]];
        expect(elections.at(first)?.term, 'two members claim it').to.equal(MAX_TERM);
        for (const liar of liars) world.crash(liar);
        world.settle();
        expect(elections.at(second)?.leader).to.equal('#m0#d00');
        // And with one that knows nothing of that.
        const third = world.start('m3', elections.make);
        world.settle();
        world.crash(second);
        world.settle();
        expect(elections.at(first)?.leader).to.equal('#m0#d00');
        expect(elections.at(third)).to.deep.equal({ ...elections.at(first), isMe: false });
      }
    });

    it('raises the term once more when one that was not waited for knows of a higher one', () => {
      const elections = new Elections(1);
      const world = new RecipeWorld(new Random(1));
      const ahead = world.start('m0', elections.make, undefined, 0, 5 * HOUR);
      const other = world.start('m1', elections.make);
      world.regroup([[ahead], [other]]);
      world.settle();
      const granted = elections.at(ahead)?.term ?? NaN;
      ahead.isFrozen = true;
      world.regroup([[ahead, other]]);
      world.settle();
      expect(elections.at(other)).to.include({ leader: '#m1#d01' });
      expect(elections.at(other)?.term).to.be.below(granted);
      ahead.isFrozen = false;
      world.settle();
      expect(elections.at(other)?.term).to.be.above(granted);
      expect(elections.at(ahead)).to.deep.equal({ ...elections.at(other), isMe: false });
      expect(elections.faults(false)).to.deep.equal([]);
    });

    it('gives terms that rise whatever the clocks show, as long as one that knows the last one stays', () => {
      const elections = new Elections(1);
      const world = new RecipeWorld(new Random(3));
      const stays = world.start('stays', elections.make, undefined, 9);
      world.settle();
      let last = elections.at(stays)?.term ?? NaN;
      for (const hours of [1, -5, 11, -11, 0, 6, -6]) {
        // Before it in the view, so that it leads.
        const comes = world.start('comes', elections.make, stays, 1, hours * HOUR);
        world.settle();
        const { leader, term } = elections.at(comes) as Leadership;
        expect([leader, term > last], `${hours} hours`).to.deep.equal([comes.id, true]);
        expect(elections.at(stays)?.term).to.equal(term);
        world.crash(comes);
        world.settle();
        expect(elections.at(stays)?.term).to.be.above(term);
        last = elections.at(stays)?.term ?? NaN;
        // Its own clock is corrected.
        stays.ahead += hours > 0 ? -3 * HOUR : 4 * HOUR;
      }
      expect(elections.faults(false)).to.deep.equal([]);
    });
  });

  describe('that prefers the oldest', () => {
    it('keeps its leader when others come, and moves it once when it restarts', () => {
      const elections = new Elections(1, 'oldest');
      const world = new RecipeWorld(new Random(1));
      const start = (index: number): Member => world.start(`m${index}`, elections.make, undefined, index);
      const leader = (member: Member): string | undefined => {
        world.settle();
        return elections.at(member)?.leader;
      };
      const second = start(5);
      expect(leader(second)).to.equal('#m5#d05');
      const third = start(9);
      const first = start(1);
      expect([leader(first), leader(second), leader(third)]).to.deep.equal(Array(3).fill('#m5#d05'));
      world.crash(second);
      expect([leader(first), leader(third)]).to.deep.equal(Array(2).fill('#m9#d09'));
      const again = start(5);
      expect([leader(first), leader(again)]).to.deep.equal(Array(2).fill('#m9#d09'));
      world.crash(third);
      expect([leader(first), leader(again)]).to.deep.equal(Array(2).fill('#m1#d01'));
    });

    it('knows the oldest again where the network heals', () => {
      const elections = new Elections(1, 'oldest');
      const world = new RecipeWorld(new Random(1));
      const members = [3, 1, 2].map((index) => {
        const member = world.start(`m${index}`, elections.make, undefined, index);
        world.settle();
        return member;
      });
      world.regroup([members.slice(0, 1), members.slice(1)]);
      world.settle();
      expect(members.map((member) => elections.at(member)?.leader)).to.deep.equal([
        '#m3#d03',
        '#m1#d01',
        '#m1#d01',
      ]);
      world.regroup([members]);
      world.settle();
      expect(members.map((member) => elections.at(member)?.leader)).to.deep.equal(Array(3).fill('#m3#d03'));
    });

    it('knows it again where one has joined or left meanwhile', () => {
      for (const leaves of [false, true]) {
        const elections = new Elections(1, 'oldest');
        const world = new RecipeWorld(new Random(1));
        const members = [4, 1, 2, 3].map((index) => {
          const member = world.start(`m${index}`, elections.make, undefined, index);
          world.settle();
          return member;
        });
        const [oldest, second] = members as [Member, Member];
        world.regroup([[oldest], members.slice(1)]);
        world.settle();
        if (leaves) world.crash(members[3] as Member);
        else world.start('m9', elections.make, second, 9);
        world.settle();
        expect(elections.at(second)?.leader).to.equal(second.id);
        world.regroup([[...world.members]]);
        world.settle();
        expect([elections.at(second)?.leader, elections.at(oldest)?.leader]).to.deep.equal([
          oldest.id,
          oldest.id,
        ]);
      }
    });

    it('takes the first where one of them does not prefer it', () => {
      const elections = new Elections(1, 'oldest');
      const others = new Elections(1);
      const world = new RecipeWorld(new Random(1));
      const old = world.start('m5', elections.make, undefined, 5);
      world.settle();
      const other = world.start('m1', others.make, undefined, 1);
      world.settle();
      expect([elections.at(old)?.leader, others.at(other)?.leader]).to.deep.equal(['#m1#d01', '#m1#d01']);
    });

    it(`moves its leader no more than it has to, after each of ${WORLDS} lives`, () => {
      let moves = 0;
      let late = 0;
      for (const seed of seedsWith(SLOW_ELDER)) {
        const elections = new Elections(1, 'oldest');
        const world = live(seed, { make: elections.make, most: 6, silent: true, steps: 250 });
        if (seed === SLOW_ELDER) late = elections.latecomers.length;
        expect(elections.faults(false), `seed ${seed}`).to.deep.equal([]);
        const leader = (): Member | undefined => {
          world.settle();
          const leaders = new Set(elections.leaders());
          return world.members.find((member) => member.isUp && leaders.has(member));
        };
        // All have left.
        if (!leader()) continue;
        // In the last view the oldest may have been too slow, and leads in the next one: in this one all speak in time.
        world.start('guest', elections.make);
        const first = leader() as Member;
        moves++;
        world.start('newcomer', elections.make);
        expect(leader()?.id, `seed ${seed}`).to.equal(first.id);
        world.crash(first);
        const next = leader();
        world.start(first.name, elections.make, undefined, first.index);
        expect(leader()?.id, `seed ${seed}`).to.equal(next?.id);
        expect(elections.faults(false), `seed ${seed}`).to.deep.equal([]);
      }
      expect(moves).to.be.above(WORLDS / 2);
      expect(late).to.be.above(0);
    }).timeout(120_000);

    it(`keeps its promises in ${WORLDS} worlds with a majority`, () => {
      for (let seed = 1; seed <= WORLDS; seed++) {
        const elections = new Elections(3, 'oldest');
        const world = live(seed, { make: elections.make, most: 5, closed: true, steps: 250 });
        expect(elections.faults(true), `seed ${seed}`).to.deep.equal([]);
        const leaders = new Set(world.members.map((member) => elections.at(member)?.leader));
        expect(leaders.size, `seed ${seed}`).to.equal(1);
      }
    }).timeout(120_000);
  });

  it(`keeps its promises in ${WORLDS} worlds with a majority`, () => {
    for (const seed of seedsWith(SLOW_FIRST)) {
      const elections = new Elections(3);
      const world = live(seed, { make: elections.make, most: 5, closed: true, steps: 250 });
      const { members } = world;
      const leaders = (): string[] => [
        ...new Set(members.map((member) => elections.at(member)?.leader ?? 'nobody')),
      ];
      expect(leaders(), `seed ${seed}`).to.have.length(1);
      // The first may have been too slow in the last view. Then it does not lead; in this one all speak in time.
      if (seed === SLOW_FIRST) expect(leaders()).to.deep.equal(['#m1#d01']);
      world.regroup([members.slice(0, 1), members.slice(1)]);
      world.settle();
      world.regroup([members]);
      world.settle();
      expect(leaders(), `seed ${seed}`).to.deep.equal(['#m0#d00']);
      expect(elections.faults(true), `seed ${seed}`).to.deep.equal([]);
    }
  }).timeout(120_000);

  it(`keeps its promises in ${WORLDS} worlds where members come, go, crash and are silent`, () => {
    for (let seed = 1; seed <= WORLDS; seed++) {
      const elections = new Elections(1);
      live(seed, { make: elections.make, most: 6, silent: true, steps: 250 });
      expect(elections.faults(false), `seed ${seed}`).to.deep.equal([]);
    }
  }).timeout(120_000);
});
