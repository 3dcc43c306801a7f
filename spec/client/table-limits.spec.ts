/** MaxGroups and MaxMemberships as a program meets them, and as C clients do. */
import { expect } from 'chai';
import { openChannels } from '../../lib/channel/index.js';
import { TooManyGroupsError } from '../../lib/index.js';
import { counter, presence } from '../../lib/recipes/index.js';
import { CAUSED_BY_JOIN, REJECT_MESS } from '../../lib/wire/service.js';
import { RawSession } from '../support/raw-client.js';
import { failure, ClientWorld } from './support.js';

describe('groups beyond MaxGroups', () => {
  it('reject the join with TooManyGroupsError, and have room when one is gone', async () => {
    await using w = await ClientWorld.start({ limits: { maxGroups: 1 } });
    const a = await w.connect('a');
    const room = await a.join('room');
    expect(await failure(a.join('hall'))).to.be.instanceOf(TooManyGroupsError);
    expect(w.daemon.status.core.limited).to.equal(1);
    await room.leave();
    expect((await a.join('hall')).name).to.equal('hall');
  });

  it('reject recipes and channels with it', async () => {
    await using w = await ClientWorld.start({ limits: { maxGroups: 1 } });
    await (await w.connect('a')).join('room');
    const b = await w.connect('b');
    for (const act of [
      async () => await (await presence(b, 'people', { metadata: 1 })).closed,
      async () => await (await counter(b, 'numbers')).add(),
      async () => await openChannels(b),
    ]) {
      const error = await act().catch((refused: unknown) => refused);
      expect(error).to.be.instanceOf(TooManyGroupsError);
    }
  });

  it('are a reject frame for other clients, whose session lives on', async () => {
    await using w = await ClientWorld.start({ limits: { maxMemberships: 1 } });
    const client = await RawSession.connect(w.daemon.port, 'raw');
    client.join('one');
    expect((await client.next()).names()).to.deep.equal(['#raw#d1']);
    client.join('two');
    const reject = await client.next();
    expect(reject.service).to.equal(CAUSED_BY_JOIN | REJECT_MESS);
    expect([reject.name, reject.names()]).to.deep.equal(['#raw#d1', ['two', '#raw#d1']]);
    client.leave('one');
    await client.next();
    client.join('two');
    expect((await client.next()).names()).to.deep.equal(['#raw#d1']);
    client.client.close();
  });
});
