import { Buffer } from 'node:buffer';
import { expect } from 'chai';
import { REJECT_NOT_UNIQUE } from '../../lib/wire/codes.js';
import { FrameFault } from '../../lib/wire/fault.js';
import { nameField } from '../../lib/wire/name.js';
import { encodeMessage, encodeRequest } from '../../lib/wire/request.js';
import { AGREED_MESS, JOIN_MESS, KILL_MESS, LEAVE_MESS, SAFE_MESS } from '../../lib/wire/service.js';
import { isChange } from '../../daemon/core/payload.js';
import { type Client, remote, CoreWorld } from './core-world.js';

describe('core: order', () => {
  it('does nothing to the groups before a payload comes back', () => {
    const world = new CoreWorld();
    const alice = world.open('alice').join('g');
    world.core.flush();
    expect([world.core.groups.size, alice.told]).to.deep.equal([0, []]);
    world.run();
    expect([world.core.groups.size, alice.told.length]).to.deep.equal([1, 1]);
  });

  it('sends data, joins, leaves and disconnects in the order they were submitted in', () => {
    const world = new CoreWorld();
    const alice = world.open('alice').join('g').send('one', ['g']).leave('g').send('two', ['g']).disconnect();
    world.core.flush();
    const sent = Buffer.concat(world.order.take().map(({ payload }) => payload));
    const message = (text: string): Buffer =>
      encodeMessage(AGREED_MESS, alice.name, ['g'], 0, [Buffer.from(text)]);
    expect(sent).to.deep.equal(
      Buffer.concat([
        encodeRequest(JOIN_MESS, alice.name, ['g']),
        message('one'),
        encodeRequest(LEAVE_MESS, alice.name, ['g']),
        message('two'),
        encodeRequest(KILL_MESS, alice.name, [alice.name]),
      ]),
    );
  });

  it('follows the order of the payloads, not that of the submissions', () => {
    const world = new CoreWorld();
    const alice = world.open('alice').join('g');
    world.core.flush();
    const first = world.order.take();
    world.open('bob').join('g');
    world.core.flush();
    const second = world.order.take();
    for (const { payload } of [...second, ...first]) world.core.deliver(payload);
    expect(alice.told).to.deep.equal(['join g: #alice#d #bob#d (#alice#d)']);
  });

  it('makes safe what is sent safe, and the disconnects that the daemon decides', () => {
    const world = new CoreWorld();
    const alice = world
      .open('alice')
      .join('g')
      .send('agreed', ['g'])
      .send('safe', ['g'], SAFE_MESS)
      .leave('g');
    world.core.disconnect(alice.session, true);
    world.open('bob').disconnect();
    world.core.flush();
    expect(world.order.take().map(({ safe }) => safe)).to.deep.equal([false, true, false, true, false]);
    world.open('carol').send('agreed', ['g']);
    world.core.flush();
    expect(world.order.take().map(({ safe }) => safe)).to.deep.equal([false]);
  });

  it('lists members of other daemons at their daemon’s position', () => {
    const world = new CoreWorld('b', ['a', 'b', 'c']);
    const alice = world.open('alice').join('g');
    world.run();
    world.deliver(remote('z', 'c').join('g'), remote('y', 'a').join('g'), remote('b', 'c').join('g'));
    expect(alice.told.at(-1)).to.equal('join g: #y#a #alice#b #b#c #z#c (#b#c)');
  });

  it('routes a message for a private group by the daemon that its name says', () => {
    const world = new CoreWorld('b', ['a', 'b']);
    const alice = world.open('alice');
    world.deliver(remote('x', 'a').send('here', ['#alice#b']), remote('x', 'a').send('there', ['#alice#a']));
    expect(alice.told).to.deep.equal(['#x#a > #alice#b: here']);
  });

  it('drops the members of another daemon’s session at its disconnect', () => {
    const world = new CoreWorld('a', ['a', 'b']);
    const alice = world.open('alice').join('g');
    world.run();
    const x = remote('x', 'b');
    world.deliver(x.join('h'), x.join('g'), x.disconnect());
    expect([alice.told.at(-1), world.core.groups.size]).to.deep.equal(['disconnect g: #alice#a (#x#b)', 1]);
  });

  it('drops them also at a disconnect that carries no name', () => {
    const world = new CoreWorld('a', ['a', 'b']);
    const x = remote('x', 'b');
    world.deliver(x.join('g'), encodeRequest(KILL_MESS, x.sender, []));
    expect([world.core.groups.size, world.core.counters.damaged]).to.deep.equal([0, 0]);
  });

  it('does not mind a disconnect of somebody it never heard of', () => {
    const world = new CoreWorld('a', ['a', 'b']);
    world.deliver(remote('x', 'b').disconnect());
    expect(world.core.counters.ordered).to.equal(1);
  });
});

