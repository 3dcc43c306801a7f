/** Recipes whose group refuses join or send reject with that, at once. */
import { expect } from 'chai';
import { PermissionDeniedError } from '../../../lib/errors.js';
import type { Connection } from '../../../lib/client/connection.js';
import type { RejectEvent } from '../../../lib/client/event.js';
import { sealed } from '../../../lib/recipes/core/codec.js';
import {
  barrier,
  groupRpc,
  counter,
  election,
  lock,
  LockEndedError,
  map,
  presence,
  type Presence,
  replicated,
} from '../../../lib/recipes/index.js';
import { until } from '../../support/wait.js';
import { withRules } from '../../support/permissions.js';
import { within } from '../../support/fake-daemon.js';
import { ClientWorld, failure } from '../../client/support.js';

interface Started {
  readonly closed: Promise<Error | undefined>;
  /** What somebody waits for; members wait for nothing. */
  readonly waits?: Promise<unknown>;
}

const refusalOf = (groups: readonly string[], body: Buffer = Buffer.alloc(0)): RejectEvent => ({
  kind: 'reject',
  refused: 'data',
  reason: 'permission',
  error: new PermissionDeniedError('send', groups),
  groups,
  body,
  type: 0,
});

const machine = () => ({
  reset: () => undefined,
  apply: () => undefined,
  snapshot: () => Buffer.alloc(0),
  restore: () => undefined,
});

const recipes: Readonly<Record<string, (connection: Connection) => Promise<Started>>> = {
  barrier: async (connection) => {
    const it = await barrier(connection, 'work', { parties: 2 });
    return { closed: it.closed, waits: it.enter() };
  },
  caller: async (connection) => {
    const it = await groupRpc(connection, 'work', { handler: () => 'y' });
    return { closed: it.closed, waits: it.call('x') };
  },
  counter: async (connection) => {
    const it = await counter(connection, 'work');
    return { closed: it.closed, waits: it.add() };
  },
  election: async (connection) => {
    const it = await election(connection, 'work', { quorum: 2 });
    return { closed: it.closed, waits: it.waitForLeader() };
  },
  lock: async (connection) => {
    const it = await lock(connection, 'work');
    return { closed: it.closed, waits: it.acquire() };
  },
  map: async (connection) => {
    const it = await map<number>(connection, 'work');
    return { closed: it.closed, waits: it.set('k', 1) };
  },
  members: async (connection) => ({ closed: (await presence(connection, 'work', { metadata: 1 })).closed }),
  replicated: async (connection) => {
    const it = await replicated<number, void>(connection, 'work', machine());
    return { closed: it.closed, waits: it.submit(1) };
  },
};

describe('refusals by permission in recipes', () => {
  const house = (...rules: readonly string[]): Promise<ClientWorld> =>
    withRules(rules, (options) => ClientWorld.start(options));

  for (const [name, start] of Object.entries(recipes)) {
    it(`${name}: a refused join rejects`, async () => {
      await using it = await house('* send *');
      const error = await within(failure(start(await it.connect('a'))), 'the refusal');
      expect(error).to.be.instanceOf(PermissionDeniedError).and.include({ action: 'join', group: 'work' });
    });

    it(`${name}: a refused send rejects what waits, and ends the recipe with that error`, async () => {
      await using it = await house('* join *', '* send #*');
      const { closed, waits } = await start(await it.connect('a'));
      const error = await within(waits ? failure(waits) : closed, 'the refusal');
      expect(error).to.be.instanceOf(PermissionDeniedError).and.include({ action: 'send', group: 'work' });
      expect(await within(closed, 'the end')).to.equal(error);
    });
  }

  for (const name of ['caller', 'map'] as const) {
    it(`${name}: refused private messages reject at the start, not when somebody waits for one`, async () => {
      await using it = await house('* join,send work');
      const { closed } = await (recipes[name] as (typeof recipes)['map'])(await it.connect('a'));
      const error = await within(closed, 'the end');
      expect(error).to.be.instanceOf(PermissionDeniedError).and.include({ action: 'send', group: '#a#d1' });
    });
  }

  it('one member that may not be sent to is a warning, and costs nobody the state', async () => {
    await using it = await house('* join,send work', '* send #*');
    const connection = await it.connect('a');
    const mine = await map<number>(connection, 'work');
    await mine.set('k', 1);
    const warned = new Promise<Error>((resolve) => process.once('warning', resolve));
    connection.emit('reject', refusalOf(['#b#d1'], sealed('work', Buffer.from('an offer'))));
    expect(await within(warned, 'the warning')).to.include({
      name: 'SspRefusedWarning',
      message:
        'work: permission denied: send to #b#d1 (PERMISSION_DENIED), so it gets no state and no answers of this member',
    });
    await mine.set('k', 2);
    expect(mine.get('k')).to.equal(2);
  });

  it('members that may not send privately introduce themselves to the group', async () => {
    await using it = await house('* join,send work');
    const connections = [];
    for (const name of ['a', 'b', 'c', 'd', 'e']) connections.push(await it.connect(name));
    const refused: string[] = [];
    for (const connection of connections) connection.on('reject', ({ groups }) => refused.push(...groups));
    const all: Presence<number>[] = [];
    for (const connection of connections) {
      all.push(await presence<number>(connection, 'work', { metadata: 1 }));
      const each = connections.slice(0, all.length).map(({ id }) => id);
      const areKnown = (): boolean =>
        all.every(({ here }) => here.map(({ id }) => id).join() === each.join());
      await until(areKnown, `${connection.id} and the others to know each other`);
    }
    // Each but the last one has tried once.
    expect(refused.toSorted()).to.deep.equal(['#c#d1', '#c#d1', '#d#d1', '#e#d1']);
  });

  it('a right that is withdrawn later ends a lock in the hand, and what waits for it', async () => {
    await using it = await house('* join,send work', '* send #*');
    const connection = await it.connect('a');
    const mine = await lock(connection, 'work');
    const held = await mine.acquire();
    const next = mine.acquire();
    // As a daemon answers when its rules have changed.
    const refusal = refusalOf(['work']);
    connection.emit('reject', refusal);
    expect(await within(failure(next), 'the refusal')).to.equal(refusal.error);
    expect(held.signal.reason).to.be.instanceOf(LockEndedError).with.property('cause', refusal.error);
  });

  it('what another recipe, or the application, may not send ends nothing', async () => {
    await using it = await house('* join,send work', '* send #*');
    const connection = await it.connect('a');
    const mine = await map<number>(connection, 'work');
    const refused = new Promise((resolve) => connection.once('reject', resolve));
    await connection.send('elsewhere', 'x');
    await within(refused, 'the refusal');
    await mine.set('k', 1);
    expect(mine.get('k')).to.equal(1);
  });
});
