/** Heartbeats of both sides in virtual time, between the real mailbox and the real session. */
import { expect } from 'chai';
import { ExtensionOffer } from '../../lib/mailbox/extension.js';
import type { Mailbox } from '../../lib/mailbox/mailbox.js';
import type { Transport } from '../../lib/mailbox/transport.js';
import type { ToClient } from '../../lib/wire/extension/read.js';
import { AGREED_MESS } from '../../lib/wire/service.js';
import { givenSeed } from '../support/random.js';
import { LibraryWorld } from './library-world.js';

const HEARTBEAT = 1000;
const seed = givenSeed() ?? 1;

const offer = (heartbeatMs = HEARTBEAT, kinds: ToClient['kind'][] = []): ExtensionOffer =>
  new ExtensionOffer(
    { features: 4, holdMs: 0, heartbeatMs, attempt: 0, resume: null },
    {
      frame: ({ kind }) => {
        kinds.push(kind);
        return false;
      },
      data: () => undefined,
      membership: () => undefined,
    },
  );

/** A world of one daemon with a mailbox that has agreed on heartbeats. */
async function inWorld(
  story: (world: LibraryWorld, mailbox: Mailbox, kinds: ToClient['kind'][]) => Promise<void>,
): Promise<void> {
  const world = new LibraryWorld(seed, 1);
  const kinds: ToClient['kind'][] = [];
  await world.run(
    (async () => {
      const mailbox = await world.mailbox(0, 'ann', offer(HEARTBEAT, kinds));
      expect(mailbox.extension?.features).to.equal(4);
      await story(world, mailbox, kinds);
      mailbox.kill();
    })(),
  );
}

/** It neither reads nor asks any more, but its connection stays. */
function standStill(mailbox: Mailbox): void {
  mailbox.extension?.stop();
  (Reflect.get(mailbox, 'transport') as Transport).pause();
}

const endsOf = (world: LibraryWorld): object => world.daemons[0]?.server.counters.ends ?? {};

describe('simulation: heartbeats', () => {
  it('keep a quiet connection, in both directions', () =>
    inWorld(async (world, mailbox, kinds) => {
      await world.sleep(20 * HEARTBEAT);
      expect(mailbox.state).to.equal('open');
      expect(endsOf(world)).to.deep.equal({});
      expect(kinds.filter((kind) => kind === 'ping').length).to.be.at.least(15);
      expect(kinds).to.not.include('end');
      expect(mailbox.waiting).to.equal(0);
    }));

  it('end a connection whose daemon hangs', () =>
    inWorld(async (world, mailbox) => {
      const begin = world.loop.now;
      world.daemons[0]?.freeze();
      await world.until(() => mailbox.state === 'lost', 'the loss');
      expect(world.loop.now - begin).to.be.within(2.5 * HEARTBEAT, 3.1 * HEARTBEAT);
      expect(mailbox.cause).to.include({ code: 'ETIMEDOUT' });
      expect(mailbox.cause?.message).to.equal('the daemon was silent for 2.5 heartbeats of 1000 ms');
    }));

  it('end a session whose client hangs', () =>
    inWorld(async (world, mailbox) => {
      const begin = world.loop.now;
      standStill(mailbox);
      await world.until(() => Object.keys(endsOf(world)).length > 0, 'the end');
      expect(endsOf(world)).to.deep.equal({ silent: 1 });
      expect(world.loop.now - begin).to.be.within(2.5 * HEARTBEAT, 3.1 * HEARTBEAT);
    }));

  it('do not end the sessions of a daemon that stood still itself', () =>
    inWorld(async (world, mailbox) => {
      const patient = await world.mailbox(0, 'bob', offer(10 * HEARTBEAT));
      standStill(mailbox);
      const [daemon] = world.daemons;
      await world.sleep(2.2 * HEARTBEAT);
      daemon?.freeze();
      await world.sleep(5 * HEARTBEAT);
      void mailbox.send(AGREED_MESS, ['g'], 0, []);
      daemon?.thaw();
      await world.sleep(HEARTBEAT);
      expect(endsOf(world)).to.deep.equal({});
      patient.kill();
    }));
});
