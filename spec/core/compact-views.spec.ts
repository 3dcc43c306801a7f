/** Changes of groups as sessions with compact views get them: which frames, with what in them, and in which order. */
import { Buffer } from 'node:buffer';
import { expect } from 'chai';
import { Kind, frameKind } from '../../lib/wire/extension/frame.js';
import { MAX_LIST_PART_BYTES, readList } from '../../lib/wire/extension/list.js';
import { readNetwork } from '../../lib/wire/extension/network.js';
import { readViews } from '../../lib/wire/extension/view-changes.js';
import { nameField } from '../../lib/wire/name.js';
import { encodeMessage } from '../../lib/wire/request.js';
import { JOIN_MESS } from '../../lib/wire/service.js';
import { tell } from '../support/describe-frame.js';
import { ResumeState } from '../../daemon/core/resume-state.js';
import { Client, CoreWorld, remote } from './core-world.js';
import { Daemons } from './daemons.js';

/** Frames of the extension in words, all others as ever. */
function say(bytes: Buffer, told: string): string {
  const end = bytes.length;
  switch (frameKind(bytes, 0)) {
    case Kind.VIEWS: {
      const { group, members, records } = readViews(bytes, 0, end);
      const texts = records.map(
        ({ cause, index, name, subject }) =>
          `${cause} ${index} ${name}${subject === null ? '' : ` (${subject})`}`,
      );
      return `views ${group} ${members}: ${texts.join(', ')}`;
    }
    case Kind.LIST: {
      const { group, cause, first, last, answer, members, ownIndex, names, subjects } = readList(
        bytes,
        0,
        end,
      );
      const part = first && last ? '' : first ? ' first' : last ? ' last' : ' middle';
      const listed = names.map((name, i) => (subjects?.[i] ? `${name} (${subjects[i]})` : name));
      return `list${part} ${group} ${answer ? 'answer' : cause} ${ownIndex} of ${members}: ${listed.join(' ')}`;
    }
    case Kind.NETWORK: {
      const { group, reordered, members, gone, come, sets, ownSet } = readNetwork(bytes, 0, end);
      const came = come.map(({ index, name }) => `+${index} ${name}`);
      const ranges = sets.map((set) => set.map(({ first, count }) => `${first}+${count}`).join(' '));
      const parts = [...gone.map((name) => `-${name}`), ...came, `sets ${ranges.join('|')} own ${ownSet}`];
      return `network${reordered ? ' reordered' : ''} ${group} ${members}: ${parts.join(', ')}`;
    }
    default:
      return told;
  }
}

/** Takes down what comes from now on. */
function listen(client: Client): string[] {
  const heard: string[] = [];
  client.inbox.onFrame = (frame, bytes) => heard.push(say(bytes, tell(frame)));
  return heard;
}

function world(): { world: CoreWorld; ann: Client; heard: string[] } {
  const made = new CoreWorld();
  const ann = made.openCompact('ann');
  ann.join('g');
  made.run();
  return { world: made, ann, heard: listen(ann) };
}

const joinWith = (client: Client, group: string, ...data: readonly number[]): Client =>
  client.submit(encodeMessage(JOIN_MESS, client.name, [group], 0, [Buffer.of(...data)]));

