import { expect } from 'chai';
import { mkdtemp, mkdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadConfiguration, searchConfiguration } from '../../daemon/config/index.js';
import { rejectionOf, withDaemon } from './support.js';

const put = async (path: string, text: string): Promise<string> => {
  await writeFile(path, text);
  return path;
};

describe('searchConfiguration and loadConfiguration', () => {
  let folder = '';
  let work = '';
  let system = '';

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sspd-config-'));
    [work, system] = [join(folder, 'work'), join(folder, 'system')];
    await Promise.all([mkdir(work), mkdir(system)]);
  });
  afterEach(() => rm(folder, { recursive: true }));

  it('reads the given file first', async () => {
    await put(join(work, 'spread.conf'), 'work');
    const file = await put(join(folder, 'my.conf'), 'mine');
    expect(await searchConfiguration(file, [work, system])).to.deep.equal({
      file,
      text: 'mine',
      warnings: [],
    });
  });

  it('reads the working directory before the system directory', async () => {
    const there = await put(join(system, 'spread.conf'), 'system');
    expect(await searchConfiguration(undefined, [work, system])).to.include({ file: there, text: 'system' });
    const here = await put(join(work, 'spread.conf'), 'work');
    expect(await searchConfiguration(undefined, [work, system])).to.include({ file: here, text: 'work' });
  });

  it('warns when the given file cannot be read and another one is', async () => {
    const there = await put(join(system, 'spread.conf'), 'system');
    const missing = join(folder, 'my.conf');
    expect(await searchConfiguration(missing, [work, system])).to.deep.equal({
      file: there,
      text: 'system',
      warnings: [`${missing} cannot be read (ENOENT); ${there} is used instead`],
    });
  });

  it('refuses when there is none, and says what was tried', async () => {
    const missing = join(folder, 'my.conf');
    const error = await rejectionOf(searchConfiguration(missing, [work, system]));
    expect(error.file).to.equal(missing);
    for (const path of [missing, join(work, 'spread.conf'), join(system, 'spread.conf')]) {
      expect(error.message).to.contain(`${path} cannot be read (ENOENT)`);
    }
  });

  it('passes over a directory in place of a file', async () => {
    const error = await rejectionOf(searchConfiguration(folder, [work]));
    expect(error.message).to.contain(`${folder} cannot be read (EISDIR)`);
  });

  it('loads a whole configuration, and ignores a byte order mark', async () => {
    const file = await put(join(folder, 'my.conf'), `\ufeff${withDaemon('MaxSessions = 7')}`);
    const configuration = await loadConfiguration({ file });
    expect(configuration).to.include({ file, name: 'alpha', maxSessions: 7 });
    expect(await loadConfiguration({ file, name: 'alpha' })).to.deep.equal(configuration);
  });

  it('names the file in what it refuses', async () => {
    const file = await put(join(folder, 'my.conf'), withDaemon('Windows = 5'));
    const unknown = await rejectionOf(loadConfiguration({ file }));
    expect(unknown.message).to.equal(`${file}:4:1: expected Spread_Segment or an option, found "Windows"`);
    await put(file, withDaemon());
    expect((await rejectionOf(loadConfiguration({ file, name: 'beta' }))).message).to.equal(
      `${file}: no daemon is named "beta"`,
    );
  });
});
