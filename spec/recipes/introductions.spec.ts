/** Who announces itself to the group where members of a presence meet, and who answers one of them alone. */
import { Buffer } from 'node:buffer';
import { expect } from 'chai';
import { ANNOUNCEMENT, readAnnouncement, writeAnnouncement } from '../../lib/recipes/core/announcement.js';
import type { RecipeCore } from '../../lib/recipes/core/port.js';
import { type MembersSink, PresenceCore } from '../../lib/recipes/core/presence.js';
import { INTRODUCTION } from '../../lib/recipes/core/private-kinds.js';
import { Random } from '../support/random.js';
import { earlierAnnouncement } from './earlier-presence.js';
import { Presences } from './presences.js';
import { RecipeWorld } from './recipe-world.js';
import { A, B, C, view } from './step-view.js';

const [D, E] = ['#d#d4', '#e#d5'] as const;

/** What one member has said, as `to text`, where * is the group. */
class Speaker {
  readonly said: string[] = [];
  readonly core: PresenceCore;
  constructor(self: string = A) {
    const note = (to: string, body: Buffer): void => {
      const said = readAnnouncement(body);
      expect([said?.kind, said?.takesPrivate]).to.deep.equal([
        to === '*' ? ANNOUNCEMENT : INTRODUCTION,
        true,
      ]);
      this.said.push(`${to} ${said?.metadata.toString()}`);
    };
    const sink: MembersSink = {
      send: (body) => note('*', body),
      sendTo: note,
      subjectOf: () => null,
      joined: () => undefined,
      updated: () => undefined,
      left: () => undefined,
      unreachable: () => undefined,
      returned: () => undefined,
    };
    this.core = new PresenceCore(self, 100, Buffer.from('me'), 100, sink);
  }

  /** What it has said since. */
  take(): string[] {
    return this.said.splice(0);
  }

  /** Its own announcement has come back. */
  heardItself(self: string = A): this {
    this.hears(self, 'me', { instance: 100 });
    return this;
  }

  /** @param more what is not as usual: an announcement of this version */
  hears(sender: string, metadata = sender, { kind = ANNOUNCEMENT, instance = 5 } = {}): string | null {
    const body = {
      instance,
      since: 0,
      metadata: Buffer.from(metadata),
      comesBack: false,
      key: null,
    };
    return this.core.message(sender, writeAnnouncement(kind, body));
  }

  /** The same to this member alone. */
  hearsAlone(sender: string, metadata = sender): string | null {
    return this.hears(sender, metadata, { kind: INTRODUCTION });
  }

  get here(): string[] {
    return this.core.reachable.map(({ id, metadata }) => `${id} ${metadata.toString()}`);
  }
}

/** A member of three that know each other. */
function settled(): Speaker {
  const it = new Speaker();
  it.core.view(view([A, B, C], { along: [A] }), 0);
  it.heardItself();
  it.hears(B);
  it.hears(C);
  it.take();
  return it;
}

