import { expect } from 'chai';
import { MAX_GROUPS } from '../../lib/wire/limits.js';
import { nameField } from '../../lib/wire/name.js';
import { encodeMessage } from '../../lib/wire/request.js';
import { AGREED_MESS, FIFO_MESS, SAFE_MESS, SELF_DISCARD, UNRELIABLE_MESS } from '../../lib/wire/service.js';
import { type Client, remote, CoreWorld } from './core-world.js';

/** Alice, Bob and Carol are in g. */
function three(): { world: CoreWorld; alice: Client; bob: Client; carol: Client } {
  const world = new CoreWorld();
  const [alice, bob, carol] = world.members('g', 'alice', 'bob', 'carol') as [Client, Client, Client];
  return { world, alice, bob, carol };
}

describe('core: routing', () => {
  it('gives a message to every member of its group, the sender too', () => {
    const { world, alice, bob, carol } = three();
    alice.send('hello', ['g']);
    world.run();
    const told = '#alice#d > g: hello';
    expect([alice.told, bob.told, carol.told]).to.deep.equal([[told], [told], [told]]);
  });

  it('gives the same bytes to all of them', () => {
    const { world, alice, bob, carol } = three();
    alice.send('hello', ['g']);
    world.run();
    const [first] = alice.inbox.calls;
    for (const { inbox } of [bob, carol]) {
      expect(inbox.calls[0]?.bytes.buffer).to.equal(first?.bytes.buffer);
      expect(inbox.calls[0]?.bytes.byteOffset).to.equal(first?.bytes.byteOffset);
    }
  });

  it('lets anybody send who is no member, and gives him no copy', () => {
    const { world, alice } = three();
    const stranger = world.open('stranger');
    stranger.send('hello', ['g']);
    world.run();
    expect([alice.told, stranger.told]).to.deep.equal([['#stranger#d > g: hello'], []]);
  });

  it('gives one copy for several groups, with all destinations as sent', () => {
    const { world, alice, bob, carol } = three();
    alice.join('h');
    bob.join('h');
    world.run();
    carol.send('hello', ['h', 'g', '#alice#d', 'h', 'none']);
    world.run();
    const told = '#carol#d > h,g,#alice#d,h,none: hello';
    expect(
      [alice, bob, carol].map((client) => client.told.filter((line) => line.includes('>'))),
    ).to.deep.equal([[told], [told], [told]]);
  });

  it('takes no name from the data behind the destinations', () => {
    const { world, alice, bob } = three();
    const field = nameField('g').toString('latin1');
    for (const groups of [['#alice#d'], ['none', '#alice#d'], []]) alice.send(field, groups);
    world.run();
    expect([alice.told.length, bob.told.length]).to.deep.equal([2, 0]);
  });

  it('leaves out the sender of a message with SELF_DISCARD, and keeps the bit for the others', () => {
    const { world, alice, bob } = three();
    alice.send('hello', ['g'], FIFO_MESS | SELF_DISCARD);
    world.run();
    expect(alice.told).to.deep.equal([]);
    expect(bob.inbox.frames.map(({ service }) => service)).to.deep.equal([FIFO_MESS | SELF_DISCARD]);
  });

  it('leaves out the sender with SELF_DISCARD also where his private group is named', () => {
    const { world, alice, bob } = three();
    alice.send('hello', ['#alice#d', '#bob#d'], AGREED_MESS | SELF_DISCARD);
    world.run();
    expect([alice.told, bob.told.length]).to.deep.equal([[], 1]);
  });

  it('gives the next message to the sender who left out himself', () => {
    const { world, alice } = three();
    alice.send('one', ['g'], AGREED_MESS | SELF_DISCARD).send('two', ['g']);
    world.run();
    expect(alice.told).to.deep.equal(['#alice#d > g: two']);
  });

  it("delivers SELF_DISCARD of another daemon's session to everybody here", () => {
    const { world, alice, bob } = three();
    world.deliver(remote('x', 'other').send('hello', ['g'], AGREED_MESS | SELF_DISCARD));
    expect([alice.told, bob.told]).to.deep.equal([['#x#other > g: hello'], ['#x#other > g: hello']]);
  });

  it('gives a message for a private group to that session alone, member of anything or not', () => {
    const { world, alice, bob } = three();
    const loner = world.open('loner');
    alice.send('psst', ['#loner#d']);
    world.run();
    expect([loner.told, alice.told, bob.told]).to.deep.equal([['#alice#d > #loner#d: psst'], [], []]);
  });

  it('gives a session what it sends to its own private group', () => {
    const { world, alice } = three();
    alice.send('note', ['#alice#d']);
    world.run();
    expect(alice.told).to.deep.equal(['#alice#d > #alice#d: note']);
  });

  it('drops what is for nobody: no group, no session, no daemon, no name, no destination', () => {
    const { world, alice, bob } = three();
    for (const to of [['none'], ['#none#d'], ['#bob#other'], [''], ['#'], ['#bob'], ['#bob#d#'], []]) {
      alice.send('lost', to);
    }
    world.run();
    expect([alice.told, bob.told]).to.deep.equal([[], []]);
    expect(world.core.counters.ordered).to.equal(3 + 8);
  });

  it('delivers to a hundred groups at once', () => {
    const world = new CoreWorld();
    const groups = Array.from({ length: MAX_GROUPS }, (_, i) => `g${i}`);
    const clients = groups.map((group, i) => world.open(`c${i}`).join(group));
    const sender = world.open('sender');
    world.run();
    sender.send('all', groups);
    world.run();
    const told = `#sender#d > ${groups.join(',')}: all`;
    expect(clients.map((client) => client.told.at(-1))).to.deep.equal(clients.map(() => told));
    expect(sender.told).to.deep.equal([]);
  });

  it('takes a destination field without NUL for a name that nobody has', () => {
    const world = new CoreWorld();
    const name = 'g'.repeat(31);
    const [member, sender] = world.members(name, 'a', 'b') as [Client, Client];
    const frame = encodeMessage(AGREED_MESS, sender.name, [name], 0, []);
    frame[48 + 31] = 'g'.charCodeAt(0);
    sender.submit(frame);
    world.run();
    expect(member.told).to.deep.equal([]);
  });

  it('delivers frames side by side with one destination in one go', () => {
    const { world, alice, bob } = three();
    const { send } = remote('x', 'other');
    world.deliver(send('one', ['g']), send('two', ['g']), send('three', ['g']));
    expect(bob.inbox.calls.map(({ messages }) => messages)).to.deep.equal([3]);
    expect(alice.told).to.deep.equal(['one', 'two', 'three'].map((text) => `#x#other > g: ${text}`));
  });

  it('keeps the order where the destination changes inside a payload', () => {
    const { world, alice, bob } = three();
    alice.join('h');
    world.run();
    const { send } = remote('x', 'other');
    world.deliver(
      send('1', ['g']),
      send('2', ['h']),
      send('3', ['g']),
      send('4', ['#alice#d']),
      send('5', ['g', 'h']),
      send('6', ['none']),
      send('7', ['g']),
    );
    const texts = (client: Client): string =>
      client.told.map((line) => / > \S+: (.*)$/.exec(line)?.[1] ?? '').join('');
    expect([texts(alice), texts(bob)]).to.deep.equal(['123457', '1357']);
  });

  it('counts a message between two of one group that is not for that group', () => {
    const { world, bob } = three();
    const { send } = remote('x', 'other');
    world.deliver(send('one', ['g']), send('two', ['none']), send('three', ['g']));
    expect(bob.told).to.deep.equal(['#x#other > g: one', '#x#other > g: three']);
  });

  it('delivers what stands before a change of the group to the members before it', () => {
    const { world, alice, bob } = three();
    const late = world.open('late');
    alice.send('before', ['g']);
    late.join('g');
    alice.send('between', ['g']);
    bob.leave('g');
    alice.send('after', ['g']);
    world.run();
    const data = (client: Client): string[] => client.told.filter((line) => line.includes('>'));
    expect([data(late), data(bob)].map((lines) => lines.map((line) => line.slice(14)))).to.deep.equal([
      ['between', 'after'],
      ['before', 'between'],
    ]);
  });

  it('delivers every service with the bits it was sent with', () => {
    const { world, alice, bob } = three();
    const services = [UNRELIABLE_MESS, 2, FIFO_MESS, 8, AGREED_MESS, SAFE_MESS].map(
      (bit) => bit | 0x57000000,
    );
    for (const service of services) alice.send('x', ['g'], service);
    world.run();
    expect(bob.inbox.frames.map(({ service }) => service)).to.deep.equal(services);
  });

  it('gives nothing to a session whose disconnect was read, not even what stands before that', () => {
    const { world, alice, bob, carol } = three();
    alice.send('one', ['g']).send('two', ['#bob#d', 'g']);
    bob.disconnect();
    world.run();
    expect([bob.told, carol.told.length]).to.deep.equal([[], 3]);
  });
});
