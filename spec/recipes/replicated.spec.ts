import { Buffer } from 'node:buffer';
import { expect } from 'chai';
import { decode, encode } from '../../lib/recipes/core/replicated/messages.js';
import type { GroupId } from '../../lib/wire/group-id.js';
import { Listed, theFirst } from '../support/group-network/choices.js';
import { Random } from '../support/random.js';
import { live, WORLDS } from './random-world.js';
import { type Ledger, ledgers, Replicas } from './replicas.js';
import { ChurnWorld } from './churn-world.js';
import { type Member, RecipeWorld } from './recipe-world.js';

function started(
  quorum: number | null,
  count: number,
  merges = false,
): [RecipeWorld, Replicas<Ledger>, Member[]] {
  const replicas = new Replicas(ledgers, { quorum, merges });
  const world = new RecipeWorld(new Random(11));
  const members = Array.from({ length: count }, (_, index) => world.start(`m${index}`, replicas.make));
  world.settle();
  return [world, replicas, members];
}

const lines = (replicas: Replicas<Ledger>, members: readonly Member[]): string[] =>
  members.map((member) => replicas.of(member).machine.lines.join(' '));

describe('the core of replicated state', () => {
  it('applies commands everywhere, and gives their result to the one who submitted', () => {
    const [world, replicas, members] = started(null, 3);
    const ticket = replicas.submit(members[1] as Member, 'x');
    world.settle();
    expect(lines(replicas, members)).to.deep.equal(['x', 'x', 'x']);
    expect(replicas.of(members[1]).outcomes.get(ticket)).to.deep.equal({ kind: 'applied', result: 1 });
  });

  it('gives a newcomer the state, and what comes meanwhile', () => {
    const [world, replicas, members] = started(null, 2);
    for (let i = 0; i < 40; i++) replicas.submit(members[0] as Member, `a${i}`);
    world.settle();
    const late = world.start('late', replicas.make);
    for (let i = 0; i < 40; i++) {
      replicas.submit(members[i % 2] as Member, `b${i}`);
      world.step();
    }
    world.settle();
    const [one, two, three] = lines(replicas, [...members, late]);
    expect(one?.split(' ')).to.have.length(80);
    expect(two).to.equal(one);
    expect(three).to.equal(one);
  });

  it('gives way to no single member that ends a round alone, where two hold another state', () => {
    const [world, replicas, members] = started(null, 2);
    replicas.submit(members[0] as Member, 'x');
    world.settle();
    const liar = world.start('z', () => null);
    world.settle();
    const view = liar.lastView?.id as GroupId;
    const state = { lineage: 77, epoch: 0, position: 2 ** 40 };
    const statement = { label: '', state, tookPart: false, promised: 0, ask: 'z.1' };
    const silent = members.map(({ id }) => id);
    const cores = members.map((member) => replicas.of(member).core);
    liar.send(encode({ kind: 'reopen', tag: { view, round: 0 } }), 'agreed');
    liar.send(encode({ kind: 'state', tag: { view, round: 1 }, statement, silent }), 'agreed');
    let phases = new Set<string>();
    while (world.step()) phases = new Set([...phases, ...cores.map(({ phase }) => phase)]);
    expect([...phases], 'its statement decides the round').to.contain('loading');
    world.settle();
    replicas.submit(members[1] as Member, 'y');
    world.settle();
    expect(lines(replicas, members)).to.deep.equal(['x y', 'x y']);
  });

  it('continues with another donor where one dies', () => {
    const [world, replicas, members] = started(null, 3);
    for (let i = 0; i < 200; i++) replicas.submit(members[0] as Member, `a${i}`);
    world.settle();
    const late = world.start('late', replicas.make);
    const { core } = replicas.of(late);
    let chunks = 0;
    for (const donor of members) {
      const given = donor.sendTo.bind(donor);
      donor.sendTo = (name, body) => {
        given(name, body);
        if (decode(body)?.kind === 'chunk' && ++chunks === 4) world.crash(donor);
      };
    }
    world.settle();
    expect(members.filter(({ isUp }) => isUp)).to.have.length(2);
    expect(core.hasState).to.equal(true);
    expect(lines(replicas, [late])).to.deep.equal(
      lines(replicas, members.filter(({ isUp }) => isUp).slice(1)),
    );
    expect(replicas.of(late).machine.lines).to.have.length(200);
  });

  it('writes with a quorum only, and the rest catches up', () => {
    const [world, replicas, members] = started(2, 3);
    world.regroup([members.slice(0, 1), members.slice(1)]);
    world.settle();
    const waits = replicas.submit(members[0] as Member, 'alone');
    replicas.submit(members[1] as Member, 'both');
    world.settle();
    expect(lines(replicas, members)).to.deep.equal(['', 'both', 'both']);
    expect(replicas.of(members[0]).core.isWritable).to.equal(false);
    expect(replicas.of(members[0]).outcomes.size).to.equal(0);
    world.regroup([members]);
    world.settle();
    expect(lines(replicas, members)).to.deep.equal(['both alone', 'both alone', 'both alone']);
    expect(replicas.of(members[0]).outcomes.get(waits)).to.deep.equal({ kind: 'applied', result: 2 });
  });

  it('counts nobody for a quorum who has forgotten what it knew', () => {
    const [world, replicas, members] = started(3, 5);
    const [a, b, c, d, e] = members as [Member, Member, Member, Member, Member];
    world.regroup([
      [a, b, c],
      [d, e],
    ]);
    world.settle();
    const done = replicas.submit(a, 'done');
    world.settle();
    expect(replicas.of(a).outcomes.get(done)?.kind).to.equal('applied');
    world.crash(a);
    world.settle();
    const again = world.start('again', replicas.make, d);
    world.settle();
    // Three have a state here, and two of them never had the newest.
    replicas.submit(again, 'late');
    world.settle();
    expect(replicas.of(again).core.isWritable).to.equal(false);
    world.regroup([[b, c, d, e, again]]);
    world.settle();
    expect(new Set(lines(replicas, [b, c, d, e, again]))).to.deep.equal(new Set(['done late']));
  });

  it('counts one who came back as soon as a quorum has given it the state', () => {
    const [world, replicas, members] = started(2, 3);
    const [a, b, c] = members as [Member, Member, Member];
    replicas.submit(a, 'one');
    world.settle();
    world.crash(a);
    const again = world.start('again', replicas.make, b);
    world.settle();
    world.crash(c);
    world.settle();
    replicas.submit(again, 'two');
    world.settle();
    expect(lines(replicas, [b, again])).to.deep.equal(['one two', 'one two']);
  });

  it('continues with two of three where the third has never been, when one ends before the eyes of the other', () => {
    const [world, replicas, members] = started(2, 2);
    const [a, b] = members as [Member, Member];
    replicas.submit(a, 'one');
    world.settle();
    world.crash(a);
    world.settle();
    const again = world.start('again', replicas.make, b);
    replicas.submit(again, 'two');
    world.settle();
    expect(lines(replicas, [b, again])).to.deep.equal(['one two', 'one two']);
  });

  for (const [of, text, newcomer] of [
    [2, 'one two', 'one two'],
    [3, 'one', ''],
  ] as const) {
    it(`${of === 2 ? 'knows' : 'cannot know'} that nothing was done behind its back where one of ${of} was lost to the network`, () => {
      const replicas = new Replicas(ledgers, { quorum: 2, maxMembers: of });
      const world = new RecipeWorld(new Random(11));
      const [a, b] = [world.start('a', replicas.make), world.start('b', replicas.make)];
      world.settle();
      replicas.submit(a, 'one');
      world.settle();
      world.regroup([[b], [a]]);
      world.settle();
      world.crash(a);
      world.settle();
      const again = world.start('again', replicas.make, b);
      replicas.submit(again, 'two');
      world.settle();
      expect(lines(replicas, [b, again])).to.deep.equal([text, newcomer]);
    });
  }

  it('loses nothing to one that alone has heard a quorum come together, behind the transitional signal', () => {
    const [world, replicas, members] = started(3, 5);
    const [a, b, c, d, e] = members as [Member, Member, Member, Member, Member];
    /** Who is in a new component sees its view, and speaks. */
    const install = (): void => {
      world.network.step();
      for (const member of members) while (member.take());
    };
    world.regroup([[a, b, c, d], [e]]);
    world.settle();
    // The four go on at once; before the round is over they are cut again, and have to ask.
    world.regroup([members], theFirst);
    install();
    for (let i = 0; i < 3; i++) replicas.submit(a, `slow${i}`);
    world.regroup([[a, b, c, d], [e]], theFirst);
    install();
    // What the four say of themselves comes to the last one only, after its signal.
    world.regroup([[a, b, c], [d], [e]], new Listed([3, 0, 3]));
    install();
    // What was slow before is slow again.
    const send = a.send.bind(a);
    a.send = (body, service) => (decode(body)?.kind === 'command' ? undefined : send(body, service));
    const quick = replicas.submit(b, 'quick');
    world.settle();
    expect(replicas.of(b).outcomes.get(quick)?.kind).to.equal('applied');
    world.regroup([[b, c, d, e], [a]]);
    world.settle();
    expect(lines(replicas, [b, c, d, e])).to.deep.equal(['quick', 'quick', 'quick', 'quick']);
  });

  it('continues beside a frozen member when a newcomer is there, after its patience', () => {
    const [world, replicas, members] = started(2, 2);
    const [a, b] = members as [Member, Member];
    b.isFrozen = true;
    const c = world.start('c', replicas.make);
    replicas.submit(c, 'three');
    world.settle();
    expect(lines(replicas, [a, c])).to.deep.equal(['three', 'three']);
    b.isFrozen = false;
    world.settle();
    expect(lines(replicas, [b])).to.deep.equal(['three']);
  });

  it('has no place for one who replicates something else, whoever comes first', () => {
    const replicas = new Replicas(ledgers, { quorum: null, label: 'a ledger' });
    const others = new Replicas(ledgers, { quorum: null, label: 'a lock' });
    const world = new RecipeWorld(new Random(11));
    const first = world.start('a', replicas.make);
    world.settle();
    const members = [first, world.start('b', others.make), world.start('c', replicas.make)];
    world.settle();
    replicas.submit(members[0] as Member, 'x');
    world.settle();
    expect(replicas.misfits).to.deep.equal([]);
    expect(new Set(others.misfits)).to.deep.equal(new Set(['#b#d01: a ledger']));
    expect(lines(replicas, [members[0] as Member, members[2] as Member])).to.deep.equal(['x', 'x']);
  });

  it('goes back to the state that lost when all who have the other one end before they have given it', () => {
    const [world, replicas, members] = started(null, 3);
    const [a, b, c] = members as [Member, Member, Member];
    for (let i = 0; i < 40; i++) replicas.submit(a, `a${i}`);
    world.settle();
    const before = lines(replicas, [a])[0];
    world.regroup([[a, b], [c]]);
    world.settle();
    replicas.submit(a, 'larger');
    world.settle();
    for (const donor of [a, b]) donor.sendTo = () => void (donor.isUp && world.crash(donor));
    world.regroup([[a, b, c]]);
    world.settle();
    expect(a.isUp || b.isUp).to.equal(false);
    expect(replicas.of(c).core.hasState).to.equal(true);
    expect(lines(replicas, [c])).to.deep.equal([before]);
    expect(replicas.of(c).rolledBack).to.deep.equal([]);
  });

  it('throws the smaller side back without a quorum, and says so', () => {
    const [world, replicas, members] = started(null, 3);
    replicas.submit(members[0] as Member, 'common');
    world.settle();
    world.regroup([members.slice(0, 1), members.slice(1)]);
    world.settle();
    replicas.submit(members[0] as Member, 'small1');
    replicas.submit(members[0] as Member, 'small2');
    replicas.submit(members[1] as Member, 'large');
    world.settle();
    world.regroup([members]);
    world.settle();
    expect(new Set(lines(replicas, members))).to.deep.equal(new Set(['common large']));
    expect(members.map((member) => replicas.of(member).rolledBack)).to.deep.equal([[2], [], []]);
  });

  it('merges the state of the smaller side when it has a merge function', () => {
    const [world, replicas, members] = started(null, 3, true);
    world.regroup([members.slice(0, 1), members.slice(1)]);
    world.settle();
    replicas.submit(members[0] as Member, 'small');
    replicas.submit(members[1] as Member, 'large');
    world.settle();
    world.regroup([members]);
    world.settle();
    expect(new Set(lines(replicas, members))).to.deep.equal(new Set(['large small']));
  });

  it('has equal bytes after ten thousand commands', () => {
    const [world, replicas, members] = started(2, 3);
    for (let i = 0; i < 10_000; i++) replicas.submit(members[i % 3] as Member, `c${i}`);
    const late = world.start('late', replicas.make);
    world.settle();
    const bytes = [...members, late].map((member) => ledgers.save(replicas.of(member).machine));
    expect(replicas.of(late).core.position).to.equal(10_000);
    expect(bytes.every((each) => each.equals(bytes[0] as Buffer))).to.equal(true);
  });

  it('ignores what is no message of its own', () => {
    const [world, replicas, members] = started(null, 2);
    const { core } = replicas.of(members[0]);
    const random = new Random(3);
    for (let i = 0; i < 5000; i++) {
      const body = Buffer.from(Array.from({ length: 5 + random.below(60) }, () => random.below(256)));
      Buffer.from([0x53, 0xb7, 1, 4, random.below(32)]).copy(body);
      core.message('#x#y', body, world.now);
    }
    replicas.submit(members[1] as Member, 'x');
    world.settle();
    expect(replicas.of(members[0]).machine.lines).to.include('x');
  });

  it(`keeps what it promises with a quorum in ${WORLDS} worlds in which nothing lasts`, () => {
    for (let seed = 1; seed <= WORLDS; seed++)
      expect(new ChurnWorld(seed).live(), `seed ${seed}`).to.deep.equal([]);
  }).timeout(120_000);

  for (const [title, quorum, merges] of [
    ['a quorum', 3, false],
    ['components that throw back', null, false],
    ['components that merge', null, true],
  ] as const) {
    it(`has equal states at the end of ${WORLDS} worlds with ${title}`, () => {
      for (let seed = 1; seed <= WORLDS; seed++) check(seed, quorum, merges);
    }).timeout(240_000);
  }
});

