/** What connections publish about their groups on `node:diagnostics_channel`. */
import { expect } from 'chai';
import { PermissionDeniedError } from '../../lib/index.js';
import { Published } from '../support/diagnostics.js';
import { withRules } from '../support/permissions.js';
import { until } from '../support/wait.js';
import { caughtUp, ClientWorld, failure } from './support.js';

interface Report {
  readonly id: string;
  readonly [name: string]: unknown;
}

describe('reports of groups', () => {
  it('ssp-toolkit:view tells of each view, once for each connection, and of no message', async () => {
    await using world = await ClientWorld.start();
    const [a, b] = [await world.connect('a'), await world.connect('b')];
    using views = new Published<Report>('ssp-toolkit:view');
    const first = await a.join('g');
    await b.join('g');
    await until(() => first.view.size === 2, 'both in the group');
    const { view } = first;
    await first.send('x');
    await caughtUp(a);
    expect(views.messages.map(({ id, members, cause }) => [id, members, cause])).to.have.deep.members([
      ['#a#d1', 1, 'join'],
      ['#a#d1', 2, 'join'],
      ['#b#d1', 2, 'join'],
    ]);
    const ofView = views.messages.filter(({ members }) => members === 2);
    for (const { gid, group } of ofView) expect([group, gid]).to.deep.equal(['g', view.id]);
    await b.leave('g');
    await until(() => first.view.size === 1, 'one to be left');
    expect(views.messages.at(-1)).to.include({ id: '#a#d1', cause: 'leave', members: 1 });
  });

  it('ssp-toolkit:refused tells of each request that the daemon refuses', async () => {
    await using world = await withRules(['* send open', '* send #*'], (options) =>
      ClientWorld.start(options),
    );
    const a = await world.connect('a');
    a.on('reject', () => undefined);
    using refusals = new Published<Report>('ssp-toolkit:refused');
    const error = await failure(a.join('room'));
    await a.send('room', 'x');
    await caughtUp(a);
    const common = { id: '#a#d1', reason: 'permission', groups: ['room'] };
    const [join, data] = refusals.messages;
    expect(refusals.messages).to.have.length(2);
    expect(join).to.deep.equal({ ...common, refused: 'join', error });
    expect(data).to.deep.include({ ...common, refused: 'data' });
    expect(data?.['error']).to.be.instanceOf(PermissionDeniedError);
  });
});
