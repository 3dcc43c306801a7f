/** The programs of the README and of the first ten minutes: the pages show them as they are, and they do what the pages say. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { firstSteps, guidePage } from '../support/guide-examples.js';
import { startDaemon } from '../support/local-daemon.js';
import { Program } from '../support/program.js';
import { repositoryRoot } from '../support/recordings.js';

const read = (path: string): string => readFileSync(join(repositoryRoot, path), 'utf8');
const path = (name: string): string => `docs/examples/${name}.js`;

describe('the first pages', () => {
  afterEach(() => Program.endAll());

  for (const [name, { args, last, prints }] of Object.entries(firstSteps)) {
    it(`show ${name} as it is, and it runs`, async () => {
      expect(guidePage(name)).to.include('```ts\n' + read(`docs/examples/${name}.ts`) + '```');
      await using daemon = await startDaemon();
      const program = Program.start(path(name), args(`${daemon.port}@127.0.0.1`));
      if (last !== undefined) await program.prints(new RegExp(last));
      const { status, out, err } = await (last === undefined ? program : program.signal('SIGINT')).end();
      expect([status, err]).to.deep.equal([last === undefined ? 0 : null, '']);
      expect(out).to.match(prints);
    });
  }

  it('show two terminals as they are', async () => {
    const [, picture = ''] =
      /```text\n(\$ node docs\/examples\/room\.js[\s\S]*?)```/.exec(read('README.md')) ?? [];
    const rows = picture
      .trimEnd()
      .split('\n')
      .slice(1)
      .map((row) => row.split('│').map((cell) => cell.trim()));
    const column = (at: number): string =>
      rows
        .map((row) => row[at] ?? '')
        .filter((line) => line !== '' && line !== '^C')
        .map((line) => `${line}\n`)
        .join('');
    await using daemon = await startDaemon({ name: 'myhost' });
    const address = `${daemon.port}@127.0.0.1`;
    const anna = Program.start(path('room'), ['anna', address]);
    await anna.prints(/#anna#myhost: hello/);
    const bert = Program.start(path('room'), ['bert', address]);
    await Promise.all([anna.prints(/#bert#myhost: hello/), bert.prints(/#bert#myhost: hello/)]);
    await anna.signal('SIGINT').end();
    await bert.prints(/leader: #bert/);
    await bert.signal('SIGINT').end();
    expect([anna.out, bert.out]).to.deep.equal([column(0), column(1)]);
  });

  it('show what a program says that finds no daemon, or its name taken', async () => {
    const daemon = await startDaemon();
    const address = `${daemon.port}@127.0.0.1`;
    const worker = Program.start(path('worker'), ['worker1', address]);
    await worker.prints(/I lead/);
    expect((await Program.start(path('connect-errors'), [address]).end()).err).to.equal(
      'that name is taken\n',
    );
    await worker.signal('SIGINT').end();
    await daemon.stop();
    expect((await Program.start(path('connect-errors'), [address]).end()).err).to.equal(
      'no daemon at this address\n',
    );
  });
});
