import { expect } from 'chai';
import { LocalSession } from '../../daemon/core/group.js';
import { Roster } from '../../daemon/core/roster.js';
import { REJECT_NOT_UNIQUE } from '../../lib/wire/codes.js';
import { nameField, parsePrivateGroup } from '../../lib/wire/name.js';
import { Inbox } from './core-world.js';
import { FIXED_KEY } from '../support/fixed-key.js';

describe('core: roster', () => {
  it('makes the private group of the name and the daemon', () => {
    expect(new Roster('dmn1', FIXED_KEY).reserve('alice')).to.equal('#alice#dmn1');
  });

  it('refuses a name that is reserved, before there is a session', () => {
    const roster = new Roster('d', FIXED_KEY);
    roster.reserve('alice');
    expect(roster.reserve('alice')).to.equal(REJECT_NOT_UNIQUE);
  });

  it('gives a released name again', () => {
    const roster = new Roster('d', FIXED_KEY);
    roster.release(String(roster.reserve('alice')));
    expect(roster.reserve('alice')).to.equal('#alice#d');
  });

  it('gives the name of a removed session again', () => {
    const roster = new Roster('d', FIXED_KEY);
    const session = new LocalSession(String(roster.reserve('alice')), true, new Inbox());
    roster.add(session);
    roster.remove(session);
    expect([roster.reserve('alice'), roster.size]).to.deep.equal(['#alice#d', 0]);
  });

  it('knows the names of sessions that are ending', () => {
    const roster = new Roster('d', FIXED_KEY);
    roster.reserve('bob');
    const session = new LocalSession(String(roster.reserve('alice')), true, new Inbox());
    roster.add(session);
    expect(roster.isEnding('alice')).to.equal(false);
    session.leaving = true;
    const known = ['alice', 'bob', 'carol'].map((name) => roster.isEnding(name));
    expect(known).to.deep.equal([true, false, false]);
    roster.remove(session);
    expect(roster.isEnding('alice')).to.equal(false);
  });

  it('tells names apart by case', () => {
    const roster = new Roster('d', FIXED_KEY);
    expect([roster.reserve('a'), roster.reserve('A')]).to.deep.equal(['#a#d', '#A#d']);
  });

  it('makes up names that are legal, unused, and different each time', () => {
    const roster = new Roster('d', FIXED_KEY);
    for (const taken of ['r1', 'r2', 'r4']) roster.reserve(taken);
    const made = Array.from({ length: 50 }, () => String(roster.reserve('')));
    expect(new Set(made).size).to.equal(50);
    expect(made.every((group) => parsePrivateGroup(group)?.daemon === 'd')).to.equal(true);
    expect(made.some((group) => ['#r1#d', '#r2#d', '#r4#d'].includes(group))).to.equal(false);
  });

  it('finds sessions by the bytes of their private group', () => {
    const roster = new Roster('d', FIXED_KEY);
    const session = new LocalSession('#a#d', true, new Inbox());
    roster.add(session);
    expect([roster.find(nameField('#a#d'), 0), roster.find(nameField('#a#e'), 0)]).to.deep.equal([
      session,
      undefined,
    ]);
    expect([...roster.values()]).to.deep.equal([session]);
  });
});
