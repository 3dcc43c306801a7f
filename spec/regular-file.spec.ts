/** Files that the daemon writes: never a pipe or a device, which would hold it up or do what it is told. */
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  closeSync,
  constants,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { expect } from 'chai';
import { LogError, checkLog, openLog } from '../daemon/log/log-output.js';
import { silentLogger } from '../daemon/log/logger.js';
import { openRegular } from '../daemon/regular-file.js';
import { ViewTimeFile } from '../daemon/view-time-file.js';
import { TemporaryDirectory } from './support/temporary.js';
import { until } from './support/wait.js';

function refusal(act: () => unknown): string {
  try {
    act();
  } catch (error) {
    return (error as Error).message;
  }
  throw new Error('it was opened');
}

describe('a file that the daemon writes', () => {
  let folder: TemporaryDirectory;
  beforeEach(async () => {
    folder = await TemporaryDirectory.make();
  });
  afterEach(async () => await folder[Symbol.asyncDispose]());

  const pipe = (name: string): string => {
    expect(spawnSync('mkfifo', [folder.file(name)]).status).to.equal(0);
    return folder.file(name);
  };

  /** What is no regular file, and what it is called. */
  const strange = (): [path: string, what: string][] => {
    mkdirSync(folder.file('folder'));
    symlinkSync('/dev/null', folder.file('link'));
    return [
      [pipe('pipe'), 'a pipe'],
      [folder.file('folder'), 'a directory'],
      ['/dev/null', 'a device'],
      [folder.file('link'), 'a device'],
    ];
  };

  it('is opened when it is regular, new or behind a link', () => {
    const { O_CREAT, O_WRONLY } = constants;
    closeSync(openRegular(folder.file('new'), O_WRONLY | O_CREAT, 0o600));
    symlinkSync(folder.file('new'), folder.file('link'));
    closeSync(openRegular(folder.file('link'), O_WRONLY));
    expect(refusal(() => openRegular(folder.file('none'), O_WRONLY))).to.match(/ENOENT/);
  });

  it('is not opened when it is a pipe, a device, a directory or a socket', async () => {
    const { O_NOFOLLOW, O_RDONLY, O_WRONLY } = constants;
    const server = createServer();
    server.listen(folder.file('socket'));
    await once(server, 'listening');
    for (const [path, what] of [...strange(), [folder.file('socket'), 'a socket'] as const]) {
      for (const flags of [O_WRONLY, O_RDONLY]) {
        expect(refusal(() => openRegular(path, flags))).to.equal(`expected a regular file, found ${what}`);
      }
    }
    expect(refusal(() => openRegular(folder.file('link'), O_WRONLY | O_NOFOLLOW))).to.match(
      /a symbolic link$/,
    );
    server.close();
  });

  it('says so as the log, in the check and at start', () => {
    for (const [path, what] of strange()) {
      for (const act of [() => checkLog(path), () => openLog('info', path)]) {
        expect(act).to.throw(
          LogError,
          `cannot write the log ${path} (expected a regular file, found ${what})`,
        );
      }
    }
  });

  it('is made at start and not by the check', () => {
    const path = folder.file('a/b/sspd.log');
    checkLog(path);
    expect(existsSync(folder.file('a'))).to.equal(false);
    openLog('info', path);
    expect(existsSync(path)).to.equal(true);
    writeFileSync(folder.file('plain'), '');
    for (const act of [checkLog, (file: string) => openLog('info', file)]) {
      expect(() => act(folder.file('plain/sspd.log'))).to.throw(LogError, /\(ENOTDIR\)|\(EEXIST\)/);
    }
  });

  it('stays the log when a pipe stands in its place after a rotation', async () => {
    const path = folder.file('sspd.log');
    const { log, reopen } = openLog('info', path);
    log.info('before');
    await until(() => readFileSync(path, 'utf8').includes('before'), 'the first line');
    renameSync(path, `${path}.1`);
    pipe('sspd.log');
    reopen();
    await until(() => readFileSync(`${path}.1`, 'utf8').includes('log file not reopened'), 'the line');
    expect(readFileSync(`${path}.1`, 'utf8')).to.include('expected a regular file, found a pipe');
  });

  it('does not hold the daemon up as the file of the last time', () => {
    const path = pipe('sspd-one.time');
    const errors: unknown[] = [];
    const log = { ...silentLogger, warn: (fields: object) => void errors.push(fields) };
    const time = new ViewTimeFile(path, log);
    time.next();
    time.next();
    expect(errors).to.deep.equal([{ path, error: 'expected a regular file, found a pipe' }]);
  });
});
