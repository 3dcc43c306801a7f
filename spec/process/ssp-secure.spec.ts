import { createPrivateKey } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { expect } from 'chai';
import { importIdentity, publicKeyText } from '../../lib/secure/identity.js';
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
