import { createPrivateKey } from 'node:crypto';
import { readFile, stat, writeFile } from 'node:fs/promises';
import { expect } from 'chai';
import type { Daemon } from '../../daemon/index.js';
import { importIdentity, publicKeyText } from '../../lib/secure/identity.js';
import { startDaemon } from '../support/local-daemon.js';
import { Program } from '../support/program.js';
import { TemporaryDirectory } from '../support/temporary.js';

const ssp = (...args: readonly string[]): Program => Program.start('lib/cli/main.js', ['secure', ...args]);

describe('process: ssp secure keygen', () => {
  afterEach(() => Program.endAll());

  it('writes a key for its owner only, and prints the public one', async () => {
    await using directory = await TemporaryDirectory.make();
    const file = directory.file('bob.pem');
    const { status, out, err } = await ssp('keygen', '-o', file).end();
    expect([status, err]).to.deep.equal([0, '']);
    expect(out).to.match(/^[0-9a-f]{64}\n$/);
    expect((await stat(file)).mode & 0o777).to.equal(0o600);
    const pem = await readFile(file, 'utf8');
    expect(pem).to.match(/^-----BEGIN PRIVATE KEY-----\n/);
    expect(publicKeyText(importIdentity(pem).publicKey)).to.equal(out.trim());
  });

  it('never replaces a key', async () => {
    await using directory = await TemporaryDirectory.make();
    const file = directory.file('bob.pem');
    await ssp('keygen', '-o', file).end();
    const before = await readFile(file, 'utf8');
    const { status, out, err } = await ssp('keygen', '-o', file).end();
    expect([status, out]).to.deep.equal([1, '']);
    expect(err).to.equal(`ssp: cannot write ${JSON.stringify(file)}: it exists\n`);
    expect(await readFile(file, 'utf8')).to.equal(before);
  });

  it('prints the private key without a file', async () => {
    const { status, out, err } = await ssp('keygen').end();
    expect(status).to.equal(0);
    expect(publicKeyText(createPrivateKey(out))).to.equal(err.trim());
  });

  it('refuses other words', async () => {
    const { status, err } = await ssp('keygne').end();
    expect(status).to.equal(2);
    expect(err).to.include('Allowed choices are keygen');
  });
});

describe('process: ssp with --secure', () => {
  let daemon: Daemon;

  beforeEach(async () => {
    daemon = await startDaemon();
  });

  afterEach(async () => {
    await Program.endAll();
    await daemon.stop();
  });

  const run = (...args: readonly string[]): Program =>
    Program.start('lib/cli/main.js', args, { SSP_ADDRESS: `${daemon.port}@127.0.0.1` });

  it('sends to those that it accepts, and reads them', async () => {
    await using directory = await TemporaryDirectory.make();
    const [ann, bob, keys] = ['ann.pem', 'bob.pem', 'keys.txt'].map((name) => directory.file(name)) as [
      string,
      string,
      string,
    ];
    const annKey = (await ssp('keygen', '-o', ann).end()).out.trim();
    const bobKey = (await ssp('keygen', '-o', bob).end()).out.trim();
    await writeFile(keys, `# accepted\n${annKey} ann\n${bobKey}\n`);
    const reader = run('join', 'vault', '--name', 'ann', '--secure', '--identity', ann, '--allow', keys);
    await reader.prints(/view {2}vault {2}join of #ann#dmn1/);
    const sent = await run('send', 'vault', 'a secret', '--secure', '--identity', bob, '--allow', keys).end();
    expect([sent.status, sent.err]).to.deep.equal([0, '']);
    await reader.prints(/agreed {2}type 0 {2}a secret\n/);
  });

  for (const [args, text] of [
    [['--secure'], '--secure requires --identity'],
    [['--authority', '0'.repeat(64)], 'of small order'],
    [['--allow', '/nowhere'], 'It cannot be read'],
  ] as const)
    it(`refuses ${args.join(' ')}`, async () => {
      const { status, err } = await run('join', 'vault', ...args).end();
      expect(status).to.equal(2);
      expect(err).to.include(text);
    });
});
