import { expect } from 'chai';
import { IllegalParamError } from '../../../lib/errors.js';
import { presence } from '../../../lib/recipes/index.js';
import { until } from '../../support/wait.js';
import { ClientWorld, failure } from '../../client/support.js';

describe('members', () => {
  it('shows who is here with what each says of itself', async () => {
    await using house = await ClientWorld.start();
    const [first, second] = [await house.connect('a'), await house.connect('b')];
    const begin = Date.now();
    const a = await presence(first, 'workers', { metadata: { port: 1 } });
    const joined: string[] = [];
    const left: string[] = [];
    a.on('joined', ({ id: name }) => joined.push(name));
    a.on('left', ({ id: name }, how) => left.push(`${name} ${how}`));
    const b = await presence(second, 'workers', { metadata: { port: 2 } });
    await until(() => a.here.length === 2 && b.here.length === 2, 'both to know both');
    expect(a.here.map(({ id: name, metadata, isMe }) => ({ name, metadata, isMe }))).to.deep.equal([
      { name: '#a#d1', metadata: { port: 1 }, isMe: true },
      { name: '#b#d1', metadata: { port: 2 }, isMe: false },
    ]);
    expect(b.here[1]?.since.getTime()).to.be.within(begin - 1000, Date.now() + 1000);
    expect(joined).to.deep.equal(['#a#d1', '#b#d1']);
    await second.close();
    await until(() => left.length > 0, 'the other to be gone');
    expect(left).to.deep.equal(['#b#d1 disconnected']);
  });

  it('tells when metadata changes', async () => {
    await using house = await ClientWorld.start();
    const a = await presence<string>(await house.connect('a'), 'workers', { metadata: 'idle' });
    const b = await presence<string>(await house.connect('b'), 'workers', { metadata: 'idle' });
    await until(() => a.here.length === 2, 'both to be here');
    const changes: (string | null)[] = [];
    a.on('updated', (now, before) => changes.push(before.metadata, now.metadata));
    b.announce('busy');
    await until(() => changes.length > 0, 'the change');
    expect(changes).to.deep.equal(['idle', 'busy']);
  });

  it('refuses metadata that is too long or nothing', async () => {
    await using house = await ClientWorld.start();
    const connection = await house.connect('a');
    for (const metadata of ['x'.repeat(20_000), undefined, () => 1])
      expect(await failure(presence(connection, 'workers', { metadata }))).to.be.instanceOf(
        IllegalParamError,
      );
  });
});
