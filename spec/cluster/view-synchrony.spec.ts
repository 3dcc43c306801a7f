/**
 * A view-synchronous group on three real nodes, while the network breaks and a daemon is killed. The flush calls and the
 * client API are members of it together. By chance, and in more ways, the same is done among the faults.
 */
import { Buffer } from 'node:buffer';
import { expect } from 'chai';
import type { GroupEvent } from '../../lib/client/event.js';
import type { Group } from '../../lib/client/group.js';
import * as fl from '../../lib/flush/index.js';
import { SAFE_MESS } from '../../lib/wire/service.js';
import { whyNoCluster, skipWithoutCluster } from '../support/cluster/available.js';
import { eventually } from '../support/wait.js';
import { ClusterClients, LIMIT, nameAt } from './cluster-clients.js';
import { sharedRig } from './shared.js';

const ONE = nameAt(1);
const TWO = nameAt(2);
const THREE = nameAt(3);

const wordOf = (event: GroupEvent): string => {
  if (event.kind === 'data') return event.text;
  if (event.kind !== 'view') return event.kind;
  return `${event.cause} ${event.members.join(' ')}, with ${event.cameWithMe.join(' ')}`;
};

/** What a member sees from here on. */
function seenBy(group: Group): string[] {
  const seen: string[] = [];
  group.on('event', (event) => seen.push(wordOf(event)));
  return seen;
}

describe('a view-synchronous group on three nodes', function () {
  this.timeout(60_000);
  let company: ClusterClients;

  before(skipWithoutCluster);

  beforeEach(async function () {
    if (whyNoCluster() === null) company = await ClusterClients.gather(await sharedRig());
  });

  afterEach(async () => {
    if (whyNoCluster() === null) await company[Symbol.asyncDispose]();
  });

  it('agrees on views on both sides of a break, and on one when it is over', async () => {
    const groups = await company.all((each) => each.join('agreed', { viewSynchrony: true }));
    const [a, b, c] = groups;
    await eventually(() => groups.every(({ members }) => members.length === 3), 'one view', LIMIT);
    const logs = groups.map(seenBy);
    await eventually(() => logs.every((log) => log.length > 0), 'the views before', LIMIT);
    for (const log of logs) log.length = 0;
    await a.send('whole', { service: 'safe' });
    await eventually(() => logs.every((log) => log.length === 1), 'the message to all', LIMIT);
    await company.cut(3);
    await eventually(() => groups.every(({ members }) => members.length < 3), 'two views', LIMIT);
    await b.send('one side', { service: 'safe', view: b.view.id });
    await c.send('other side', { service: 'safe', view: c.view.id });
    await eventually(() => logs.every((log) => log.length === 4), 'the messages of both sides', LIMIT);
    await company.heal();
    await eventually(() => groups.every(({ members }) => members.length === 3), 'one view again', LIMIT);
    await a.send('whole again');
    await eventually(() => logs.every((log) => log.at(-1) === 'whole again'), 'the last message', LIMIT);
    const all = `network ${ONE} ${TWO} ${THREE}`;
    const side = ['whole', 'transition', `network ${ONE} ${TWO}, with ${ONE} ${TWO}`, 'one side'];
    const together = [`${all}, with ${ONE} ${TWO}`, 'whole again'];
    expect(logs).to.deep.equal([
      [...side, ...together],
      [...side, ...together],
      [
        'whole',
        'transition',
        `network ${THREE}, with ${THREE}`,
        'other side',
        `${all}, with ${THREE}`,
        'whole again',
      ],
    ]);
  });

  it('has members of the flush calls, which lose a daemon with the others', async () => {
    const [a, b] = await company.all(async (each, node) =>
      node === 3 ? null : await each.join('agreed', { viewSynchrony: true }),
    );
    if (!a || !b) throw new Error('two groups');
    const { mbox } = await fl.FL_connect(company.rig.cluster.node(1).address, 'calls', 0);
    try {
      const mess = Buffer.alloc(1024);
      const next = (): Promise<fl.FlReceiveResult> =>
        fl.FL_receive(mbox, { max_groups: 9, max_mess_len: mess.length, mess });
      expect(await fl.FL_join(mbox, 'agreed')).to.equal(0);
      const [calls] = (await next()).groups?.filter((id) => id.includes('calls')) ?? [];
      await eventually(() => a.members.length === 3 && b.members.length === 3, 'one view', LIMIT);
      const logs = [a, b].map(seenBy);
      await fl.FL_multicast(mbox, SAFE_MESS, 'agreed', 1, Buffer.from('of the calls'));
      await eventually(() => logs.every((log) => log.includes('of the calls')), 'the message', LIMIT);
      expect([(await next()).ret, mess.toString('utf8', 0, 12)]).to.deep.equal([12, 'of the calls']);
      await company.kill(2);
      const signals = [(await next()).service_type, (await next()).service_type];
      expect(signals).to.have.members([fl.FLUSH_REQ_MESS, 0x2000]);
      expect(await fl.FL_flush(mbox, 'agreed')).to.equal(0);
      const view = await next();
      expect([view.service_type, view.membership?.names]).to.deep.equal([0x1800, [calls, ONE]]);
      await eventually(() => a.members.length === 2, 'the view without the second node', LIMIT);
      expect(a.view.cameWithMe).to.have.members([calls, ONE]);
    } finally {
      await fl.FL_disconnect(mbox);
      await company.revive(2);
    }
  });
});
