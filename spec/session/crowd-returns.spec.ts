/** Many clients of one group whose daemon dies: all return at the same time, each with a place in the list of the others. */
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { expect } from 'chai';
import { cluster } from '../../daemon/testing/index.js';
import type { Connection, Group } from '../../lib/index.js';
import { until } from '../support/wait.js';

const LIMIT = 60_000;
/** Above 64: an index from there on looks like a part of a service word. */
const CROWD = 150;

/** Lists that were not what the daemon says, of any connection. */
const wrong: unknown[] = [];
const hear = (message: unknown): void => void wrong.push(message);

function hearWrongLists(): void {
  beforeEach(() => {
    wrong.length = 0;
    subscribe('ssp-toolkit:list', hear);
  });
  afterEach(() => {
    unsubscribe('ssp-toolkit:list', hear);
  });
}

describe('session: a crowd that returns', function () {
  this.timeout(2 * LIMIT);
  hearWrongLists();

  it('reads nothing but frames, and is back after one loss', async () => {
    await using daemons = await cluster(2);
    const connections: Connection[] = [];
    const groups: Group[] = [];
    let losses = 0;
    for (let i = 0; i < CROWD; i++) {
      const connection = await daemons.connect(0, { resume: true });
      connection.on('reconnecting', () => losses++);
      connections.push(connection);
      groups.push(await connection.join('crowd'));
      groups.at(-1)?.on('event', () => undefined);
    }
    await daemons.kill(0, { wait: 'nothing' });
    await until(() => losses >= CROWD, 'the loss', LIMIT);
    const isBack = (group: Group): boolean => group.isMember && group.members.length === CROWD;
    await until(() => groups.every(isBack), 'all to be back', LIMIT);
    expect([losses, wrong]).to.deep.equal([CROWD, []]);
    expect(new Set(groups.map((group) => group.members.join()))).to.have.length(1);
  });
});

describe('session: a client that wants no lists, whose daemon dies', () => {
  hearWrongLists();

  it('gets views in which it has its place, or none, and asks for no list', async () => {
    await using daemons = await cluster(2);
    const away = await daemons.connect(0, { resume: true });
    const other = await daemons.connect(1);
    const room = await away.join('room', { list: 'on-demand' });
    const views: [size: number, index: number][] = [];
    room.on('view', ({ size, myIndex }) => views.push([size, myIndex]));
    (await other.join('room')).on('event', () => undefined);
    await until(() => views.length > 0, 'the view of the other');
    views.length = 0;
    await daemons.kill(0, { wait: 'nothing' });
    await until(() => views.some(([size, index]) => size === 2 && index >= 0), 'the return', LIMIT);
    // While it was away it was not a member.
    for (const [size, index] of views)
      expect(size === 2 ? index >= 0 : index === -1, JSON.stringify(views)).to.equal(true);
    expect(wrong).to.deep.equal([]);
    expect(() => room.members).to.throw('list');
  });
});
