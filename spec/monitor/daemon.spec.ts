/** The monitor of a real daemon: what its clients do is seen. */
import { expect } from 'chai';
import type { Daemon } from '../../daemon/index.js';
import { MonitorError } from '../../daemon/monitor/endpoint.js';
import { startDaemon } from '../support/local-daemon.js';
import { RawSession } from '../support/raw-client.js';
import { ask, loopback } from './monitor-fixture.js';
import { until } from '../support/wait.js';

const page = async (daemon: Daemon, path: string): Promise<Record<string, unknown>> => {
  const { json } = await ask(
    { address: '127.0.0.1', port: daemon.monitorPort, close: () => daemon.stop() },
    path,
  );
  return json as Record<string, unknown>;
};

describe('monitor: of a daemon', () => {
  it('is not there unless it is asked for', async () => {
    await using daemon = await startDaemon();
    expect(daemon.monitorPort).to.equal(0);
  });

  it('tells of sessions, groups and members', async () => {
    await using daemon = await startDaemon({ monitor: { endpoint: loopback } });
    const session = await RawSession.connect(daemon.port, 'alice');
    session.join('a/b');
    await session.next();
    expect(await page(daemon, '/varz')).to.include({
      name: 'dmn1',
      state: 'operational',
      leader: 'dmn1',
      sessions: 1,
      handshakes: 0,
      groups: 1,
    });
    const { sessions } = (await page(daemon, '/sessions')) as { sessions: object[] };
    expect(sessions).to.have.length(1);
    expect(sessions[0]).to.include({
      id: '#alice#dmn1',
      name: 'alice',
      tls: false,
      groups: 1,
      messagesIn: 1,
      messagesOut: 1,
    });
    const { groups } = (await page(daemon, '/groups')) as { groups: object[] };
    expect(groups[0]).to.include({ name: 'a/b', members: 1, local: 1 });
    expect(await page(daemon, '/groups/a%2Fb')).to.deep.equal({ group: 'a/b', members: ['#alice#dmn1'] });
    session.close();
    await until(() => daemon.sessions === 0, 'the session to end');
    expect(await page(daemon, '/varz')).to.include({ sessions: 0, groups: 0 });
  });

  it('ends with the daemon', async () => {
    const daemon = await startDaemon({ monitor: { endpoint: loopback } });
    const { monitorPort } = daemon;
    await daemon.stop();
    await using next = await startDaemon({ monitor: { endpoint: { ...loopback, port: monitorPort } } });
    expect(next.monitorPort).to.equal(monitorPort);
  });

  it('does not let a daemon start that would show itself to strangers', async () => {
    let error: unknown;
    try {
      await (await startDaemon({ monitor: { endpoint: { host: '0.0.0.0', port: 0 } } })).stop();
    } catch (thrown) {
      error = thrown;
    }
    expect(error).to.be.instanceOf(MonitorError);
  });
});
