import { expect } from 'chai';
import { equalGroupIds } from '../../lib/index.js';
import { A, change, selfLeave } from './frames.js';
import { joinG, next, parts, ClientFixture, within, ClientWorld } from './support.js';

const B = '#b#d1';

describe('views', () => {
  describe('of a daemon', () => {
    it('tell of joins: who joined, who is there, where I am', async () => {
      await using world = await ClientWorld.start();
      const b = await (await world.connect('b')).join('room');
      expect(parts(await next(b, 'view'))).to.deep.equal({
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
      expect(parts(await next(a, 'view')), 'to the one who joined').to.deep.equal({
        ...view,
        myIndex: 0,
        joined: members,
        cameWithMe: ['#a#d1'],
      });
      expect(parts(await next(b, 'view')), 'to the one who was there').to.deep.equal({
        ...view,
        myIndex: 1,
        joined: ['#a#d1'],
        cameWithMe: ['#b#d1'],
      });
    });

    it('tell of leaves and disconnects by their cause', async () => {
      await using world = await ClientWorld.start();
      const [a, b, c] = [await world.connect('a'), await world.connect('b'), await world.connect('c')];
      const leaving = await b.join('room');
      await c.join('room');
      const group = await a.join('room');
      await next(group, 'view');
      await leaving.leave();
      expect(parts(await next(group, 'view'))).to.deep.equal({
        cause: 'leave',
        members: ['#a#d1', '#c#d1'],
        myIndex: 0,
        changed: '#b#d1',
        joined: [],
        left: ['#b#d1'],
        cameWithMe: ['#a#d1', '#c#d1'],
      });
      await c.close();
      expect(parts(await next(group, 'view'))).to.deep.equal({
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
      await using world = await ClientWorld.start();
      const a = await (await world.connect('a')).join('room');
      const b = await (await world.connect('b')).join('room');
      const [alone, atA, atB] = [await next(a, 'view'), await next(a, 'view'), await next(b, 'view')];
      expect(equalGroupIds(atA.id, atB.id)).to.equal(true);
      expect(equalGroupIds(alone.id, atA.id)).to.equal(false);
    });

    it('begin again when a group is joined again', async () => {
      await using world = await ClientWorld.start();
      const a = await world.connect('a');
      await (await world.connect('b')).join('room');
      const old = await a.join('room');
      await old.leave();
      const view = await next(await a.join('room'), 'view');
      expect(parts(view)).to.deep.include({ joined: ['#a#d1', '#b#d1'], left: [], cameWithMe: ['#a#d1'] });
    });
  });

  describe('of the Group', () => {
    it('are the newest that arrived, ahead of a loop', async () => {
      await using world = await ClientWorld.start();
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

    it('has no members after a leave, though its last view stays', async () => {
      await using stage = await ClientFixture.open();
      const group = await joinG(stage, change('join', A, [A, B]));
      expect(group.isMember).to.equal(true);
      const leave = group.leave();
      await stage.session.send(selfLeave());
      await leave;
      expect([group.isMember, group.members]).to.deep.equal([false, []]);
      expect(group.view.members).to.deep.equal([A, B]);
    });
  });
});
