import { Buffer } from 'node:buffer';
import { expect } from 'chai';
import { MembersCore, type Presence } from '../../lib/recipes/core/members.js';
import { Random } from '../support/random.js';
import { live } from './adventure.js';
import { type Member, World } from './world.js';

const HOUR = 3_600_000;

class Presences {
  readonly cores = new Map<Member, MembersCore>();
  readonly lines = new Map<Member, string[]>();
  private instances = 0;

  readonly make = (member: Member): MembersCore => {
    const lines: string[] = [];
    this.lines.set(member, lines);
    const told = new Map<string, 'here' | 'away'>();
    const note = (what: string, who: Presence, from: unknown, to?: 'here' | 'away'): void => {
      if (told.get(who.name) !== from) lines.push(`FAULT: ${what} ${who.name} was ${told.get(who.name)}`);
      if (to) told.set(who.name, to);
      else told.delete(who.name);
      lines.push(`${what} ${who.name.split('#')[1]}`);
    };
    const core = new MembersCore(member.privateName, ++this.instances, Buffer.from(member.name), HOUR, {
      send: (body, service) => member.send(body, service),
      sendTo: (name, body) => member.sendTo(name, body),
      joined: (who) => note('joined', who, undefined, 'here'),
      updated: (who) => lines.push(`updated ${who.name.split('#')[1]} ${who.metadata.toString()}`),
      left: (who, how) => note(how, who, how === 'forgotten' ? 'away' : told.get(who.name)),
      unreachable: (who) => note('unreachable', who, 'here', 'away'),
      returned: (who) => note('returned', who, 'away', 'here'),
    });
    this.cores.set(member, core);
    return core;
  };

  told(member: Member): string[] {
    return this.lines.get(member)?.splice(0) ?? [];
  }

  core(member: Member): MembersCore {
    return this.cores.get(member) as MembersCore;
  }
}

function two(): [World, Presences, Member, Member] {
  const presences = new Presences();
  const world = new World(new Random(1));
  const a = world.start('a', presences.make);
  const b = world.start('b', presences.make);
  world.settle();
  return [world, presences, a, b];
}

describe('the core of members', () => {
  it('tells of everybody who is here, with metadata', () => {
    const [, presences, a, b] = two();
    for (const each of [a, b])
      expect(
        presences.core(each).reachable.map(({ name, metadata }) => [name, String(metadata)]),
      ).to.deep.equal([
        ['#a#d00', 'a'],
        ['#b#d01', 'b'],
      ]);
    expect(presences.told(a)).to.have.members(['joined a', 'joined b']);
  });

  it('tells a leave from a disconnect', () => {
    const [world, presences, a, b] = two();
    const c = world.start('c', presences.make);
    world.settle();
    presences.told(a);
    world.leave(b);
    world.crash(c);
    world.settle();
    expect(presences.told(a).toSorted()).to.deep.equal(['disconnected c', 'left b']);
  });

  it('tells who is out of reach and who returned', () => {
    const [world, presences, a, b] = two();
    presences.told(a);
    world.regroup([[a], [b]]);
    world.settle(1000);
    expect(presences.core(a).unreachable.map(({ name }) => name)).to.deep.equal(['#b#d01']);
    world.regroup([[a, b]]);
    world.settle(1000);
    expect(presences.told(a)).to.deep.equal(['unreachable b', 'returned b']);
    expect(presences.core(a).unreachable).to.deep.equal([]);
  });

  it('forgets who stays out of reach', () => {
    const [world, presences, a, b] = two();
    world.regroup([[a], [b]]);
    world.settle(HOUR + 1);
    expect(presences.told(a)).to.include('forgotten b');
    expect(presences.core(a).dueAt).to.equal(Infinity);
  });

  it('tells of metadata that changes, also while out of reach', () => {
    const [world, presences, a, b] = two();
    presences.core(b).announce(Buffer.from('other'));
    world.settle();
    world.regroup([[a], [b]]);
    world.settle(1000);
    presences.core(b).announce(Buffer.from('third'));
    world.regroup([[a, b]]);
    world.settle(1000);
    expect(presences.told(a).slice(2)).to.deep.equal([
      'updated b other',
      'unreachable b',
      'returned b',
      'updated b third',
    ]);
  });

  it('names members that say nothing', () => {
    const [world, presences, a] = two();
    world.start('mute', () => null);
    world.settle();
    expect(presences.core(a).silent).to.deep.equal(['#mute#d02']);
  });

  it('ignores damage and what strangers announce', () => {
    const [, presences, a] = two();
    presences.told(a);
    const core = presences.core(a);
    const random = new Random(3);
    for (let i = 0; i < 1000; i++) {
      const body = Buffer.from(Array.from({ length: 5 + random.below(9) }, () => random.below(256)));
      Buffer.from([0x53, 0xb7, 1, 2, 1]).copy(body);
      core.message('#stranger#d09', body);
      if (body.length < 8) core.message('#b#d01', body);
    }
    expect(presences.told(a)).to.deep.equal([]);
  });

  it('agrees with the view at the end of 1000 worlds, and tells a story without holes', () => {
    for (let seed = 1; seed <= 1000; seed++) {
      const presences = new Presences();
      const world = live(seed, { make: presences.make, most: 6, silent: true, steps: 150 });
      for (const member of world.members) {
        const faults = presences.told(member).filter((line) => line.startsWith('FAULT'));
        expect(faults, `seed ${seed} ${member.name}`).to.deep.equal([]);
        if (!member.isUp || !member.core || !member.isMember) continue;
        const core = presences.core(member);
        const speaking = world.members
          .filter((each) => each.core && each.isMember)
          .map((each) => each.privateName);
        expect(
          core.reachable.map(({ name }) => name),
          `seed ${seed}`,
        ).to.have.members(speaking);
        expect(
          core.reachable.every(({ name, metadata }) => name.startsWith(`#${metadata.toString()}#`)),
        ).to.equal(true);
      }
    }
  }).timeout(120_000);
});