describe('core: requests', () => {
  it('joins the first of several names and ignores the rest and the data', () => {
    const world = new CoreWorld();
    const alice = world.open('alice');
    alice.submit(encodeMessage(JOIN_MESS, alice.name, ['g', 'h'], 5, [Buffer.from('data')]));
    world.run();
    expect([alice.told, world.core.groups.size]).to.deep.equal([['join g: #alice#d (#alice#d)'], 1]);
  });

  it('ignores joins and leaves of names that no library allows, and counts them', () => {
    const world = new CoreWorld();
    const alice = world.open('alice');
    for (const name of ['', '#abc', '#alice#d', 'a b', 'é', '!', '\x7f']) alice.join(name).leave(name);
    world.run();
    expect([alice.told, world.core.counters.illegalGroupNames, world.core.counters.ordered]).to.deep.equal([
      [],
      14,
      0,
    ]);
  });

  for (const kind of [JOIN_MESS, LEAVE_MESS]) {
    it(`refuses a ${kind === JOIN_MESS ? 'join' : 'leave'} whose name field holds no NUL`, () => {
      const world = new CoreWorld();
      const alice = world.open('alice');
      const frame = encodeRequest(kind, alice.name, ['g']);
      frame.fill('g', 48, 80);
      expect(() => alice.submit(frame))
        .to.throw(FrameFault)
        .with.property('reason', 'group-field');
    });
  }

  it('takes a disconnect for the session that sent it, whatever name it carries', () => {
    const world = new CoreWorld();
    const alice = world.open('alice').join('g');
    const bob = world.open('bob').join('g');
    world.run();
    bob.submit(encodeRequest(KILL_MESS, bob.name, [alice.name]));
    world.run();
    expect([alice.inbox.closed, bob.inbox.closed]).to.deep.equal([0, 1]);
    expect(alice.told.at(-1)).to.equal('disconnect g: #alice#d (#bob#d)');
  });

  it('takes a disconnect without a name too', () => {
    const world = new CoreWorld();
    const bob = world.open('bob');
    bob.submit(encodeRequest(KILL_MESS, bob.name, []));
    world.run();
    expect(bob.inbox.closed).to.equal(1);
  });

  it('takes nothing more from a session whose disconnect was read', () => {
    const world = new CoreWorld();
    const alice = world.open('alice').join('g');
    world.open('bob').join('g').disconnect().send('too late', ['g']).leave('g').disconnect();
    world.run();
    expect(alice.told.slice(2)).to.deep.equal(['disconnect g: #alice#d (#bob#d)']);
  });

  it('lets a session that leaves wait for nothing it still asks', () => {
    const world = new CoreWorld();
    const [slow, bob] = world.members('g', 'slow', 'bob') as [Client, Client];
    const join = encodeRequest(JOIN_MESS, bob.name, ['h']);
    const submit = (): boolean => world.core.submit(bob.session, join, 0, join.length);
    slow.inbox.isBehind = true;
    bob.disconnect();
    const { submitted } = world.core.counters;
    expect([submit(), world.core.counters.submitted - submitted]).to.deep.equal([true, 0]);
  });

  it('does not count a join that has to wait', () => {
    const world = new CoreWorld();
    const [slow] = world.members('g', 'slow') as [Client];
    const bob = world.open('bob');
    const join = encodeRequest(JOIN_MESS, bob.name, ['g']);
    const submit = (): boolean => world.core.submit(bob.session, join, 0, join.length);
    const { submitted } = world.core.counters;
    slow.inbox.isBehind = true;
    expect([submit(), world.core.counters.submitted - submitted]).to.deep.equal([false, 0]);
    slow.inbox.isBehind = false;
    expect([submit(), world.core.counters.submitted - submitted]).to.deep.equal([true, 1]);
  });

  it('knows joins and leaves from what changes no group', () => {
    const of = (service: number): boolean => isChange(encodeRequest(service, '#a#d', ['g']), 0);
    expect([JOIN_MESS, LEAVE_MESS, KILL_MESS, AGREED_MESS].map(of)).to.deep.equal([true, true, false, false]);
  });

  it('orders one disconnect when the client asks for it and then breaks', () => {
    const world = new CoreWorld();
    const bob = world.open('bob').disconnect();
    world.core.disconnect(bob.session, true);
    world.core.flush();
    expect(world.order.take().length).to.equal(1);
  });

  it('keeps the name taken until the disconnect is ordered', () => {
    const world = new CoreWorld();
    const bob = world.open('bob').disconnect();
    world.core.flush();
    expect([world.core.roster.reserve('bob'), bob.inbox.closed]).to.deep.equal([REJECT_NOT_UNIQUE, 0]);
    for (const { payload } of world.order.take()) world.core.deliver(payload);
    expect([world.core.roster.reserve('bob'), bob.inbox.closed]).to.deep.equal(['#bob#d', 1]);
  });

  it('gives the name to the next session when the disconnect has been ordered', () => {
    const world = new CoreWorld();
    const first = world.open('bob').join('g').disconnect();
    world.run();
    const second = world.open('bob').join('g');
    world.run();
    expect([first.told, second.told]).to.deep.equal([[], ['join g: #bob#d (#bob#d)']]);
  });

  it('writes a big-endian header again in little-endian order and touches nothing else', () => {
    const world = new CoreWorld();
    const [alice, bob] = world.members('g', 'alice', 'bob');
    const frame = Buffer.concat([
      Buffer.from('00000010', 'hex'),
      nameField('#alice#d'),
      Buffer.from('00000001000102000000000374', 'hex').subarray(0, 12),
      nameField('g'),
      Buffer.from('abc'),
    ]);
    frame.fill(0x5a, 4 + 9, 4 + 32);
    const wanted = Buffer.from(frame);
    wanted.write('90000080', 0, 'hex');
    wanted.write('01000000', 36, 'hex');
    wanted.write('03000000', 44, 'hex');
    wanted[35] = 0;
    alice?.submit(frame);
    world.run();
    expect(bob?.inbox.calls[0]?.bytes.toString('hex')).to.equal(wanted.toString('hex'));
    expect(bob?.inbox.frames[0]?.messType).to.equal(258);
  });

  it('counts what it takes and what comes back', () => {
    const world = new CoreWorld();
    world.open('alice').join('g').join('').send('one', ['g']).disconnect().send('two', ['g']);
    world.run();
    expect(world.core.counters).to.include({ submitted: 4, ordered: 3, illegalGroupNames: 1 });
  });

  it('passes on that the engine wants no more for now', () => {
    const world = new CoreWorld();
    world.order.more = false;
    world.open('alice').join('g');
    expect(world.core.flush()).to.equal(false);
    world.order.more = true;
    expect(world.core.flush()).to.equal(true);
  });
});