describe('core: compact views', () => {
  it('come before the answer to a leave of another group that the session is not in', () => {
    const made = new CoreWorld();
    const resume = new ResumeState(1n, 0, { expel: () => undefined, returned: () => undefined });
    const ann = new Client(made, 'ann', true, null, '', { compact: true, resume });
    ann.join('g');
    made.run();
    const heard = listen(ann);
    made.open('bob').join('g');
    ann.leave('h');
    made.run();
    // What follows is the acknowledgement.
    expect(heard.slice(0, 2)).to.deep.equal(['views g 2: join 1 #bob#d', 'self-leave h']);
  });

  it('begin with the list, and go on with records', () => {
    const { world: made, heard } = world();
    const bob = made.openCompact('bob');
    const bobHeard = listen(bob);
    bob.join('g');
    made.run();
    made.open('aaa').join('g');
    made.run();
    bob.leave('g');
    made.run();
    expect(heard).to.deep.equal([
      'views g 2: join 1 #bob#d',
      'views g 3: join 0 #aaa#d',
      'views g 2: leave 2 #bob#d',
    ]);
    expect(bobHeard).to.deep.equal([
      'list g join 1 of 2: #ann#d #bob#d',
      'views g 3: join 0 #aaa#d',
      'self-leave g',
    ]);
  });

  it('are one frame for changes that follow one another, also over payloads of a turn', () => {
    const { world: made, heard, ann } = world();
    const { core } = made;
    const [far, wide] = [remote('far', 'd'), remote('wide', 'd')];
    core.deliver(Buffer.concat([far.join('g'), wide.join('g')]));
    core.deliver(Buffer.concat([far.leave('g'), wide.disconnect()]));
    expect(heard, 'before the end of the turn').to.deep.equal([]);
    core.endTurn();
    expect(heard).to.deep.equal([
      'views g 1: join 1 #far#d, join 2 #wide#d, leave 1 #far#d, disconnect 1 #wide#d',
    ]);
    core.endTurn();
    expect([heard.length, ann.inbox.calls.at(-1)?.messages]).to.deep.equal([1, 1]);
    expect(core.counters.records).to.equal(4);
  });

  it('end a run before data, before another group, and before a refusal', () => {
    const { world: made, ann, heard } = world();
    ann.join('h');
    made.run();
    heard.length = 0;
    const far = remote('far', 'd');
    made.deliver(
      far.join('g'),
      far.send('one', ['g']),
      far.join('h'),
      far.leave('g'),
      far.send('two', ['h']),
    );
    made.core.limits = { ...made.core.limits, maxMemberships: 1 };
    made.deliver(far.leave('h'));
    ann.join('x');
    made.run();
    expect(heard).to.deep.equal([
      'views g 2: join 1 #far#d',
      '#far#d > g: one',
      'views h 2: join 1 #far#d',
      'views g 1: leave 1 #far#d',
      '#far#d > h: two',
      'views h 1: leave 1 #far#d',
      '#ann#d > x,#ann#d: ',
    ]);
  });

  it('give one who joins in a run what stands behind the join, and one who leaves what stands before the leave', () => {
    const { world: made, heard } = world();
    const bob = made.openCompact('bob');
    const bobHeard = listen(bob);
    const [c, e] = [remote('c', 'd'), remote('e', 'd')];
    made.deliver(c.join('g'));
    bob.join('g');
    made.core.flush();
    for (const { payload } of made.order.take()) made.core.deliver(payload);
    made.deliver(e.join('g'));
    bob.leave('g');
    made.core.flush();
    for (const { payload } of made.order.take()) made.core.deliver(payload);
    made.deliver(c.leave('g'));
    expect(bobHeard).to.deep.equal([
      'list g join 1 of 3: #ann#d #bob#d #c#d',
      'views g 4: join 3 #e#d',
      'self-leave g',
    ]);
    made.core.endTurn();
    expect(bobHeard).to.have.length(3);
    expect(heard).to.deep.equal([
      'views g 2: join 1 #c#d, join 1 #bob#d, join 3 #e#d, leave 1 #bob#d, leave 1 #c#d',
    ]);
  });

  it('are the same bytes for all who were there when the run began', () => {
    const made = new CoreWorld();
    const clients = ['a', 'b', 'c'].map((name) => made.openCompact(name).join('g'));
    made.run();
    for (const { inbox } of clients) inbox.calls.length = 0;
    made.deliver(remote('x', 'd').join('g'), remote('y', 'd').join('g'));
    made.core.endTurn();
    const [first, ...others] = clients.map(({ inbox }) => inbox.calls.map(({ bytes }) => bytes));
    expect(first).to.have.length(1);
    for (const each of others) {
      expect(each[0]?.buffer).to.equal(first?.[0]?.buffer);
      expect(each[0]?.byteOffset).to.equal(first?.[0]?.byteOffset);
    }
  });

  it('answer a question for the list in its place, and one who is not in the group not at all', () => {
    const { world: made, ann, heard } = world();
    const bob = made.openCompact('bob');
    const plain = made.open('plain').join('g');
    made.run();
    heard.length = 0;
    const bobHeard = listen(bob);
    const plainHeard = listen(plain);
    made.deliver(remote('x', 'd').join('g'));
    for (const { session } of [ann, bob, plain]) made.core.list(session, nameField('g'));
    made.core.list(ann.session, nameField('nowhere'));
    made.deliver(remote('y', 'd').join('g'));
    made.core.endTurn();
    expect(heard).to.deep.equal([
      'views g 3: join 2 #x#d',
      'list g answer 0 of 3: #ann#d #plain#d #x#d',
      'views g 4: join 3 #y#d',
    ]);
    expect(bobHeard).to.deep.equal([]);
    expect(plainHeard.filter((line) => line.startsWith('list'))).to.deep.equal([]);
  });

  it('answer the same question once a turn', () => {
    const { world: made, ann, heard } = world();
    ann.join('h');
    made.run();
    heard.length = 0;
    for (let i = 0; i < 5; i++) {
      made.core.list(ann.session, nameField('g'));
      made.core.list(ann.session, nameField('h'));
    }
    made.deliver(remote('x', 'd').join('g'));
    expect([made.core.list(ann.session, nameField('g')), made.core.waiting]).to.deep.equal([false, 1]);
    expect(heard).to.deep.equal(['list g answer 0 of 1: #ann#d', 'list h answer 0 of 1: #ann#d']);
    made.core.endTurn();
    expect(made.core.list(ann.session, nameField('g')), 'in the next turn').to.equal(true);
    expect(heard.slice(2)).to.deep.equal(['views g 2: join 1 #x#d', 'list g answer 0 of 2: #ann#d #x#d']);
  });

  it('let a question wait while its session is behind, and a join too', () => {
    const { world: made, ann } = world();
    const heard = listen(ann);
    const ask = (): boolean => made.core.list(ann.session, nameField('g'));
    ann.inbox.isBehind = true;
    ann.inbox.hasDeferred = true;
    expect([ask(), made.core.waiting]).to.deep.equal([false, 1]);
    ann.join('h');
    made.run();
    expect([heard, made.core.groups.size]).to.deep.equal([[], 1]);
    ann.inbox.isBehind = false;
    ann.inbox.onTurn = () => {
      ann.inbox.hasDeferred = false;
      return ask();
    };
    made.run();
    expect([heard, made.core.waiting]).to.deep.equal([['list g answer 0 of 1: #ann#d'], 0]);
    ann.inbox.isBehind = true;
    expect(made.core.list(ann.session, nameField('g'), 'nobody'), 'who has waited for long').to.equal(true);
  });

  it('give one who gets lists on demand the head of the list only, and the list when it asks', () => {
    const { world: made } = world();
    const bob = made.openCompact('bob');
    const heard = listen(bob);
    joinWith(bob, 'g', 1);
    made.run();
    made.deliver(remote('aaa', 'd').join('g'));
    made.core.list(bob.session, nameField('g'));
    made.core.endTurn();
    expect(heard).to.deep.equal([
      'list g join 1 of 2: ',
      'views g 3: join 0 #aaa#d',
      'list g answer 2 of 3: #aaa#d #ann#d #bob#d',
    ]);
  });

  it('take the byte of a plain client for data that nobody looks at', () => {
    const { world: made, heard } = world();
    const bob = made.open('bob');
    joinWith(bob, 'g', 1, 2, 3);
    made.run();
    expect([bob.told, heard]).to.deep.equal([
      ['join g: #ann#d #bob#d (#bob#d)'],
      ['views g 2: join 1 #bob#d'],
    ]);
  });

  it('cost a session that wants no membership messages nothing', () => {
    const made = new CoreWorld();
    const deaf = made.open('deaf', false).join('g');
    made.openCompact('ann').join('g');
    made.run();
    expect([deaf.told, [...made.core.groups.values()][0]?.compact]).to.deep.equal([[], 1]);
  });

  it('divide a long list into parts, and a long run into frames', () => {
    const { world: made, ann, heard } = world();
    const names = Array.from({ length: 8000 }, (_, i) => remote(`n${i}`.padEnd(9, 'x'), 'd'));
    made.deliver(...names.map(({ join }) => join('g')));
    made.core.endTurn();
    expect(heard.length).to.be.within(2, 4);
    const bytes: number[] = [];
    const parts: string[] = [];
    ann.inbox.onFrame = (frame, raw) => {
      bytes.push(raw.length);
      parts.push(say(raw, tell(frame)).slice(0, 12));
    };
    made.core.list(ann.session, nameField('g'));
    expect(parts).to.deep.equal(['list first g', 'list last g ']);
    expect(Math.max(...bytes)).to.be.at.most(MAX_LIST_PART_BYTES + 48);
  });

  describe('over daemon views', () => {
    it('say who is gone and who came, in which sets', () => {
      const daemons = Daemons.together('a', 'b', 'c');
      const ann = daemons.open('ann', 'b', true, { compact: true }).join('g');
      const bob = daemons.open('bob', 'b', true, { compact: true });
      joinWith(bob, 'g', 1);
      daemons.open('x', 'a').join('g');
      daemons.open('y', 'c').join('g');
      daemons.run();
      const heard = [ann, bob].map(listen);
      daemons.change(['a'], ['b', 'c']);
      daemons.run();
      daemons.change(['a', 'b', 'c']);
      daemons.run();
      expect(heard).to.deep.equal([
        ['transition g', 'network g 3: -#x#a, sets 0+3 own 0', 'network g 4: +0 #x#a, sets 0+1|1+3 own 1'],
        [
          'transition g',
          'network reordered g 3: -#x#a, sets 0+3 own 0',
          'list g network 1 of 3: ',
          'network reordered g 4: +0 #x#a, sets 0+1|1+3 own 1',
          'list g network 2 of 4: ',
        ],
      ]);
    });

    it('say one who left and came again on the other side in one view', () => {
      const daemons = Daemons.together('a', 'b');
      const ann = daemons.open('ann', 'b', true, { compact: true }).join('g');
      const x = daemons.open('x', 'a').join('g');
      daemons.run();
      const heard = listen(ann);
      daemons.change(['a'], ['b']);
      daemons.run();
      x.leave('g');
      daemons.run();
      x.join('g');
      daemons.run();
      daemons.change(['a', 'b']);
      daemons.run();
      expect(heard).to.deep.equal([
        'transition g',
        'network g 1: -#x#a, sets 0+1 own 0',
        'network g 2: +0 #x#a, sets 0+1|1+1 own 1',
      ]);
    });
  });

  describe('say whom the daemon states a member to be', () => {
    it('in records and lists, at every daemon', () => {
      const daemons = Daemons.together('a', 'b');
      const ann = daemons.open('ann', 'a', true, { compact: true }).join('g');
      daemons.run();
      const heard = listen(ann);
      daemons.open('web', 'b', true, { compact: true, subject: 'grüezi' }).join('g');
      daemons.open('bob', 'b').join('g');
      daemons.run();
      const cat = daemons.open('cat', 'a', true, { compact: true });
      const catHeard = listen(cat);
      cat.join('g');
      daemons.run();
      expect(heard).to.deep.equal([
        'views g 3: join 1 #web#b (grüezi), join 1 #bob#b',
        'views g 4: join 1 #cat#a',
      ]);
      expect(catHeard).to.deep.equal(['list g join 1 of 4: #ann#a #cat#a #bob#b #web#b (grüezi)']);
    });

    it('to a daemon that comes later, of members and of those who join then', () => {
      const daemons = new Daemons(['a', 'b']);
      daemons.change(['a'], ['b']);
      daemons.run();
      const member = daemons.open('member', 'b', true, { compact: true, subject: 'one' }).join('g');
      const outside = daemons.open('outside', 'b', true, { compact: true, subject: 'two' }).join('g');
      daemons.run();
      outside.leave('g');
      daemons.run();
      const ann = daemons.open('ann', 'a', true, { compact: true }).join('g');
      daemons.run();
      const heard = listen(ann);
      daemons.change(['a', 'b']);
      daemons.run();
      outside.join('g');
      daemons.run();
      daemons.node('a').core.list(ann.session, nameField('g'));
      expect(heard.at(-1)).to.equal('list g answer 0 of 3: #ann#a #member#b (one) #outside#b (two)');
      expect(member.session.subject).to.equal('one');
    });

    it('for as long as the name is in use, and not for the next one of that name', () => {
      const made = new CoreWorld();
      const ann = made.openCompact('ann').join('g');
      const web = made.openCompact('web', 'one').join('g');
      made.run();
      const heard = listen(ann);
      web.leave('g');
      made.run();
      web.join('g');
      made.run();
      web.disconnect();
      made.run();
      made.openCompact('web').join('g');
      made.run();
      expect(heard.filter((line) => line.includes('join'))).to.deep.equal([
        'views g 2: join 1 #web#d (one)',
        'views g 2: join 1 #web#d',
      ]);
    });

    it('for no name of a daemon that is gone', () => {
      const daemons = Daemons.together('a', 'b');
      daemons.open('web', 'b', true, { compact: true, subject: 'one' }).join('g');
      const ann = daemons.open('ann', 'a', true, { compact: true }).join('g');
      daemons.run();
      daemons.crash('b');
      daemons.change(['a']);
      daemons.run();
      daemons.start('b');
      daemons.change(['a', 'b']);
      daemons.run();
      const heard = listen(ann);
      daemons.open('web', 'b', true).join('g');
      daemons.run();
      expect(heard).to.deep.equal(['views g 2: join 1 #web#b']);
    });
  });

  it('leave the bytes of plain clients as they are', () => {
    const bytesOf = (isCompact: boolean): string => {
      const made = new CoreWorld();
      const open = (name: string): Client => (isCompact ? made.openCompact(name) : made.open(name));
      const plain = made.open('plain').join('g');
      const [x, y] = [open('x').join('g'), open('y')];
      made.run();
      y.join('g').send('hello', ['g', 'h']);
      made.run();
      x.leave('g').join('g');
      plain.leave('g').join('g');
      made.run();
      y.disconnect();
      made.run();
      return Buffer.concat(plain.inbox.calls.map(({ bytes }) => bytes)).toString('hex');
    };
    expect(bytesOf(true)).to.equal(bytesOf(false));
  });

  describe('in a storm', () => {
    it('of 6000 joins in a turn cost a listener what the records take', () => {
      const { world: made, ann, heard } = world();
      ann.inbox.calls.length = 0;
      made.deliver(...Array.from({ length: 6000 }, (_, i) => remote(`n${i}`, 'd').join('g')));
      made.core.endTurn();
      const bytes = ann.inbox.calls.reduce((sum, each) => sum + each.bytes.length, 0);
      const joins = heard.reduce((sum, line) => sum + line.split('join').length - 1, 0);
      expect([joins, ann.inbox.calls.length < 5]).to.deep.equal([6000, true]);
      expect(bytes).to.be.below(6000 * 20);
    });

    it('of joiners of their own give each a list and one frame for the turn', () => {
      const made = new CoreWorld();
      const clients = Array.from({ length: 300 }, (_, i) => made.openCompact(`n${i}`).join('g'));
      made.run();
      expect(clients.map(({ inbox }) => inbox.frames.length)).to.deep.equal(
        clients.map((_, i) => (i < 299 ? 2 : 1)),
      );
    });
  });
});