function check(seed: number, quorum: number | null, merges: boolean): void {
  const replicas = new Replicas(ledgers, { quorum, merges });
  const submitted = new Map<Member, Map<number, string>>();
  let count = 0;
  const isClosed = quorum !== null;
  const world = live(seed, {
    make: replicas.make,
    most: 5,
    silent: quorum === null,
    closed: isClosed,
    crashes: 1,
    // What a quorum promises holds as long as so many members remember it.
    mayCrash: (gone, { members }) =>
      members.filter((each) => each !== gone && replicas.of(each).core.remembers).length >= (quorum ?? 0),
    steps: 200,
    act: (member) => {
      const text = `c${++count}`;
      const mine = submitted.get(member) ?? new Map<number, string>();
      submitted.set(member, mine.set(replicas.submit(member, text), text));
    },
  });
  const present = world.members.filter((member) => member.core && member.isMember);
  const [first] = present;
  if (!first) return;
  const what = `seed ${seed}`;
  const { lines: all } = replicas.of(first).machine;
  for (const member of present) {
    const { core, machine } = replicas.of(member);
    expect(core.hasState, `${what}: ${member.name} is live`).to.equal(true);
    expect(core.waiting, `${what}: ${member.name} waits`).to.equal(0);
    expect(machine.lines, `${what}: ${member.name} against ${first.name}`).to.deep.equal(all);
  }
  expect(new Set(all).size, `${what}: nothing twice`).to.equal(all.length);
  if (quorum === null && !merges) return;
  const known = new Set(all);
  for (const [member, texts] of submitted) {
    if (!present.includes(member)) continue;
    for (const [ticket, text] of texts) {
      const outcome = replicas.of(member).outcomes.get(ticket);
      expect(outcome, `${what}: ${text} has an outcome`).not.to.equal(undefined);
      if (quorum !== null)
        expect(known.has(text), `${what}: ${text} (${outcome?.kind}) is in the state`).to.equal(true);
    }
  }
}
