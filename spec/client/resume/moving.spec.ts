/** A connection that its daemon sends to another one, at daemons that follow a script. */
import type { Buffer } from 'node:buffer';
import { expect } from 'chai';
import { encodeMove, encodePeers } from '../../../lib/wire/extension/addresses.js';
import { encodeGap } from '../../../lib/wire/extension/gap.js';
import { encodePing, encodePong } from '../../../lib/wire/extension/heartbeat.js';
import { encodeAck, encodeResumed, type Resume } from '../../../lib/wire/extension/resume.js';
import { listFrame, views } from '../compact-frames.js';
import { data, selfLeave, transition } from '../frames.js';
import { settle, within } from '../support.js';
import { A1, A2, B, MovingDaemons } from './moving-daemons.js';
import { groupWords, mark, markOf, sent, TAG } from './numbering-daemon.js';

const RESUMED = encodeResumed(1);
const JOINED = 'join a,b +a +b';
const MOVED = 'moved: drain, second';
const BACK = `resumed: second, ${A1} to ${A2}, 0 gaps`;

/** The records of the return: out of the group and in again, side by side. @param at number of the first view */
const returned = (at = 1): Buffer =>
  views(
    [
      { cause: 'disconnect', name: A1, index: 0 },
      { name: A2, index: 0, returned: A1 },
    ],
    [A2, B],
    at,
  );
const RETURN_WORDS = ['disconnect b -a', 'join a,b +a'];

const joined = 'g had wanted';
const groupsOf = (said: readonly unknown[]): string[] => groupWords((said[0] as Resume).groups);

