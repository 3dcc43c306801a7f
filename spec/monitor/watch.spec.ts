/** What happens in a real daemon, as `status.watch` tells it, and what its status lists. */
import { expect } from 'chai';
import type { Daemon, StatusEvent } from '../../daemon/index.js';
import { connect } from '../../lib/client/connect.js';
import { AGREED_MESS } from '../../lib/wire/service.js';
import { connectMembers, startDaemon } from '../support/local-daemon.js';
import { MemoryCluster } from '../support/memory-cluster.js';
import { RawClient, RawSession } from '../support/raw-client.js';
import { until } from '../support/wait.js';

/** Everything that the daemon tells from now on. */
function heard(daemon: Daemon): StatusEvent[] {
  const events: StatusEvent[] = [];
  daemon.status.watch((event) => void events.push(event));
  return events;
}

const ofKind = <K extends StatusEvent['kind']>(
  events: readonly StatusEvent[],
  kind: K,
): Extract<StatusEvent, { kind: K }>[] =>
  events.filter((event): event is Extract<StatusEvent, { kind: K }> => event.kind === kind);

/** Views without the ids of their groups, which tell the time. */
const withoutIds = (events: readonly StatusEvent[]): object[] =>
  ofKind(events, 'view').map(({ kind, group, cause, members, came, gone, more }) => {
    return { kind, group, cause, members, came, gone, more };
  });

describe('a daemon that is watched', () => {
  it('tells of the views of its groups, with cause and who', async () => {
    await using daemon = await startDaemon();
    const events = heard(daemon);
    const [ann, bob] = await connectMembers(daemon, 'room', 'ann', 'bob');
    bob?.leave('room');
    await until(() => ofKind(events, 'view').length === 3, 'the leave');
    ann?.close();
    await until(() => ofKind(events, 'view').length === 4, 'the disconnect');
    const ids = ofKind(events, 'view').map(({ gid }) => gid);
    expect(new Set(ids).size).to.equal(4);
    expect(withoutIds(events)).to.deep.equal(
      (
        [
          ['join', 1, ['#ann#dmn1'], []],
          ['join', 2, ['#bob#dmn1'], []],
          ['leave', 1, [], ['#bob#dmn1']],
          ['disconnect', 0, [], ['#ann#dmn1']],
        ] as const
      ).map(([cause, members, came, gone]) => {
        return { kind: 'view', group: 'room', cause, members, came, gone, more: 0 };
      }),
    );
    bob?.close();
  });

  it('tells of sessions that end, of connections that are refused, and of new options', async () => {
    const limits = { maxSessions: 2 };
    await using daemon = await startDaemon({ limits });
    const events = heard(daemon);
    const ann = await RawSession.connect(daemon.port, 'ann');
    const other = await RawSession.connect(daemon.port, 'bob');
    const refused = await RawClient.open(daemon.port);
    await refused.end();
    ann.close();
    await until(() => events.length === 2, 'the end');
    await daemon.reload({ name: 'dmn1', listen: [{ host: '127.0.0.1', port: 0 }], limits });
    const [first, second, third] = events;
    expect(first).to.include({ kind: 'refused', from: '127.0.0.1', reason: 'session limit reached' });
    expect(second).to.include({ kind: 'session-ended', id: '#ann#dmn1', reason: 'closed', detail: '' });
    expect(third).to.deep.equal({ kind: 'reload' });
    other.close();
  });

  it('tells of a name that is taken as a refusal, with its code', async () => {
    await using daemon = await startDaemon();
    const ann = await RawSession.connect(daemon.port, 'ann');
    const events = heard(daemon);
    await connect({ address: `${daemon.port}@127.0.0.1`, name: 'ann' }).catch(() => undefined);
    await until(() => events.length > 0, 'the refusal');
    expect(events[0]).to.include({ kind: 'refused', reason: 'REJECT_NOT_UNIQUE' });
    ann.close();
  });

  it('tells nothing any more to one who has enough', async () => {
    await using daemon = await startDaemon();
    const events: StatusEvent[] = [];
    const others = heard(daemon);
    daemon.status.watch((event) => void events.push(event))();
    const [ann] = await connectMembers(daemon, 'room', 'ann');
    expect(events).to.deep.equal([]);
    expect(others).to.have.length(1);
    ann?.close();
  });

  for (const resume of [true, false]) {
    it(`tells of a partition and of its end ${resume ? '' : 'where nothing is kept for clients'}`, async () => {
      await using cluster = await MemoryCluster.start(3, () => ({ resume }));
      const [first] = cluster.daemons as [Daemon];
      await using ann = await connect({ address: cluster.address(0), name: 'ann' });
      await using bob = await connect({ address: cluster.address(1), name: 'bob' });
      await using cid = await connect({ address: cluster.address(2), name: 'cid' });
      for (const each of [ann, bob, cid]) (await each.join('room')).on('event', () => undefined);
      const lone = await cid.join('lone');
      lone.on('event', () => undefined);
      await until(() => first.status.members('lone')?.length === 1, 'the groups');
      const events = heard(first);
      cluster.network.connect([[0, 1], [2]]);
      await until(() => first.status.groupCount === 1, 'the part');
      const [part] = ofKind(events, 'daemon-view');
      expect([part?.daemons, part?.sets]).to.deep.equal([['d1', 'd2'], [['d1', 'd2']]]);
      const lost = withoutIds(events);
      expect(lost).to.have.deep.members([
        { kind: 'view', group: 'room', cause: 'network', members: 2, came: [], gone: ['#cid#d3'], more: 0 },
        { kind: 'view', group: 'lone', cause: 'network', members: 0, came: [], gone: ['#cid#d3'], more: 0 },
      ]);
      cluster.network.connect([[0, 1, 2]]);
      await until(() => first.status.members('room')?.length === 3, 'the whole');
      const whole = ofKind(events, 'daemon-view').at(-1);
      expect(whole?.sets).to.deep.equal([['d1', 'd2'], ['d3']]);
      expect(first.status.view).to.deep.equal({ id: whole?.id, daemons: whole?.daemons, sets: whole?.sets });
      const back = ofKind(events, 'view').slice(lost.length);
      expect(back.map(({ group, cause, members, came }) => ({ group, cause, members, came }))).to.deep.equal([
        { group: 'room', cause: 'network', members: 3, came: ['#cid#d3'] },
      ]);
    });
  }

  it('names ten of many members who go at once, and says how many more', async () => {
    await using cluster = await MemoryCluster.start(2);
    const [first] = cluster.daemons as [Daemon];
    await using ann = await connect({ address: cluster.address(0), name: 'ann' });
    (await ann.join('room')).on('event', () => undefined);
    const names = Array.from({ length: 12 }, (_, i) => `m${i}`);
    await connectMembers(cluster.daemons[1] as Daemon, 'far', ...names.slice(0, 1));
    const members = await Promise.all(
      names.slice(1).map((name) => connect({ address: cluster.address(1), name })),
    );
    for (const member of members) (await member.join('far')).on('event', () => undefined);
    await until(() => first.status.members('far')?.length === 12, 'the members');
    const events = heard(first);
    cluster.network.connect([[0], [1]]);
    await until(() => ofKind(events, 'view').length === 1, 'the view');
    const [view] = ofKind(events, 'view');
    expect([view?.gone.length, view?.more, view?.members]).to.deep.equal([10, 2, 0]);
    await Promise.all(members.map((member) => member.close()));
  });
});

