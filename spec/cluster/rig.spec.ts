/** The rig itself: it obeys, and nothing of it stays behind. */
import { existsSync } from 'node:fs';
import { expect } from 'chai';
import { skipWithoutCluster } from '../support/cluster/available.js';
import { removeLeftovers } from '../support/cluster/leftovers.js';
import { ownerOf } from '../support/cluster/names.js';
import { system } from '../support/cluster/system.js';
import { Program } from '../support/program.js';

const LIMIT = 30_000;

interface Started {
  readonly program: Program;
  readonly pid: number;
  readonly folder: string;
}

async function start(): Promise<Started> {
  const program = Program.start('scripts/cluster.js', ['--nodes', '2', '--token', '400']);
  await program.prints(/2 nodes are up/, LIMIT);
  const [, folder = '', pid] = await program.prints(/files (\S+-cluster-(\d+)-[^/]+)/);
  return { program, pid: Number(pid), folder };
}

/** Devices and namespaces of a process. */
const namesOf = (pid: number): string[] =>
  [system('ip', ['-o', 'link', 'show']), system('ip', ['netns', 'list'])]
    .flatMap((text) => text.split(/[\s:@]+/))
    .filter((word) => ownerOf(word) === pid);

describe('npm run cluster', function () {
  this.timeout(60_000);
  before(skipWithoutCluster);
  afterEach(() => Program.endAll());

  it('obeys the lines of its input, and leaves nothing when that ends', async () => {
    const { program, pid, folder } = await start();
    expect(namesOf(pid)).not.to.deep.equal([]);
    program.write('kill sspd 2\nstatus\n');
    await program.prints(/2 dmn2: corosync runs, sspd ended; ring 1 2\n/, LIMIT);
    program.write('start sspd 2\nfreeze corosync 1 100ms\nnonsense\n');
    await program.prints(/"nonsense" is none of/, LIMIT);
    const { status } = await program.eof().end(LIMIT);
    expect(status).to.equal(0);
    expect(namesOf(pid)).to.deep.equal([]);
    expect(existsSync(folder)).to.equal(false);
  });

  it('leaves nothing when a signal ends it', async () => {
    const { program, pid, folder } = await start();
    await program.signal('SIGTERM').end(LIMIT);
    expect(namesOf(pid)).to.deep.equal([]);
    expect(existsSync(folder)).to.equal(false);
  });

  it('is removed by the next one when it was killed', async () => {
    const { program, pid, folder } = await start();
    await program.signal('SIGKILL').end(LIMIT);
    expect(namesOf(pid)).not.to.deep.equal([]);
    removeLeftovers();
    expect(namesOf(pid)).to.deep.equal([]);
    expect(existsSync(folder)).to.equal(false);
  });
});
