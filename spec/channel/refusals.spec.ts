/** `openChannels` and channels where the daemon refuses join or send. */
import { expect } from 'chai';
import { CHANNEL_MESSAGE } from '../../lib/channel/limits.js';
import { PermissionDeniedError } from '../../lib/errors.js';
import type { RejectEvent } from '../../lib/client/event.js';
import { withRules } from '../support/permissions.js';
import { bytes, ChannelFixture, within } from './support.js';

const place = (...rules: readonly string[]): Promise<ChannelFixture> =>
  withRules(rules, (options) => ChannelFixture.start(options));

const forever = new Promise(() => undefined);

const rejected = (error: PermissionDeniedError, body: Buffer): RejectEvent => ({
  kind: 'reject',
  refused: 'data',
  reason: 'permission',
  error,
  groups: error.groups,
  body,
  type: CHANNEL_MESSAGE,
});

/** What the promise is rejected with. */
const refusal = (promise: Promise<unknown>): Promise<unknown> =>
  within(
    promise.then(
      () => 'not refused',
      (error: unknown) => error,
    ),
    'the refusal',
  );

describe('refusals by permission in channels', () => {
  it('openChannels rejects with a refused join', async () => {
    await using it = await place('* send *');
    const error = await refusal(it.channels('a'));
    expect(error).to.be.instanceOf(PermissionDeniedError).and.include({ action: 'join', group: '$channels' });
  });

  for (const [what, rules, group] of [
    ['to the registry', ['* join $channels', '* send #*'], '$channels'],
    ['of private messages', ['* join,send $channels'], '#a#d1'],
  ] as const) {
    it(`openChannels, or the first use of it, rejects with a refused send ${what}`, async () => {
      await using it = await place(...rules);
      const use = it.channels('a').then((channels) => channels.createChannel('c').then(() => forever));
      const error = await refusal(use);
      expect(error).to.be.instanceOf(PermissionDeniedError).and.include({ action: 'send', group });
    });
  }

  it('a right that is withdrawn ends the channels: what waits and what comes later rejects with it', async () => {
    await using it = await place('* join,send $channels', '* send #*');
    const { channels, connection } = await it.party('a');
    const server = await channels.createChannel('c');
    const client = await channels.openChannel('c');
    const waits = [client.call(1, bytes('x')), channels.openChannel('d', { waitMs: 60_000 })];
    const error = new PermissionDeniedError('send', ['$channels']);
    connection.emit('event', rejected(error, Buffer.from([32])));
    for (const each of waits) expect(await refusal(each)).to.equal(error);
    expect(channels.isOpen).to.equal(false);
    for (const later of [
      channels.createChannel('d'),
      channels.registry.lookup('c'),
      client.call(1, bytes('x')),
      server.setMetadata(bytes('x')),
    ]) {
      expect(await refusal(later)).to.equal(error);
    }
  });

  it('a message that may not go to the server rejects the call, ping or post; the channel stays', async () => {
    await using it = await place('* join,send $channels', '* send #*');
    await (await it.channels('s')).createChannel('c');
    const { channels, connection } = await it.party('a');
    const client = await channels.openChannel('c');
    await client.post(1, bytes('x'));
    const error = new PermissionDeniedError('send', ['#s#d1']);
    // As a daemon does whose rules allow that one name to nobody.
    const send = connection.send.bind(connection);
    connection.send = (_, body) => {
      queueMicrotask(() => connection.emit('event', rejected(error, Buffer.from(body as Uint8Array))));
      return Promise.resolve();
    };
    for (const waits of [
      client.call(1, bytes('x')),
      client.call(1, Buffer.alloc(200_000)),
      client.ping(),
      client.post(1, bytes('x'), { confirm: true }),
    ]) {
      expect(await refusal(waits)).to.equal(error);
    }
    connection.send = send;
    expect([client.state, await client.ping()]).to.deep.include('open');
  });
});