describe('a connection that is sent to another daemon', () => {
  it('connects there first, and hands on once what both bring', async () => {
    await using daemons = await MovingDaemons.joined();
    const { connection, first, group, story } = daemons;
    await daemons.send(first, mark(11, 13), data('1'));
    const next = await daemons.sendAway();
    expect(sent(next).hello).to.deep.include({ attempt: 1 });
    expect(sent(next).hello.resume?.position).to.deep.equal({ ...markOf(11, 13), events: 1, awayMs: 0 });
    await daemons.send(
      first,
      data('2'),
      mark(13, 15),
      data('3'),
      views([{ name: '#c#d1', index: 2 }], [A1, B, '#c#d1']),
    );
    expect([connection.open, group.isMember]).to.deep.equal([true, true]);
    expect(groupsOf(await daemons.accept())).to.deep.equal([joined]);
    expect([connection.open, group.isMember, connection.id]).to.deep.equal([true, false, A1]);
    await daemons.send(first, data('4'));
    const come = views([{ name: '#c#d1', index: 2 }], [A1, B, '#c#d1']);
    const gone = views([{ cause: 'leave', name: '#c#d1', index: 2 }], [A1, B], 2);
    await daemons.send(next, data('2'), data('3'), come, data('4'), data('5'), gone, returned(3), RESUMED);
    await daemons.send(next, data('6'));
    await daemons.end('taken-over', data('5'));
    const before = [JOINED, '1', '2', '3', 'join a,b,c +c'];
    const between = ['4', '5', 'leave a,b -c', ...RETURN_WORDS];
    expect(story).to.deep.equal([...before, MOVED, ...between, BACK, '6']);
    expect([connection.open, group.isMember, connection.id]).to.deep.equal([true, true, A2]);
    const view = daemons.events.findLast(({ kind }) => kind === 'view');
    expect(view).to.deep.include({ myIndex: 0, returned: [{ from: A1, to: A2 }] });
  });

  it('goes when that comes together with the first WELCOME, to daemons that it hears of then', async () => {
    const early = (second: string): Buffer[] => [
      encodePeers([second]),
      encodeMove({ leftMs: 5000, reason: 'drain', addresses: [] }),
    ];
    await using daemons = await MovingDaemons.open({}, early);
    const next = await daemons.comes();
    expect(sent(next).hello).to.deep.include({ attempt: 1 });
    await daemons.accept();
    await daemons.send(next, encodeResumed(0));
    await daemons.end();
    expect(daemons.story).to.deep.equal([MOVED, BACK]);
  });

  it('reads the first one to its end before the next one', async () => {
    await using daemons = await MovingDaemons.joined();
    const { first, story } = daemons;
    const next = await daemons.sendAway();
    await daemons.accept();
    await daemons.send(next, data('1'), data('2'), returned(), RESUMED);
    expect(story).to.deep.equal([JOINED, MOVED]);
    await daemons.send(first, data('1'));
    await daemons.end();
    expect(story).to.deep.equal([JOINED, MOVED, '1', '2', ...RETURN_WORDS, BACK]);
  });

  it('says what it had in HELLO, and wants what it wants now', async () => {
    await using daemons = await MovingDaemons.joined();
    const { connection, first } = daemons;
    await daemons.send(first, mark(11, 13), transition());
    await daemons.sendAway();
    const joining = connection.join('h');
    await settle();
    await daemons.send(
      first,
      views([{ name: '#c#d1', index: 2 }], [A1, B, '#c#d1']),
      mark(13, 14),
      listFrame([A1]),
    );
    void connection.leave('g');
    await daemons.send(first, selfLeave());
    expect(groupsOf(await daemons.accept())).to.deep.equal(['g had signalled', 'h wanted']);
    void joining.catch(() => undefined);
  });

  it('hands on a signal once', async () => {
    await using daemons = await MovingDaemons.joined();
    const { first, story } = daemons;
    const next = await daemons.sendAway();
    await daemons.send(first, data('1'), transition());
    await daemons.accept();
    await daemons.end();
    await daemons.send(next, data('1'), transition(), data('2'), returned(), transition(), RESUMED);
    expect(story).to.deep.equal([JOINED, '1', 'transition', MOVED, '2', ...RETURN_WORDS, 'transition', BACK]);
  });

  it('ends a group whose leave the first one answers at the last moment', async () => {
    await using daemons = await MovingDaemons.joined();
    const { connection, first, story } = daemons;
    const next = await daemons.sendAway();
    const leaving = connection.leave('g');
    await settle();
    expect(groupsOf(await daemons.accept())).to.deep.equal(['g wanted']);
    await daemons.send(first, selfLeave());
    await within(leaving, 'the leave');
    await daemons.end();
    await daemons.send(next, selfLeave(), RESUMED);
    expect(story).to.deep.equal([JOINED, MOVED, 'self-leave', BACK]);
  });

  it('brings a join that the first one carries out at the last moment', async () => {
    await using daemons = await MovingDaemons.open();
    const { connection, first } = daemons;
    const joining = connection.join('g');
    const next = await daemons.sendAway();
    await daemons.accept();
    await daemons.end('taken-over', mark(11, 12), listFrame([A1, B]));
    const group = await within(joining, 'the join');
    daemons.hear(group);
    expect(group.isMember).to.equal(false);
    await daemons.send(next, mark(11, 12), listFrame([A1, B]), returned(), RESUMED);
    expect(daemons.story).to.deep.equal([MOVED, JOINED, ...RETURN_WORDS, BACK]);
    expect(group.isMember).to.equal(true);
    expect(first.ended || first.socket.destroyed).to.equal(true);
  });

  it('sends to the next daemon from then on, first again what is not acknowledged', async () => {
    await using daemons = await MovingDaemons.joined();
    const { connection, first } = daemons;
    const next = await daemons.sendAway();
    // A write each: what is acknowledged in part is sent again whole.
    for (const text of ['2', '3']) {
      await connection.send('g', text);
      await settle();
    }
    await daemons.send(first, encodeAck(2));
    connection.once('moved', () => void connection.send('g', '4'));
    await daemons.accept('whole', { stable: 2 });
    await connection.send('g', '5');
    await settle();
    expect(sent(first).said).to.deep.equal(['a@d1: join g', 'a@d1: 2 g', 'a@d1: 3 g']);
    const [resume, ...requests] = sent(next).said;
    expect(resume).to.include({ kind: 'resume', next: 3 });
    expect(requests).to.deep.equal(['a@d2: 3 g', 'a@d2: 4 g', 'a@d2: 5 g']);
  });

  it('still answers the first daemon', async () => {
    await using daemons = await MovingDaemons.joined();
    const { first } = daemons;
    const next = await daemons.sendAway();
    await daemons.accept();
    const [before, other] = [first.received.length, next.received.length];
    await first.send(encodePing(7n));
    const pong = encodePong(7n);
    expect((await first.bytesFrom(before + pong.length)).subarray(before)).to.deep.equal(pong);
    expect(next.received).to.have.length(other);
  });

  it('stays when the next daemon would lose something', async () => {
    for (const verdict of ['gap', 'unknown', 'here'] as const) {
      await using daemons = await MovingDaemons.joined();
      const { connection, first, story } = daemons;
      const next = await daemons.sendAway();
      await daemons.accept(verdict);
      await within(next.over(), 'the end of the second connection');
      await daemons.send(first, data('1'));
      expect([connection.open, story], verdict).to.deep.equal([true, [JOINED, '1']]);
    }
  });

  describe('that does not end as it should', () => {
    /** From the position of the first one, with all that it has brought, and nothing of the next one. */
    async function isResumed(daemons: MovingDaemons, events: number): Promise<void> {
      const next = await daemons.again();
      expect(sent(next).hello.attempt).to.equal(2);
      expect(sent(next).hello.resume?.position).to.deep.include({ ...markOf(10, 11), events });
      await daemons.accept();
      await daemons.send(next, data('3'), returned(), RESUMED);
      expect(daemons.story.at(-1)).to.match(/^resumed: second, #a#d1 to #a#d2, 0 gaps/);
      expect(daemons.story.slice(-4, -1)).to.deep.equal(['3', ...RETURN_WORDS]);
    }

    it('is resumed where the first one ended without a word', async () => {
      await using daemons = await MovingDaemons.joined();
      const { first, story } = daemons;
      const next = await daemons.sendAway();
      await daemons.accept();
      await daemons.send(next, data('1'), data('other'), returned());
      await daemons.send(first, data('1'), data('2'));
      first.end();
      await isResumed(daemons, 3);
      expect(story.slice(0, 5)).to.deep.equal([JOINED, MOVED, '1', '2', 'reconnecting: undefined']);
    });

    it('is resumed where the first one ended in another daemon view', async () => {
      for (const view of [TAG + 1n, 0n]) {
        await using daemons = await MovingDaemons.joined();
        const next = await daemons.sendAway();
        await daemons.accept();
        await daemons.send(next, data('other'), data('1'), returned());
        await daemons.endIn(view, 'taken-over', data('1'), data('2'));
        await isResumed(daemons, 3);
        expect(daemons.story.filter((each) => each.length === 1)).to.deep.equal(['1', '2', '3']);
      }
    });

    it('is resumed where the first one ended without a word behind a signal', async () => {
      await using daemons = await MovingDaemons.joined();
      await daemons.sendAway();
      await daemons.accept();
      await daemons.send(daemons.first, transition());
      daemons.first.end();
      await daemons.again();
      expect(groupsOf(await daemons.accept())).to.deep.equal(['g wanted signalled']);
    });

    it('goes all the same when the first one has brought nothing, however it ends', async () => {
      await using daemons = await MovingDaemons.joined();
      const next = await daemons.sendAway();
      await daemons.accept();
      daemons.first.end();
      await daemons.send(next, data('1'), returned(), RESUMED);
      expect(daemons.story).to.deep.equal([JOINED, MOVED, '1', ...RETURN_WORDS, BACK]);
    });

    it('is resumed where the first one stands when the next one is lost', async () => {
      await using daemons = await MovingDaemons.joined();
      const { first, story } = daemons;
      const next = await daemons.sendAway();
      await daemons.accept();
      await daemons.send(next, data('1'));
      await daemons.send(first, data('1'), data('2'));
      next.reset();
      await isResumed(daemons, 3);
      expect(story.slice(0, 4)).to.deep.equal([JOINED, MOVED, '1', '2']);
      await within(first.over(), 'the end of the first connection');
    });

    it('is resumed where the first one ended when the next one is lost before it has brought as much', async () => {
      await using daemons = await MovingDaemons.joined();
      const { story } = daemons;
      const next = await daemons.sendAway();
      await daemons.accept();
      await daemons.end('taken-over', data('1'), data('2'));
      await daemons.send(next, data('1'));
      next.reset();
      await isResumed(daemons, 3);
      expect(story.slice(0, 4)).to.deep.equal([JOINED, MOVED, '1', '2']);
    });

    it('is resumed where the next one stands when that has brought as much', async () => {
      await using daemons = await MovingDaemons.joined();
      const { story } = daemons;
      const next = await daemons.sendAway();
      await daemons.accept();
      await daemons.end('taken-over', data('1'));
      await daemons.send(next, data('1'), mark(11, 16), data('2'));
      next.reset();
      const last = await daemons.again();
      expect(sent(last).hello.resume?.position).to.deep.include({ ...markOf(11, 16), events: 1 });
      await daemons.accept();
      await daemons.send(last, data('3'), returned(), RESUMED);
      expect(story.filter((each) => each.length === 1)).to.deep.equal(['1', '2', '3']);
    });

    for (const [what, frame] of [
      ['a gap', encodeGap({ group: 'g', reason: 'overrun', missed: null, awayMs: 1 })],
      ['its end', RESUMED],
    ] as const) {
      it(`is resumed where the first one ended when the replay has ${what} too early`, async () => {
        await using daemons = await MovingDaemons.joined();
        const next = await daemons.sendAway();
        await daemons.accept();
        await daemons.end('taken-over', data('1'), data('2'));
        await daemons.send(next, data('1'), frame, data('2'));
        await isResumed(daemons, 3);
        expect(daemons.story.filter((each) => each.length === 1)).to.deep.equal(['1', '2', '3']);
      });
    }

    it('closes both', async () => {
      await using daemons = await MovingDaemons.joined();
      const { connection, first } = daemons;
      const next = await daemons.sendAway();
      await daemons.accept();
      await connection.close();
      await within(Promise.all([first.over(), next.over()]), 'the ends');
      expect(sent(next).said.at(-1)).to.equal(`a@d2:  ${A2}`);
    });

    it('closes both when the application closes it as it hears of the move', async () => {
      await using daemons = await MovingDaemons.joined();
      const { connection, first } = daemons;
      const next = await daemons.sendAway();
      connection.once('moved', () => void connection.close());
      await daemons.accept();
      await within(Promise.all([first.over(), next.over()]), 'the ends');
      expect(sent(next).said).to.deep.equal([]);
      expect(daemons.story.slice(-1)).to.deep.equal([MOVED]);
    });
  });

  it('goes when it has what it missed, if it is sent away before', async () => {
    await using daemons = await MovingDaemons.joined();
    const { story } = daemons;
    await daemons.lose();
    await daemons.send(daemons.first, daemons.moveFrame(), mark(11, 12), data('1'));
    expect(story.slice(1)).to.deep.equal(['reconnecting: undefined', '1']);
    await daemons.send(daemons.first, RESUMED);
    const next = await daemons.again();
    expect(story.slice(3)).to.have.length(1);
    expect(sent(next).hello.resume?.position).to.deep.equal({ ...markOf(11, 12), events: 1, awayMs: 0 });
    await daemons.accept();
    await daemons.end();
    await daemons.send(next, returned(), RESUMED);
    expect(story.slice(4)).to.deep.equal([MOVED, ...RETURN_WORDS, BACK]);
  });

  it('tries a daemon last that stops without that', async () => {
    await using daemons = await MovingDaemons.joined();
    await daemons.end('stopping', daemons.peersFrame(), data('1'));
    await daemons.again();
    await daemons.accept();
    await daemons.send(daemons.next, returned(), RESUMED);
    expect(daemons.story.slice(1, 3)).to.deep.equal(['1', 'reconnecting: the daemon ended the session: ']);
    expect(daemons.story.at(-1)).to.match(/^resumed: second/);
  });

  describe('because its daemon has lost the others', () => {
    it('stays', async () => {
      await using daemons = await MovingDaemons.joined();
      const { connection, first, story } = daemons;
      await daemons.send(first, daemons.moveFrame({ reason: 'alone' }), data('1'));
      expect([connection.open, story]).to.deep.equal([true, [JOINED, '1']]);
    });

    it('is lost, and comes to another one, with `follow`', async () => {
      await using daemons = await MovingDaemons.joined({ follow: true });
      const next = await daemons.sendAway({ reason: 'alone' }, data('1'));
      expect(daemons.story).to.deep.equal([
        JOINED,
        '1',
        'reconnecting: the daemon has lost the other daemons',
      ]);
      expect(sent(next).hello.resume?.position).to.deep.include({ ...markOf(10, 11), events: 2 });
    });
  });
});
