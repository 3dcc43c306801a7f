import { expect } from 'chai';
import { equalGroupIds, type ViewEvent } from '../../lib/index.js';
import type { Group } from '../../lib/group/group.js';
import { A, change, ID, network, REQUEST_BYTES, selfLeave, transition, type ViewOptions } from './frames.js';
import { Stage, within, World } from './support.js';

const [B, C, D, E] = ['#b#d1', '#c#d2', '#d#d3', '#e#d3'] as const;

/** The next view of the group. */
async function nextView(group: Group): Promise<ViewEvent> {
  const loop = async (): Promise<ViewEvent> => {
    for await (const event of group) if (event.kind === 'view') return event;
    throw new Error('the group ended');
  };
  return await within(loop(), 'a view');
}

/** A view without what is the same in all of a script. */
function parts({ cause, members, myIndex, changed, joined, left, cameWithMe }: ViewEvent): object {
  return { cause, members, myIndex, changed, joined, left, cameWithMe };
}

/** The group `g` whose first view is the given frame. */
async function joined(stage: Stage, first: Buffer): Promise<Group> {
  const join = stage.connection.join('g');
  await stage.session.bytesFrom(REQUEST_BYTES);
  await stage.session.send(first);
  return await within(join, 'the join');
}

describe('views', () => {
  describe('of a daemon', () => {
    it('tell of joins: who joined, who is there, where I am', async () => {
      await using world = await World.start();
      const b = await (await world.connect('b')).join('room');
      expect(parts(await nextView(b))).to.deep.equal({
        cause: 'join',
        members: ['#b#d1'],
        myIndex: 0,
        changed: '#b#d1',
        joined: ['#b#d1'],
        left: [],
        cameWithMe: ['#b#d1'],
      });
      const a = await (await world.connect('a')).join('room');
      const members = ['#a#d1', '#b#d1'];
      const view = { cause: 'join', members, changed: '#a#d1', left: [] };
      expect(parts(await nextView(a)), 'to the one who joined').to.deep.equal({
        ...view,
        myIndex: 0,
        joined: members,
        cameWithMe: ['#a#d1'],
      });
      expect(parts(await nextView(b)), 'to the one who was there').to.deep.equal({
        ...view,
        myIndex: 1,
        joined: ['#a#d1'],
        cameWithMe: ['#b#d1'],
      });
    });

    it('tell of leaves and disconnects by their cause', async () => {
      await using world = await World.start();
      const [a, b, c] = [await world.connect('a'), await world.connect('b'), await world.connect('c')];
      const leaving = await b.join('room');
      await c.join('room');
      const group = await a.join('room');
      await nextView(group);
      await leaving.leave();
      expect(parts(await nextView(group))).to.deep.equal({
        cause: 'leave',
        members: ['#a#d1', '#c#d1'],
        myIndex: 0,
        changed: '#b#d1',
        joined: [],
        left: ['#b#d1'],
        cameWithMe: ['#a#d1', '#c#d1'],
      });
      await c.close();
      expect(parts(await nextView(group))).to.deep.equal({
        cause: 'disconnect',
        members: ['#a#d1'],
        myIndex: 0,
        changed: '#c#d1',
        joined: [],
        left: ['#c#d1'],
        cameWithMe: ['#a#d1'],
      });
    });

    it('have the same id at all members, and another one than the view before', async () => {
      await using world = await World.start();
      const a = await (await world.connect('a')).join('room');
      const b = await (await world.connect('b')).join('room');
      const [alone, atA, atB] = [await nextView(a), await nextView(a), await nextView(b)];
      expect(equalGroupIds(atA.id, atB.id)).to.equal(true);
      expect(equalGroupIds(alone.id, atA.id)).to.equal(false);
    });

    it('begin anew when a group is joined again', async () => {
      await using world = await World.start();
      const a = await world.connect('a');
      await (await world.connect('b')).join('room');
      const old = await a.join('room');
      await old.leave();
      const view = await nextView(await a.join('room'));
      expect(parts(view)).to.deep.include({ joined: ['#a#d1', '#b#d1'], left: [], cameWithMe: ['#a#d1'] });
    });
  });

  describe('when daemons are lost or found', () => {
    it('tell who is gone; all who stay came along', async () => {
      await using stage = await Stage.open();
      const group = await joined(stage, change('join', A, [A, B, C, D]));
      await stage.session.send(transition(), network([A, B], [[A, B]], 0));
      await nextView(group);
      expect(parts(await nextView(group))).to.deep.equal({
        cause: 'network',
        members: [A, B],
        myIndex: 0,
        changed: null,
        joined: [],
        left: [C, D],
        cameWithMe: [A, B],
      });
    });

    it('tell of a merge who came along with me and who is new, whichever set is mine', async () => {
      const members = [A, B, C, D];
      for (const own of [0, 1]) {
        await using stage = await Stage.open();
        const group = await joined(stage, change('join', A, [A, B]));
        const sets =
          own === 0
            ? [
                [A, B],
                [C, D],
              ]
            : [
                [C, D],
                [A, B],
              ];
        await stage.session.send(network(members, sets, own));
        await nextView(group);
        expect(parts(await nextView(group))).to.deep.equal({
          cause: 'network',
          members,
          myIndex: 0,
          changed: null,
          joined: [C, D],
          left: [],
          cameWithMe: [A, B],
        });
      }
    });

    it('tell of members lost and others found at once', async () => {
      await using stage = await Stage.open();
      const group = await joined(stage, change('join', A, [A, B, C]));
      await stage.session.send(
        transition(),
        network(
          [A, C, D, E],
          [
            [D, E],
            [C, A],
          ],
          1,
        ),
      );
      await nextView(group);
      const view = await nextView(group);
      expect(view).to.deep.include({ joined: [D, E], left: [B] });
      expect(view.cameWithMe, 'in the order of the members').to.deep.equal([A, C]);
    });

    it('tell of one who is in both views and did not come along', async () => {
      await using stage = await Stage.open();
      const group = await joined(stage, change('join', A, [A, B, C]));
      await stage.session.send(transition(), network([A, B, C], [[A, B], [C]], 0));
      await nextView(group);
      expect(parts(await nextView(group))).to.deep.include({ joined: [], left: [], cameWithMe: [A, B] });
    });

    it('can be the first view of a group', async () => {
      await using stage = await Stage.open();
      const group = await joined(stage, network([A, C], [[C], [A]], 1));
      expect(parts(await nextView(group))).to.deep.include({
        cause: 'network',
        changed: null,
        joined: [A, C],
        cameWithMe: [A],
      });
    });

    it('are announced by a transition with the id of the view that ends', async () => {
      await using stage = await Stage.open();
      const group = await joined(stage, change('join', A, [A, B]));
      await stage.session.send(transition('g', ID), network([A], [[A]], 0, { id: [7, 200, 1] }));
      const kinds = [];
      for await (const event of group) {
        kinds.push(event.kind);
        if (event.kind === 'transition')
          expect(event).to.deep.equal({ kind: 'transition', group: 'g', id: ID });
        if (event.kind === 'view' && event.cause === 'network') {
          expect(event.id).to.deep.equal([7, 200, 1]);
          break;
        }
      }
      expect(kinds).to.deep.equal(['view', 'transition', 'view']);
    });

    it('are read from a daemon of the other byte order', async () => {
      await using stage = await Stage.open();
      const big: ViewOptions = { little: false, id: [1, -2, 3] };
      const group = await joined(stage, change('join', A, [A], big));
      await stage.session.send(network([A, C, D], [[C, D], [A]], 1, big));
      expect((await nextView(group)).id).to.deep.equal([1, -2, 3]);
      expect(parts(await nextView(group))).to.deep.include({ joined: [C, D], cameWithMe: [A] });
    });
  });

  describe('of the Group', () => {
    it('are the newest that arrived, ahead of a loop', async () => {
      await using world = await World.start();
      const group = await (await world.connect('a')).join('room');
      const { view } = group;
      expect(group.members).to.equal(view.members);
      const other = await (await world.connect('b')).join('room');
      await within(
        new Promise<void>((resolve) => group.on('view', ({ members }) => members.length === 2 && resolve())),
        'the second view',
      );
      expect(group.members).to.deep.equal(other.members).and.deep.equal(['#a#d1', '#b#d1']);
      expect(view.members).to.deep.equal(['#a#d1']);
    });

    it('stay after a leave', async () => {
      await using stage = await Stage.open();
      const group = await joined(stage, change('join', A, [A, B]));
      const leave = group.leave();
      await stage.session.send(selfLeave());
      await leave;
      expect(group.members).to.deep.equal([A, B]);
    });
  });
});
