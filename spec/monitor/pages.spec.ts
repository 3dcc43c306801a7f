import { expect } from 'chai';
import type { Monitor } from '../../daemon/monitor/http.js';
import { ask, monitored } from './monitor-fixture.js';
import { group, fakeStatus, session } from './fake-status.js';

describe('monitor: pages', () => {
  const daemonStatus = fakeStatus();
  let monitor: Monitor;

  beforeEach(async () => {
    Object.assign(daemonStatus, fakeStatus());
    monitor = await monitored({ status: daemonStatus });
  });

  afterEach(() => monitor.close());

  const names = (json: unknown, list: string): string[] =>
    (json as Record<string, { name: string }[]>)[list]?.map(({ name }) => name) ?? [];
  const ids = (json: unknown): string[] =>
    (json as { sessions: { id: string }[] }).sessions.map(({ id }) => id);

  it('/ lists the pages', async () => {
    const { status, headers, body } = await ask(monitor, '/');
    expect([status, headers['content-type']]).to.deep.equal([200, 'text/plain; charset=utf-8']);
    for (const page of [
      '/healthz',
      '/varz',
      '/sessions',
      '/groups',
      '/groups/NAME',
      '/metrics',
      '/console',
    ]) {
      expect(body).to.include(`\n${page} `);
    }
  });

  it('/healthz is ok with a daemon view and 503 without', async () => {
    expect(await ask(monitor, '/healthz')).to.include({ status: 200, body: 'ok\n' });
    daemonStatus.daemons = [];
    expect(await ask(monitor, '/healthz')).to.include({ status: 503, body: 'no daemon view\n' });
  });

  it('/varz has everything', async () => {
    const { status, json } = await ask(monitor, '/varz');
    const {
      eventLoopDelayMilliseconds: delay,
      memoryBytes,
      started,
      ...rest
    } = json as Record<string, unknown>;
    expect(status).to.equal(200);
    expect(rest).to.deep.equal({
      name: 'one',
      id: 2_130_706_433,
      version: '0.1.0',
      node: process.version,
      pid: process.pid,
      configurationHash: 'c0ffee',
      uptimeSeconds: 90,
      addresses: [{ host: '127.0.0.1', port: 4803 }],
      unixPath: '/tmp/4803',
      state: 'operational',
      daemons: ['one'],
      leader: 'one',
      sessions: 2,
      handshakes: 1,
      groups: 2,
      memberships: 5,
      waitingBytes: 300,
      sessionsBehind: 1,
      sessionsHeld: 3,
      connections: { accepted: 5, established: 3, rejections: { REJECT_NOT_UNIQUE: 2 }, ends: { closed: 4 } },
      traffic: { messagesIn: 10, messagesOut: 20, bytesIn: 1_000, bytesOut: 2_000 },
      requests: {
        submitted: 10,
        ordered: 9,
        refused: 1,
        limited: 4,
        oversized: 5,
        outgrown: 6,
        records: 8,
        illegalGroupNames: 7,
        exchanges: 1,
        deferred: 2,
        damaged: 3,
      },
      resume: {
        bufferBytes: 5000,
        sessions: 3,
        replays: 1,
        returns: { whole: 2, gap: 1 },
        gaps: { overrun: 3 },
      },
      engine: { kind: 'solo', views: 1, sent: 6, delivered: 6, queuedBytes: 11 },
    });
    expect(started).to.equal(new Date(daemonStatus.started).toISOString());
    expect(delay).to.have.all.keys('mean', 'p50', 'p99', 'max');
    expect(memoryBytes).to.include.keys('rss', 'heapUsed');
  });

  it('/healthz and /varz say so before the daemon stops', async () => {
    daemonStatus.isDraining = true;
    expect(await ask(monitor, '/healthz')).to.include({ status: 503, body: 'draining\n' });
    expect((await ask(monitor, '/varz')).json).to.include({ state: 'draining', leader: 'one' });
  });

  it('/varz says so when there is no daemon view', async () => {
    daemonStatus.daemons = [];
    expect((await ask(monitor, '/varz')).json).to.include({ state: 'no-view', leader: null });
  });

  it('/sessions has those first that most bytes wait for', async () => {
    const { json } = await ask(monitor, '/sessions');
    expect(json).to.deep.include({ total: 2, sessions: daemonStatus.sessions().toReversed() });
    expect((json as { time: number }).time).to.be.closeTo(Date.now(), 60_000);
  });

  for (const [sort, first] of [
    ['waitingBytes', '#s2#one'],
    ['messagesIn', '#s1#one'],
    ['number', '#s1#one'],
    ['id', '#s1#one'],
    ['name', '#s1#one'],
    ['since', '#s2#one'],
    ['groups', '#s1#one'],
  ] as const) {
    it(`/sessions sorts by ${sort}`, async () => {
      daemonStatus.sessions = () => [
        session(2, { waitingBytes: 9, messagesIn: 1, since: 5 }),
        session(1, { waitingBytes: 1, messagesIn: 9, since: 9 }),
      ];
      const { json } = await ask(monitor, `/sessions?sort=${sort}&limit=1`);
      expect(ids(json)).to.deep.equal([first]);
      expect(json).to.include({ total: 2 });
    });
  }

  it('lists have 100 entries unless more are asked for', async () => {
    daemonStatus.sessions = () => Array.from({ length: 150 }, (_, id) => session(id));
    daemonStatus.groups = () => Array.from({ length: 150 }, (_, id) => group(`g${id}`));
    expect(names((await ask(monitor, '/sessions')).json, 'sessions')).to.have.length(100);
    expect(names((await ask(monitor, '/sessions?limit=120')).json, 'sessions')).to.have.length(120);
    expect(names((await ask(monitor, '/groups')).json, 'groups')).to.have.length(100);
    expect(names((await ask(monitor, '/groups?limit=10000')).json, 'groups')).to.have.length(150);
  });

  it('/sessions and /groups have those that contain a text', async () => {
    daemonStatus.sessions = () => [
      session(1, { id: '#Ann#d1' }),
      session(2, { id: '#bob#d1', principal: 'ann' }),
      session(3, { id: '#cid#d1', from: '192.0.2.7:5' }),
    ];
    daemonStatus.groups = () => [group('Cameras'), group('room')];
    const found = async (path: string): Promise<unknown[]> => {
      const { json } = await ask(monitor, path);
      const { sessions, groups, total } = json as Record<string, { number: number; name: string }[]>;
      return [
        total,
        ...(sessions ?? []).map(({ number }) => number),
        ...(groups ?? []).map(({ name }) => name),
      ];
    };
    expect(await found('/sessions?match=ann&sort=number')).to.deep.equal([2, 1, 2]);
    expect(await found('/sessions?match=192.0.2')).to.deep.equal([1, 3]);
    expect(await found('/sessions?match=ann&sort=number&limit=1')).to.deep.equal([2, 1]);
    expect(await found('/groups?match=MERA')).to.deep.equal([1, 'Cameras']);
    expect(await found('/groups?match=x')).to.deep.equal([0]);
  });

  it('/sessions/NUMBER has one session with its groups', async () => {
    const { json } = await ask(monitor, '/sessions/2');
    expect(json).to.deep.equal({ ...daemonStatus.sessions()[1], groupNames: ['room'] });
  });

  it('/groups is in the order of the names', async () => {
    const { json } = await ask(monitor, '/groups');
    expect(json).to.deep.equal({ total: 2, groups: [group('lobby', 1), group('room')] });
  });

  it('/groups/NAME has the members in order', async () => {
    expect((await ask(monitor, '/groups/room')).json).to.deep.equal({
      group: 'room',
      members: ['#s1#one', '#s2#one'],
    });
  });

  it('/groups/NAME takes any name, encoded', async () => {
    daemonStatus.members = (name) => [name];
    for (const name of ['a/b', '100%', 'q?x=1&y', '.', '..', 'a+b', '$~']) {
      const { json } = await ask(monitor, `/groups/${encodeURIComponent(name)}`);
      expect(json).to.deep.equal({ group: name, members: [name] });
    }
  });

  for (const [path, status] of [
    ['/nothing', 404],
    ['/healthz/', 404],
    ['/groups/nobody', 404],
    ['/groups/', 404],
    ['/groups/%23a%23one', 404],
    [`/groups/${'x'.repeat(200)}`, 404],
    ['/groups/%ff', 400],
    ['/groups/%', 400],
    ['/sessions/9', 404],
    ['/sessions/-1', 404],
    ['/sessions/1e0', 404],
    ['/sessions/', 404],
    [`/sessions?match=${'x'.repeat(65)}`, 400],
    ['/sessions?sort=toString', 400],
    ['/sessions?sort=held', 400],
    ['/sessions?limit=0', 400],
    ['/sessions?limit=10001', 400],
    ['/sessions?limit=1e3', 400],
    ['/groups?limit=-1', 400],
    ['//', 404],
  ] as const) {
    it(`answers ${status} to ${path.slice(0, 40)}`, async () => {
      daemonStatus.members = (name) => (name === 'nobody' ? null : [name]);
      const { status: got, json } = await ask(monitor, path);
      expect(got).to.equal(status);
      expect(json).to.have.all.keys('error');
    });
  }
});