describe('the status of a daemon', () => {
  it('has a group with its first members, and a session with the names of its groups', async () => {
    await using daemon = await startDaemon();
    const [ann, bob] = await connectMembers(daemon, 'room', 'ann', 'bob');
    ann?.join('hall');
    await ann?.next();
    const group = daemon.status.group('room', 1);
    expect(group).to.include({ name: 'room', members: 2, local: 2 });
    expect(group?.memberIds).to.deep.equal(['#ann#dmn1']);
    expect(daemon.status.group('nobody', 1)).to.equal(null);
    expect(daemon.status.group('#ann#dmn1', 1)).to.equal(null);
    const [first] = daemon.status.sessions();
    expect(daemon.status.session(first?.number ?? 0)?.groupNames).to.deep.equal(['hall', 'room']);
    expect(daemon.status.session(9)).to.equal(null);
    ann?.close();
    bob?.close();
  });

  it('counts the messages of a group', async () => {
    await using daemon = await startDaemon();
    const [ann] = await connectMembers(daemon, 'room', 'ann');
    const before = daemon.status.group('room', 0)?.messages ?? 0;
    for (let count = 0; count < 3; count++) ann?.multicast(AGREED_MESS, ['room'], 'x');
    await until(() => (daemon.status.group('room', 0)?.messages ?? 0) - before === 3, 'the messages');
    ann?.close();
  });

  it('has those sessions first for which most waits, then the elder ones', async () => {
    await using daemon = await startDaemon();
    const names = ['a', 'b', 'c', 'd'];
    const sessions = await connectMembers(daemon, 'room', ...names);
    const sender = await RawSession.connect(daemon.port, 'sender');
    const [, , slow, slower] = sessions;
    slow?.client.socket.pause();
    slower?.client.socket.pause();
    slower?.join('more');
    await until(() => daemon.status.group('more', 0) !== null, 'the join');
    const body = 'x'.repeat(100_000);
    await until(() => {
      sender.multicast(AGREED_MESS, ['more', 'room'], body);
      sender.multicast(AGREED_MESS, ['more'], body);
      const waiting = daemon.status.sessions().map(({ waitingBytes }) => waitingBytes);
      return (waiting[2] ?? 0) > 0 && (waiting[3] ?? 0) > (waiting[2] ?? 0);
    }, 'waiting bytes');
    const order = (most: number): string[] => daemon.status.heaviest(most).map(({ name }) => name);
    expect(order(3)).to.deep.equal(['d', 'c', 'a']);
    expect(order(1)).to.deep.equal(['d']);
    expect(order(9)).to.deep.equal(['d', 'c', 'a', 'b', 'sender']);
    for (const session of [...sessions, sender]) session.close();
  });
});
