import { existsSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { ViewTimeFile } from '../daemon/view-time-file.js';
import { silentLogger } from '../daemon/log/logger.js';
import { TemporaryDirectory } from './support/temporary.js';
import { until } from './support/wait.js';

const now = (): number => Math.floor(Date.now() / 1000);

describe('the last time of a daemon view', () => {
  let folder: TemporaryDirectory;
  let path: string;
  let warnings: string[];
  const logger = { ...silentLogger, warn: (_: object, text: string): void => void warnings.push(text) };

  beforeEach(async () => {
    folder = await TemporaryDirectory.make();
    path = join(folder.path, 'sspd-one.time');
    warnings = [];
  });

  afterEach(async () => await folder[Symbol.asyncDispose]());

  it('rises with every view, though the clock does not', () => {
    const time = new ViewTimeFile(null, logger);
    const times = Array.from({ length: 50 }, () => time.next());
    expect(times).to.deep.equal(times.map((_, i) => (times[0] as number) + i));
    expect(times[0]).to.be.within(now(), now() + 1);
  });

  it('continues where the last run had got to', () => {
    const first = new ViewTimeFile(path, logger);
    for (let i = 0; i < 100; i++) first.next();
    const last = first.next();
    expect(new ViewTimeFile(path, logger).next()).to.equal(last + 1);
  });

  it('remembers what was used beyond its own', () => {
    const first = new ViewTimeFile(path, logger);
    first.reached(now() + 500);
    expect(new ViewTimeFile(path, logger).next()).to.be.at.least(now() + 500);
  });

  it('leaves nothing behind once the clock has got there, and what is needed before that', async () => {
    const ahead = new ViewTimeFile(path, logger);
    ahead.reached(now() + 500);
    ahead.close();
    expect(existsSync(path)).to.equal(true);
    writeFileSync(path, `${now() - 10}`);
    const past = new ViewTimeFile(path, logger);
    past.next();
    await until(() => {
      past.close();
      return !existsSync(path);
    }, 'the file to go');
  });

  it('can be read by its owner only', () => {
    new ViewTimeFile(path, logger).next();
    expect(statSync(path).mode & 0o777).to.equal(0o600);
  });

  for (const text of ['', 'x', '-5', '99999999999999']) {
    it(`does not believe a file that says ${JSON.stringify(text)}`, () => {
      writeFileSync(path, text);
      expect(new ViewTimeFile(path, logger).next()).to.be.within(now(), now() + 2);
    });
  }

  it('does not write through a link, and says once that it cannot', () => {
    const victim = join(folder.path, 'victim');
    writeFileSync(victim, 'mine');
    symlinkSync(victim, path);
    const time = new ViewTimeFile(path, logger);
    time.next();
    time.next();
    expect(readFileSync(victim, 'utf8')).to.equal('mine');
    expect(warnings).to.deep.equal(['view time not written']);
  });
});
