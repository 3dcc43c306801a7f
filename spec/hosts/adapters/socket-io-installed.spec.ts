/** The adapter as users install it: its types against the host's, and the program of its page. */
import { mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import { startDaemon } from '../../support/local-daemon.js';
import { Program } from '../../support/program.js';
import { repositoryRoot } from '../../support/recordings.js';
import { Consumer, hosts } from '../consumer.js';

const PROGRAM = 'docs/examples/socket.io/two-servers.mjs';
const FLEET = ['daemons.mjs', 'server.mjs', 'balancer.mjs', 'client.mjs'];
/** For programs of a machine that does other things, too. */
const LIMIT_MS = 60_000;
const HOSTS = ['socket.io', 'socket.io-adapter', 'socket.io-client'];

describe('hosts: the installed Socket.IO adapter', () => {
  let consumer: Consumer;

  before(async () => {
    consumer = await Consumer.make();
  });
  after(async () => {
    await consumer[Symbol.asyncDispose]();
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

    describe('a fleet of processes, as the page has it', () => {
      const page = readFileSync(join(repositoryRoot, 'docs/guide/socket.io.md'), 'utf8');
      const start = (name: string, args: readonly string[], environment = {}): Program =>
        Program.start(consumer.file(name), args, environment);

      before(() => {
        for (const name of FLEET) consumer.write(name, source(name));
      });
      afterEach(() => Program.endAll());

      it('is on the page as it is', () => {
        for (const name of ['server.mjs', 'client.mjs']) expect(page).to.include(source(name).trim());
      });

      it('keeps one order while a server is killed, and continues where a daemon is killed', async () => {
        const daemons = start('daemons.mjs', []);
        const [, SSP_ADDRESS] = await daemons.prints(/^export SSP_ADDRESS=(.*)$/m, LIMIT_MS);
        const servers = ['0', '0', '0'].map((port) => start('server.mjs', [port], { SSP_ADDRESS }));
        const ports = await Promise.all(servers.map((server) => first(server, /^server (\d+) listens/m)));
        const balancer = await first(start('balancer.mjs', ['0', ...ports]), /^balancer (\d+) listens/m);
        const url = `http://localhost:${balancer}`;
        const [ann, bob] = [start('client.mjs', ['ann', url]), start('client.mjs', ['bob', url])];

        const ofAnn = await first(bob, /^ann \d+, by (\d+)$/m);
        const ofBob = await first(ann, /^bob \d+, by (\d+)$/m);
        expect(ofAnn).to.not.equal(ofBob);
        const [killed] = servers.splice(ports.indexOf(ofAnn), 1);
        killed?.signal('SIGKILL');
        await ann.prints(/^disconnected: .*\n[^]*^back, nothing is missing$/m, LIMIT_MS);
        await sees(ann, bob, 'bob');
        await sees(bob, ann, 'ann');
        const [hers, his] = [said(ann), said(bob)];
        const both = hers.filter((line) => his.includes(line));
        expect(both).to.have.length.above(4);
        expect(his.filter((line) => hers.includes(line))).to.deep.equal(both);

        daemons.write('kill 0\n');
        const back = /^alone: .*\n[^]*^back in the order at .*, no event was missed$/m;
        for (const server of servers) await server.prints(back, LIMIT_MS);
        await sees(ann, bob, 'bob');
        await sees(bob, ann, 'ann');
      });
    });
  });
});

const source = (name: string): string =>
  readFileSync(join(repositoryRoot, 'docs/examples/socket.io', name), 'utf8');

const first = async (program: Program, pattern: RegExp): Promise<string> =>
  (await program.prints(pattern, LIMIT_MS))[1] as string;

/** What a client has seen, in its order. */
const said = ({ out }: Program): string[] => out.split('\n').filter((line) => /, by \d+$/.test(line));

/** Waits until a client sees what another one says from now on. */
async function sees(client: Program, other: Program, name: string): Promise<void> {
  const numbers = [...other.out.matchAll(new RegExp(`^${name} (\\d+), by`, 'gm'))];
  const last = Number(numbers.at(-1)?.[1]);
  await client.prints(new RegExp(`^${name} ${last + 2}, by`, 'm'), LIMIT_MS);
}
