import { spawnSync } from 'node:child_process';
import { existsSync, lstatSync, statSync, writeFileSync } from 'node:fs';
import { expect } from 'chai';
import { MonitorError } from '../../daemon/monitor/endpoint.js';
import { TemporaryDirectory } from '../support/temporary.js';
import { ask, monitored } from './monitor-fixture.js';

/** The line that refuses the path. */
async function refused(path: string): Promise<string> {
  try {
    await (await monitored({ endpoint: { path } })).close();
  } catch (error) {
    if (error instanceof MonitorError) return error.message;
    throw error;
  }
  throw new Error('it opened');
}

describe('monitor: local socket', () => {
  it('needs no token, is for owner and group, and is gone afterwards', async () => {
    await using directory = await TemporaryDirectory.make();
    const path = directory.file('monitor');
    const monitor = await monitored({ endpoint: { path } });
    expect([monitor.address, monitor.port]).to.deep.equal([path, 0]);
    expect(statSync(path).mode & 0o777).to.equal(0o660);
    const { status, body } = await ask(monitor, '/healthz', { headers: { host: 'anything' } });
    expect([status, body]).to.deep.equal([200, 'ok\n']);
    await monitor.close();
    expect(existsSync(path)).to.equal(false);
  });

  it('takes the place of one that a dead process left', async () => {
    await using directory = await TemporaryDirectory.make();
    const path = directory.file('monitor');
    const program = `require('net').createServer().listen(${JSON.stringify(path)}, () => process.kill(process.pid, 9))`;
    spawnSync(process.execPath, ['-e', program]);
    expect(lstatSync(path).isSocket()).to.equal(true);
    await using monitor = await monitored({ endpoint: { path } });
    expect((await ask(monitor, '/healthz')).status).to.equal(200);
  });

  it('leaves one alone that answers', async () => {
    await using directory = await TemporaryDirectory.make();
    const path = directory.file('monitor');
    await using monitor = await monitored({ endpoint: { path } });
    expect(await refused(path)).to.equal(
      `cannot open the monitor on ${path}: the address is in use, perhaps by another daemon`,
    );
    expect((await ask(monitor, '/healthz')).status).to.equal(200);
  });

  it('leaves a file alone that is no socket, and makes no directories', async () => {
    await using directory = await TemporaryDirectory.make();
    const path = directory.file('monitor');
    writeFileSync(path, 'precious');
    expect(await refused(path)).to.match(/: the file exists and is not a socket$/);
    expect(await refused(directory.file('no/monitor'))).to.match(/: no such directory: .*\/no$/);
  });
});
