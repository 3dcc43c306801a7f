/** Presence by person: several connections of one user are one, whoever says what. */
import { Buffer } from 'node:buffer';
import { expect } from 'chai';
import fc from 'fast-check';
import { BodyWriter } from '../../lib/recipes/core/codec.js';
import { MAX_KEY_BYTES } from '../../lib/recipes/core/limits.js';
import { byKey, People } from '../../lib/recipes/core/people.js';
import { type MemberPresence, type MembersSink, PresenceCore } from '../../lib/recipes/core/presence.js';
import { A, B, C, view } from './step-view.js';

const tab = (id: string, key: string): MemberPresence => ({
  id,
  key,
  instance: 1,
  since: 0,
  metadata: Buffer.alloc(0),
  comesBack: false,
});

/** A member `A`, what it sees, and what daemons state. */
function member(key: string | null = null, stated: Readonly<Record<string, string>> = {}) {
  const subjects = new Map(Object.entries(stated));
  const sent: Buffer[] = [];
  const seen: string[] = [];
  const people = new People({
    arrived: (who) => seen.push(`+${who}`),
    departed: (who) => seen.push(`-${who}`),
  });
  const sink: MembersSink = {
    send: (body) => sent.push(body),
    sendTo: () => undefined,
    subjectOf: (id) => subjects.get(id) ?? null,
    joined: (who) => people.joined(who),
    updated: (who, before) => people.changed(who, before),
    left: (who) => people.left(who),
    unreachable: () => undefined,
    returned: (who, before) => people.changed(who, before),
  };
  const core = new PresenceCore(A, 1, Buffer.from('m'), 1000, sink, false, key);
  const take = (): string => seen.splice(0).join(' ');
  return { core, sent, subjects, take, keys: () => core.reachable.map((who) => who.key) };
}

const announcement = (key: string | null, instance = 5): Buffer => {
  const writer = new BodyWriter('members', 1).number(instance).number(9).data(Buffer.from('m'));
  if (key !== null) writer.tagged(2, (field) => void field.text(key));
  return writer.tagged(9, () => undefined).finish();
};

describe('people', () => {
  it('come with their first connection, and go with their last', () => {
    const seen: string[] = [];
    const people = new People({
      arrived: (key, { id }) => seen.push(`+${key} ${id}`),
      departed: (key, { id }) => seen.push(`-${key} ${id}`),
    });
    for (const [id, key] of [
      ['a1', 'ann'],
      ['b1', 'bob'],
      ['a2', 'ann'],
    ] as const)
      people.joined(tab(id, key));
    people.left(tab('a1', 'ann'));
    people.left(tab('b1', 'bob'));
    people.left(tab('a2', 'ann'));
    people.left(tab('a2', 'ann'));
    expect(seen).to.deep.equal(['+ann a1', '+bob b1', '-bob b1', '-ann a2']);
  });

  it('neither come nor go while a connection goes by another id', () => {
    const seen: string[] = [];
    const people = new People({
      arrived: (key) => seen.push(`+${key}`),
      departed: (key) => seen.push(`-${key}`),
    });
    people.joined(tab('a1', 'ann'));
    people.changed(tab('a2', 'ann'), tab('a1', 'ann'));
    people.left(tab('a1', 'ann'));
    expect(seen).to.deep.equal(['+ann']);
    people.left(tab('a2', 'ann'));
    expect(seen).to.deep.equal(['+ann', '-ann']);
  });

  it('are in the order of the first of their connections, each once', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom('x', 'y', 'z'), { maxLength: 12 }), (keys) => {
        const members = keys.map((key, i) => tab(String(i), key));
        const folded = byKey(members);
        expect([...folded.keys()]).to.deep.equal([...new Set(keys)]);
        expect([...folded.values()].flat().toSorted((a, b) => Number(a.id) - Number(b.id))).to.deep.equal(
          members,
        );
        for (const [key, those] of folded) expect(those.every((each) => each.key === key)).to.equal(true);
      }),
    );
  });

  it('are known by what each member says, or by itself', () => {
    const { core, take, keys, sent } = member('ann');
    core.view(view([A, B, C], { along: [A] }), 0);
    core.message(A, sent[0] as Buffer);
    core.message(B, announcement('ann', 5));
    core.message(C, announcement(null, 0xc0));
    expect(keys()).to.deep.equal(['ann', 'ann', '#c0']);
    expect(take()).to.equal('+ann +#c0');
    core.view(view([B, C]), 1);
    expect(take()).to.equal('');
  });

  it('are who their daemons state them to be, whatever they say', () => {
    const { core, keys, sent } = member('nobody', { [A]: 'anna', [B]: 'bert' });
    core.view(view([A, B, C], { along: [A] }), 0);
    expect(sent[0]?.includes('anna')).to.equal(true);
    expect(sent[0]?.includes('nobody')).to.equal(false);
    core.message(A, sent[0] as Buffer);
    core.message(B, announcement('anna'));
    core.message(C, announcement('carl'));
    expect(keys()).to.deep.equal(['anna', 'bert', 'carl']);
  });

  it('are looked at again when the connection is back, and the daemon states more', () => {
    const { core, subjects, take, keys } = member();
    core.view(view([A, B], { along: [A] }), 0);
    core.message(B, announcement('anna'));
    expect(take()).to.equal('+anna');
    subjects.set(B, 'bert');
    core.resumed();
    expect([keys(), take()]).to.deep.equal([['bert'], '+bert -anna']);
  });

  it('change when a member says so', () => {
    const { core, take } = member();
    core.view(view([A, B], { along: [A] }), 0);
    core.message(B, announcement('x'));
    core.message(B, announcement('y'));
    expect(take()).to.equal('+x +y -x');
  });

  it('have keys of 1 to 128 bytes', () => {
    const { core } = member();
    core.view(view([A, B], { along: [A] }), 0);
    expect(core.message(B, announcement('é'.repeat(MAX_KEY_BYTES / 2)))).to.equal(null);
    for (const key of ['', 'é'.repeat(MAX_KEY_BYTES / 2 + 1)])
      expect(core.message(B, announcement(key))).to.equal('malformed');
  });
});
