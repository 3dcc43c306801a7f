/** `ssp` over TLS: `--ca`, `--cert` and `--key`, and what it says when TLS fails. */
import { expect } from 'chai';
import type { Daemon } from '../../daemon/index.js';
import { startDaemon } from '../support/local-daemon.js';
import { Program } from '../support/program.js';
import { tlsFile, tlsOn } from '../support/tls-files.js';

const CA = ['--ca', tlsFile('ca.crt')];
const OWN = ['--cert', tlsFile('worker.crt'), '--key', tlsFile('worker.key')];

describe('process: ssp over TLS', () => {
  let daemon: Daemon;
  before(async () => {
    daemon = await startDaemon({ tls: tlsOn(true) });
  });
  after(async () => {
    await Program.endAll();
    await daemon.stop();
  });

  const ssp = (verb: string, ...args: readonly string[]): Program =>
    Program.start('lib/cli/main.js', [verb, '-a', `tls://localhost:${daemon.tlsPort}`, ...args]);

  it('gets in with its certificate', async () => {
    const { status, err } = await ssp('ping', '--count', '1', ...CA, ...OWN).end();
    expect([status, err]).to.deep.equal([0, '']);
    expect(daemon.counters.rejections).to.deep.equal({});
  });

  it('floods with it', async () => {
    const { status, err } = await ssp('flood', '--messages', '10', ...CA, ...OWN).end();
    expect([status, err]).to.deep.equal([0, '']);
  });

  it('says that the daemon requires a certificate', async () => {
    const { status, out, err } = await ssp('send', ...CA, 'room', 'x').end();
    expect([status, out]).to.deep.equal([1, '']);
    expect(err)
      .to.match(/^ssp: no connection to the daemon: [^\n]+\n$/)
      .and.include(' requires a certificate of the client: pass cert and key ');
  });
});
