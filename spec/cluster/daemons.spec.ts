/** What daemons do to each other on real nodes: going, coming back, and not belonging there. */
import { execFile } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { whyNoCluster, skipWithoutCluster } from '../support/cluster/available.js';
import { RigProcess } from '../support/cluster/process.js';
import { eventually } from '../support/wait.js';
import { freshRig, type Rig } from './shared.js';

const SSPD = fileURLToPath(new URL('../../daemon/cli/main.js', import.meta.url));
const STRANGER = fileURLToPath(new URL('stranger.js', import.meta.url));
const OTHERS = [1, 2];
/** Milliseconds; Spread 5.0.1 needs up to 31 s. */
const IDLE_MERGE_LIMIT = 10_000;

interface Ended {
  readonly status: number;
  readonly errors: string;
}

/** Runs a program to its end. */
const ended = (program: string, args: readonly string[]): Promise<Ended> =>
  new Promise((resolve) => {
    execFile(program, args, (error, _output, errors) => {
      resolve({ status: typeof error?.code === 'number' ? error.code : 0, errors });
    });
  });

describe('daemons on three nodes', function () {
  this.timeout(120_000);
  let rig: Rig;

  before(skipWithoutCluster);

  beforeEach(async function () {
    if (whyNoCluster() === null) rig = await freshRig();
  });

  /** Views that the sessions of these nodes have seen so far. */
  const sightings = (): number[] => rig.watch.nodes.map((node) => node.sightings.length);

  it('[daemon D13] a stop is not announced and costs everybody seconds - ours is, and the ring continues', async () => {
    const { cluster, watch } = rig;
    const views = cluster.node(1).daemonViews();
    await cluster.node(3).running('sspd').stop();
    await watch.together(OTHERS);
    expect(watch.of(1).last?.cause).to.equal('network');
    expect(cluster.node(1).daemonViews()).to.equal(views + 1);
    // Nobody had to lose the token for it.
    expect(await cluster.node(1).ring()).to.have.members([1, 2, 3]);
  });

  it('[daemon D15] an idle cluster merges after up to 31 s - ours does at once', async () => {
    const { cluster, watch } = rig;
    cluster.network.cut(3);
    await watch.together(OTHERS);
    await watch.together([3]);
    cluster.network.heal();
    await watch.together([1, 2, 3], IDLE_MERGE_LIMIT);
  });

  it('refuse a second one of the same name with a line that says so, and go on', async () => {
    const { cluster } = rig;
    const node = cluster.node(3);
    const file = join(node.folder, 'twin.conf');
    writeFileSync(
      file,
      `Spread_Segment 10.255.255.255:4899 {\n  dmn1 ${node.host}\n}\nEngine = corosync\nUnixSocketDir = ${node.folder}\n`,
    );
    const before = sightings();
    const [program, ...args] = node.inside(process.execPath, SSPD, '-c', file, '-n', 'dmn1');
    const { status, errors } = await ended(program, args);
    expect(errors).to.include('sspd: the daemon name "dmn1" is in use at node 1\n');
    expect(status).to.equal(2);
    expect(sightings()).to.deep.equal(before);
  });

  it('ignore a stranger in their group of processes, name it in the log, and go on', async () => {
    const { cluster } = rig;
    const node = cluster.node(2);
    const before = sightings();
    const views = cluster.node(1).daemonViews();
    const [program, ...args] = node.inside(process.execPath, STRANGER, 'ssp-toolkit');
    const stranger = new RigProcess(program, args, join(node.folder, 'stranger.out'));
    const logOf = (number: number): string =>
      readFileSync(join(cluster.node(number).folder, 'sspd.out'), 'utf8');
    try {
      await eventually(
        () => [1, 2, 3].every((number) => logOf(number).includes('ignoring message from a foreign process')),
        'a line in every log',
      );
      await eventually(() => cluster.node(1).daemonViews() > views, 'a daemon view without the stranger');
    } finally {
      await stranger.kill();
    }
    await rig.watch.together();
    expect(sightings()).to.deep.equal(before);
  });
});
