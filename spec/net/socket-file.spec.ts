/** Local sockets that killed daemons have left. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, utimesSync, writeFileSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { expect } from 'chai';
import { removeDeadSockets } from '../../daemon/net/socket-file.js';
import { keepLog } from '../session/session-fixture.js';
import { startDaemon } from '../support/local-daemon.js';
import { TemporaryDirectory } from '../support/temporary.js';

const AN_HOUR_AGO = Date.now() / 1000 - 3600;

/** Sockets of a process that was killed. */
async function leave(paths: readonly string[]): Promise<void> {
  const script = `const { createServer } = require('net');
    let left = process.argv.length - 1;
    for (const path of process.argv.slice(1)) createServer().listen(path, () => {
      if (--left === 0) process.kill(process.pid, 'SIGKILL');
    });`;
  await once(spawn(process.execPath, ['-e', script, ...paths]), 'close');
  for (const path of paths) utimesSync(path, AN_HOUR_AGO, AN_HOUR_AGO);
}

describe('dead sockets', () => {
  let folder: TemporaryDirectory;
  beforeEach(async () => {
    folder = await TemporaryDirectory.make();
  });
  afterEach(async () => await folder[Symbol.asyncDispose]());

  it('of killed daemons of this user are removed when another one starts', async () => {
    const dead = ['4803', '34567'].map((name) => folder.file(name));
    const others = ['sspd.sock', '99999999', '04803'].map((name) => folder.file(name));
    await leave([...dead, ...others]);
    writeFileSync(folder.file('4804'), 'precious');
    const logger = keepLog();
    await using daemon = await startDaemon({ unixDir: folder.path, logger });
    expect([...dead, ...others].filter((path) => existsSync(path))).to.deep.equal(others);
    expect(existsSync(folder.file('4804'))).to.equal(true);
    expect(existsSync(daemon.unixPath as string)).to.equal(true);
    const line = logger.lines.find(({ message }) => message === 'dead sockets removed');
    expect((line?.fields as { removed?: string[] } | undefined)?.removed).to.have.members(dead);
  });

  it('stay while they are young: a process may listen there in a moment', async () => {
    await leave([folder.file('4803')]);
    const now = Date.now() / 1000;
    utimesSync(folder.file('4803'), now, now);
    expect(await removeDeadSockets(folder.path)).to.deep.equal([]);
  });

  it('are not those of daemons that live, which notice nothing', async () => {
    await using daemon = await startDaemon({ unixDir: folder.path });
    utimesSync(daemon.unixPath as string, AN_HOUR_AGO, AN_HOUR_AGO);
    expect(await removeDeadSockets(folder.path)).to.deep.equal([]);
    expect(await readdir(folder.path)).to.include(String(daemon.port));
    if (process.platform === 'linux') expect(daemon.counters.connections).to.equal(0);
  });

  it('are not looked for where there is no directory', async () => {
    expect(await removeDeadSockets(folder.file('none'))).to.deep.equal([]);
  });
});