describe('core: payloads that are damaged', () => {
  const whole = remote('x', 'a').send('hello', ['g']);

  function delivered(payload: Buffer): { told: string[]; damaged: number; ordered: number } {
    const world = new CoreWorld('b', ['a', 'b']);
    const [alice] = world.members('g', 'alice') as [Client];
    const before = world.core.counters.ordered;
    world.core.deliver(payload);
    const { damaged, ordered } = world.core.counters;
    return { told: alice.told, damaged, ordered: ordered - before };
  }

  const hello = '#x#a > g: hello';

  it('are delivered up to the damage, and counted once', () => {
    for (let length = 1; length < whole.length; length++) {
      const payload = Buffer.concat([whole, whole.subarray(0, length)]);
      expect(delivered(payload), `${length} bytes of a frame`).to.deep.equal({
        told: [hello],
        damaged: 1,
        ordered: 1,
      });
    }
  });

  for (const [what, at, value] of [
    ['a negative number of groups', 36, -1],
    ['more groups than there are', 36, 2],
    ['so many groups that their length overflows', 36, 0x7fffffff],
    ['a negative length', 44, -5],
    ['a negative length that leads back to the start', 44, -80],
    ['a length beyond the end', 44, 6],
  ] as const) {
    it(`end at a frame with ${what}`, () => {
      const bad = Buffer.from(whole);
      bad.writeInt32LE(value, at);
      expect(delivered(Buffer.concat([whole, bad]))).to.deep.equal({ told: [hello], damaged: 1, ordered: 1 });
    });
  }

  for (const kind of [JOIN_MESS, LEAVE_MESS]) {
    it(`lose a ${kind === JOIN_MESS ? 'join' : 'leave'} that names no group, and nothing else`, () => {
      const bad = encodeRequest(kind, '#x#a', []);
      expect(delivered(Buffer.concat([bad, whole]))).to.deep.equal({ told: [hello], damaged: 1, ordered: 2 });
    });
  }

  it('are not those that hold nothing', () => {
    expect(delivered(Buffer.alloc(0))).to.deep.equal({ told: [], damaged: 0, ordered: 0 });
  });
});
