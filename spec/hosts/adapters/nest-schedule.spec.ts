/** The program of the guide to NestJS: instances of which one runs a job, until it or the daemon goes. */
import { expect } from 'chai';
import { type Cluster, cluster } from '../../../daemon/testing/index.js';
import { Program } from '../../support/program.js';
import { eventually } from '../../support/wait.js';
import { HostProject } from './host-project.js';

const FILE = 'nest-schedule.ts';
const LINE = 'report, with a term: true\n';
/** A busy machine takes its time to load Nest, and to let a second pass. */
const LIMIT = 60_000;

const reportsOf = ({ out }: Program): number => out.split(LINE).length - 1;
/** What the package below @nestjs/schedule writes where a second begins late, as on a busy machine. */
const LATE = /^\[Cron\] Missed execution deadline.*\n/gm;
const leads = ({ out }: Program): boolean => out.lastIndexOf('leads') > out.lastIndexOf('does not lead');

describe('hosts: NestJS', () => {
  let project: HostProject;
  let page: string;
  let daemons: Cluster;

  before(async () => {
    project = await HostProject.make({
      '@nestjs/common': '@nestjs/common',
      '@nestjs/core': '@nestjs/core',
      '@nestjs/schedule': '@nestjs/schedule',
      'reflect-metadata': 'reflect-metadata',
    });
    page = project.takeExample(FILE, 'nest-schedule');
    expect(project.build(FILE)).to.equal('');
  });
  after(async () => {
    await project[Symbol.asyncDispose]();
  });

  beforeEach(async () => {
    daemons = await cluster(1, { tcp: true });
  });
  afterEach(async () => {
    await Program.endAll();
    await daemons[Symbol.asyncDispose]();
  });

  const start = async (): Promise<Program> => {
    const program = Program.start(project.file('nest-schedule.js'), [daemons.address(0)]);
    await program.prints(/lead/, LIMIT);
    return program;
  };
  /** Two instances, the first of which leads. */
  const startBoth = async (): Promise<[Program, Program]> => {
    const first = await start();
    await first.prints(/^leads\n/, LIMIT);
    const second = await start();
    return [first, second];
  };

  it('runs a job at one of two instances, and at the other when the first is killed', async () => {
    const [first, second] = await startBoth();
    await eventually(() => reportsOf(first) >= 4, 'four reports', LIMIT);
    expect(reportsOf(second)).to.equal(0);
    expect(page).to.include(`\`\`\`\nleads\n${LINE}${LINE}\`\`\``);
    await first.signal('SIGKILL').end();
    await second.prints(/leads\n(?:report.*\n){2}/, LIMIT);
    const { status, err } = await second.signal('SIGTERM').end(LIMIT);
    expect([status, err.replace(LATE, '')]).to.deep.equal([0, '']);
  });

  it('runs it nowhere while the daemon is away, and at one instance afterwards', async () => {
    const both = await startBoth();
    await eventually(() => reportsOf(both[0]) >= 1, 'a report', LIMIT);
    const { length } = both[0].out;
    await daemons.kill(0, { wait: 'nothing' });
    await eventually(() => both[0].out.slice(length).includes('does not lead\n'), 'the loss', LIMIT);
    const before = both.map(reportsOf);
    // Longer than the time between two runs.
    await new Promise((resolve) => setTimeout(resolve, 2_500));
    expect(both.map(reportsOf)).to.deep.equal(before);
    await daemons.start(0, { wait: 'nothing' });
    await eventually(() => both.filter(leads).length === 1, 'one leader', LIMIT);
    const [leader, other] = leads(both[0]) ? both : both.toReversed();
    const since = [leader as Program, other as Program].map(reportsOf);
    await eventually(
      () => reportsOf(leader as Program) >= (since[0] as number) + 2,
      'two more reports',
      LIMIT,
    );
    expect(reportsOf(other as Program)).to.equal(since[1]);
  });

  it('says so at the start where the decorators are in the wrong order', async () => {
    const [above, below] = ['  @Cron(CronExpression.EVERY_SECOND)\n', '  @OnlyLeader()\n'];
    const [, right] = /```ts\n(.*?)```/s.exec(page) as unknown as [string, string];
    project.write('wrong.ts', right.replace(above + below, below + above));
    expect(project.build('wrong.ts')).to.equal('');
    const { status, err } = await Program.start(project.file('wrong.js'), [daemons.address(0)]).end(LIMIT);
    expect(status).to.equal(1);
    expect(err).to.include('Error: @OnlyLeader() belongs below @Cron()');
  });
});
