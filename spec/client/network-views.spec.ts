import { expect } from 'chai';
import { A, change, ID, network, transition, type ViewOptions } from './frames.js';
import { joinG, next, parts, ClientFixture } from './support.js';

const [B, C, D, E] = ['#b#d1', '#c#d2', '#d#d3', '#e#d3'] as const;

describe('views when daemons are lost or found', () => {
  it('tell who is gone; all who stay came along', async () => {
    await using stage = await ClientFixture.open();
    const group = await joinG(stage, change('join', A, [A, B, C, D]));
    await stage.session.send(transition(), network([A, B], [[A, B]], 0));
    await next(group, 'view');
    expect(parts(await next(group, 'view'))).to.deep.equal({
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
      await using stage = await ClientFixture.open();
      const group = await joinG(stage, change('join', A, [A, B]));
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
      await next(group, 'view');
      expect(parts(await next(group, 'view'))).to.deep.equal({
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
    await using stage = await ClientFixture.open();
    const group = await joinG(stage, change('join', A, [A, B, C]));
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
    await next(group, 'view');
    const view = await next(group, 'view');
    expect(view).to.deep.include({ joined: [D, E], left: [B] });
    expect(view.cameWithMe, 'in the order of the members').to.deep.equal([A, C]);
  });

  it('tell of one who is in both views and did not come along', async () => {
    await using stage = await ClientFixture.open();
    const group = await joinG(stage, change('join', A, [A, B, C]));
    await stage.session.send(transition(), network([A, B, C], [[A, B], [C]], 0));
    await next(group, 'view');
    expect(parts(await next(group, 'view'))).to.deep.include({ joined: [], left: [], cameWithMe: [A, B] });
  });

  it('can be the first view of a group', async () => {
    await using stage = await ClientFixture.open();
    const group = await joinG(stage, network([A, C], [[C], [A]], 1));
    expect(parts(await next(group, 'view'))).to.deep.include({
      cause: 'network',
      changed: null,
      joined: [A, C],
      cameWithMe: [A],
    });
  });

  it('are announced by a transition with the id of the view that ends', async () => {
    await using stage = await ClientFixture.open();
    const group = await joinG(stage, change('join', A, [A, B]));
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
    await using stage = await ClientFixture.open();
    const big: ViewOptions = { little: false, id: [1, -2, 3] };
    const group = await joinG(stage, change('join', A, [A], big));
    await stage.session.send(network([A, C, D], [[C, D], [A]], 1, big));
    expect((await next(group, 'view')).id).to.deep.equal([1, -2, 3]);
    expect(parts(await next(group, 'view'))).to.deep.include({ joined: [C, D], cameWithMe: [A] });
  });
});