describe('introductions of presence', () => {
  describe('by those who are more', () => {
    it('go to one that has come, when it has announced itself, once', () => {
      const it = settled();
      it.core.view(view([A, B, C, D], { along: [A, B, C] }), 1);
      expect(it.take()).to.deep.equal([]);
      it.hears(D);
      it.hears(D);
      it.hears(B);
      expect(it.take()).to.deep.equal([`${D} me`]);
    });

    it('are none for one that never announces itself, or has gone before', () => {
      const it = settled();
      for (let i = 0; i < 10; i++) {
        it.core.view(view([A, B, C, D], { along: [A, B, C] }), 1);
        it.core.view(view([A, B, C], { cause: 'leave' }), 2);
      }
      it.core.view(view([A, B, C, E], { along: [A, B, C] }), 3);
      it.hears(D);
      expect(it.take()).to.deep.equal([]);
    });

    it('go to the group for those of an earlier version, one for all of them', () => {
      const it = settled();
      it.core.view(view([A, B, C, D], { along: [A, B, C] }), 1);
      it.core.view(view([A, B, C, D, E], { along: [A, B, C, D] }), 1);
      it.core.message(D, earlierAnnouncement(5, Buffer.from('d')));
      it.core.message(E, earlierAnnouncement(5, Buffer.from('e')));
      expect(it.take()).to.deep.equal(['* me']);
    });

    it('are left out for those who hear of it with what is announced anyhow', () => {
      const it = settled();
      it.core.announce(Buffer.from('new'));
      it.core.view(view([A, B, C, D], { along: [A, B, C] }), 1);
      it.hears(D);
      it.heardItself();
      it.core.view(view([A, B, C, D, E], { along: [A, B, C, D] }), 1);
      it.core.announce(Buffer.from('newer'));
      it.hears(E);
      expect(it.take()).to.deep.equal(['* new', '* newer']);
    });

    it('go to the group once the daemon has refused one, until this member comes again', () => {
      const it = settled();
      it.core.view(view([A, B, C, D, E], { along: [A, B, C] }), 1);
      it.hears(D);
      it.core.refused();
      it.core.refused();
      expect(it.take()).to.deep.equal([`${D} me`, '* me']);
      it.heardItself();
      const members = [A, B, C, D, E, '#f#d6', '#g#d7'];
      it.core.view(view(members, { along: members.slice(0, 5) }), 2);
      it.hears('#f#d6');
      it.hears('#g#d7');
      expect(it.take()).to.deep.equal(['* me']);
      it.core.rejoined(A);
      it.core.view(view([A, B, C], { along: [A] }), 3);
      it.heardItself();
      it.core.view(view([A, B, C, D], { along: [A, B, C] }), 4);
      it.hears(D);
      expect(it.take()).to.deep.equal(['* me', `${D} me`]);
    });
  });

  describe('by those who are not more', () => {
    it('go to the group, one for all views until it is back', () => {
      const it = new Speaker();
      it.core.view(view([A, B, C], { along: [A] }), 0);
      it.core.view(view([A, B, C, D], { along: [A] }), 0);
      it.core.view(view([A, B, C, D, E], { along: [A, B, C, D] }), 0);
      expect(it.take()).to.deep.equal(['* me']);
      it.heardItself();
      it.core.view(view([A, B, C, D], { along: [A, B] }), 1);
      expect(it.take()).to.deep.equal(['* me']);
    });

    it('are answered by those who came apart from it', () => {
      const it = new Speaker();
      it.core.view(view([A, B, C], { along: [A] }), 0);
      expect([it.hearsAlone(B), it.hearsAlone(D)]).to.deep.equal([null, 'stranger']);
      expect(it.here).to.deep.equal([`${B} ${B}`]);
      it.core.view(view([A, C], { cause: 'leave' }), 1);
      it.core.view(view([A, B, C], { along: [A, C] }), 2);
      expect([it.hearsAlone(B), it.here]).to.deep.equal([null, []]);
      it.hears(B);
      expect([it.hearsAlone(B), it.hearsAlone(C)]).to.deep.equal(['unowed', null]);
    });

    it('may be answered twice, where one of them was to the member that this one was before', () => {
      const it = new Speaker();
      it.core.view(view([A, B, C], { along: [A] }), 0);
      it.core.rejoined(A);
      it.core.view(view([A, B, C], { along: [A] }), 1);
      it.hearsAlone(B, 'old');
      it.hearsAlone(B, 'new');
      expect(it.here).to.deep.equal([`${B} new`]);
    });

    it('are not answered by what a member tells this one alone, once it has told the group', () => {
      const it = new Speaker();
      it.core.view(view([A, B, C], { along: [A] }), 0);
      it.hears(B, 'to all');
      expect(it.hearsAlone(B, 'to one')).to.equal('unowed');
      expect(it.here).to.deep.equal([`${B} to all`]);
    });
  });

  it('are not taken from one that was not asked', () => {
    const it = settled();
    it.core.view(view([A, B, C, D], { along: [A, B, C] }), 1);
    expect([it.hearsAlone(B, 'to one'), it.hearsAlone(D)]).to.deep.equal(['unowed', null]);
    expect(it.core.silent).to.deep.equal([D]);
    expect(it.here.slice(1)).to.deep.equal([`${B} ${B}`, `${C} ${C}`]);
  });

  describe('in a group', () => {
    /** Messages that all members of a group get while something happens. */
    function deliveries(count: number, act: (world: RecipeWorld, make: Presences['make']) => void): number {
      let messages = 0;
      const presences = new Presences();
      const counted: Presences['make'] = (member) => {
        const core: RecipeCore = presences.make(member);
        const take = core.message.bind(core);
        core.message = (...given) => {
          messages++;
          return take(...given);
        };
        return core as PresenceCore;
      };
      const world = new RecipeWorld(new Random(1));
      for (let i = 0; i < count; i++) {
        world.start(`m${i}`, counted);
        world.settle();
      }
      messages = 0;
      act(world, counted);
      expect(presences.faults(world.members.filter(({ isMember, core }) => isMember && core))).to.deep.equal(
        [],
      );
      return messages;
    }

    const join = (world: RecipeWorld, make: Presences['make']): void => {
      world.start('new', make);
      world.settle();
    };

    it('cost one that comes two messages for each member', () => {
      expect([10, 20, 40].map((count) => deliveries(count, join))).to.deep.equal([21, 41, 81]);
    });

    it('cost nothing for one that takes no part, however often it comes', () => {
      const churn = (world: RecipeWorld): void => {
        for (let i = 0; i < 20; i++) {
          const stranger = world.start(`s${i}`, () => null);
          world.settle();
          world.leave(stranger);
          world.settle();
        }
      };
      expect(deliveries(20, churn)).to.equal(0);
    });

    it('cost two halves that meet an announcement of each', () => {
      const part = (world: RecipeWorld): void => {
        const [first, second] = [world.members.slice(0, 5), world.members.slice(5)];
        world.regroup([first, second]);
        world.settle(1000);
        world.regroup([[...first, ...second]]);
        world.settle(1000);
      };
      expect(deliveries(10, part)).to.equal(100);
    });
  });
});
