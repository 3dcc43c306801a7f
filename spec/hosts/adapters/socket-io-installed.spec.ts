/** The adapter as users install it: with the host and without, its types against the host's, and the program of its page. */
import { mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import { startDaemon } from '../../support/local-daemon.js';
import { repositoryRoot } from '../../support/recordings.js';
import { Consumer, hosts } from '../consumer.js';

const PROGRAM = 'docs/examples/socket.io/two-servers.mjs';
const HOSTS = ['socket.io', 'socket.io-adapter', 'socket.io-client'];

describe('hosts: the installed Socket.IO adapter', () => {
  let consumer: Consumer;

  before(async () => {
    consumer = await Consumer.make();
  });
  after(async () => {
    await consumer[Symbol.asyncDispose]();
  });

  it('says what to install where the host is missing, and nothing else', async () => {
    consumer.write(
      'missing.mjs',
      `import { connect } from 'ssp-toolkit';
       import { createAdapter } from 'ssp-toolkit/socket.io';
       console.log(typeof connect);
       await createAdapter({ address: '4803@localhost' });`,
    );
    const { status, out, err } = await consumer.run(process.execPath, 'missing.mjs', []);
    expect([status, out]).to.deep.equal([1, 'function\n']);
    expect(err).to.include('Error: install socket.io-adapter to use ssp-toolkit/socket.io');
    expect(err).to.not.match(/^\s+at /m);
  });

  describe('with the host', () => {
    before(() => {
      mkdirSync(consumer.file('node_modules'), { recursive: true });
      for (const host of HOSTS)
        symlinkSync(join(hosts, 'node_modules', host), consumer.file('node_modules', host));
    });

    for (const compiler of ['typescript-5.4', 'typescript'])
      it(`has types that ${compiler} takes for an adapter of the host`, () => {
        const program = `
          import { Server } from 'socket.io';
          import { connect } from 'ssp-toolkit';
          import { createAdapter, type AdapterOptions } from 'ssp-toolkit/socket.io';
          const options: AdapterOptions = { group: 'chat', service: 'safe', recovery: { crash: true } };
          const io = new Server();
          io.adapter(await createAdapter(await connect(), options));
          io.adapter(await createAdapter({ addresses: ['4803@a', '4803@b'] }));
          io.of('/').adapter.on('degraded', (why: Error) => console.error(why.message));
          // @ts-expect-error There is no such option.
          await createAdapter(await connect(), { groups: 'chat' });
        `;
        const others = { skipLibCheck: true };
        expect(consumer.compile(`types-${compiler}`, 'module', compiler, { program }, others)).to.equal('');
      });

    it('runs the program of its page, which prints what the page says', async () => {
      consumer.write('two-servers.mjs', readFileSync(join(repositoryRoot, PROGRAM), 'utf8'));
      const daemon = await startDaemon({ name: 'd1' });
      const { status, out, err } = await consumer.run(process.execPath, 'two-servers.mjs', [
        `${daemon.port}@127.0.0.1`,
      ]);
      await daemon.stop();
      expect([status, err]).to.deep.equal([0, '']);
      const page = readFileSync(join(repositoryRoot, 'docs/guide/socket.io.md'), 'utf8');
      expect(page).to.include(readFileSync(join(repositoryRoot, PROGRAM), 'utf8').trim());
      expect(page).to.include(`\`\`\`\n${out}\`\`\``);
    });
  });
});
