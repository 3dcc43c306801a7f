/** The verbs of `ssp` that read a monitor, against one of this process. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect } from 'chai';
import type { Monitor } from '../../daemon/monitor/http.js';
import { monitored } from '../monitor/monitor-fixture.js';
import { fakeStatus, session } from '../monitor/fake-status.js';
import { CommandLines } from '../support/command-lines.js';
import { type Ended, Program } from '../support/program.js';
import { TemporaryDirectory } from '../support/temporary.js';

const verbs = ['status', 'top', 'groups', 'members'];

describe('process: ssp, verbs of the monitor', () => {
  const daemonStatus = fakeStatus();
  let monitor: Monitor;
  let lines: CommandLines;

  before(() => {
    lines = new CommandLines();
  });
  after(() => Program.endAll());

  beforeEach(async () => {
    Object.assign(daemonStatus, fakeStatus());
    monitor = await monitored({ status: daemonStatus });
  });

  afterEach(() => monitor.close());

  const at = (place: string, args: readonly string[], environment: NodeJS.ProcessEnv = {}): Program =>
    Program.start('lib/cli/main.js', args, { SSP_MONITOR: place, SSP_MONITOR_TOKEN: '', ...environment });

  const ssp = (...args: readonly string[]): Promise<Ended> =>
    lines.run(args, { SSP_MONITOR: `http://127.0.0.1:${monitor.port}`, SSP_MONITOR_TOKEN: '' });

  it('status is a page for people', async () => {
    const { status, out, err } = await ssp('status');
    expect([status, err]).to.deep.equal([0, '']);
    for (const line of [
      /^daemon +one, version 0\.1\.0, up 1 min$/m,
      /^listens on +4803@127\.0\.0\.1, \/tmp\/4803$/m,
      /^daemon view +one$/m,
      /^sessions +2, 1 of them in their handshake$/m,
      /^in +10 messages, 1\.0 kB$/m,
      /^rejected +REJECT_NOT_UNIQUE 2$/m,
      /^ended +closed 4$/m,
    ]) {
      expect(out).to.match(line);
    }
  });

  it('status --json is what the monitor tells', async () => {
    const { out } = await ssp('status', '--json');
    expect(JSON.parse(out)).to.include({ name: 'one', node: process.version, waitingBytes: 300 });
  });

  it('status fails when there is no daemon view', async () => {
    daemonStatus.daemons = [];
    const { status, out, err } = await ssp('status');
    expect([status, err]).to.deep.equal([1, 'ssp: the daemon has no daemon view\n']);
    expect(out).to.match(/^daemon view +none \(no-view\)$/m);
  });

  it('top prints one table without a terminal', async () => {
    const { status, out, err } = await ssp('top');
    expect([status, err]).to.deep.equal([0, '']);
    expect(out.split('\n')[0]).to.match(/^\d\d:\d\d:\d\d {3}2 sessions .* 300 B waiting {3}by waiting {3}/);
    const [, , head, first, second] = out.split('\n');
    expect(head).to.match(/^session +from +for +groups +in\/s +out\/s +waiting +bytes waiting +held$/);
    expect(first).to.match(/^#s2#one .* 200 {2}flood$/);
    expect(second).to.match(/^#s1#one .* 100$/);
  });

  it('top sorts', async () => {
    const { out } = await ssp('top', '--sort', 'name');
    expect(out.indexOf('#s1#one')).to.be.below(out.indexOf('#s2#one'));
  });

  it('top groups and top daemons print their tables', async () => {
    const groups = await ssp('top', 'groups');
    expect([groups.status, groups.err]).to.deep.equal([0, '']);
    expect(groups.out).to.match(/^room +2 +2 +1\.2\.3\nlobby +1 +1 +1\.2\.3$/m);
    const { out } = await ssp('top', 'daemons');
    expect(out).to.match(/^one +leader +1 min +2 +2 +0 +0 +300 B /m);
    const json = await ssp('top', 'groups', '--json');
    expect((JSON.parse(json.out) as { groups: object[] }).groups).to.have.length(2);
  });

  it('top has colours when they are forced, and none in a pipe', async () => {
    const place = `http://127.0.0.1:${monitor.port}`;
    const escape = '\u001B[';
    expect((await at(place, ['top'], { FORCE_COLOR: '1' }).end()).out).to.include(escape);
    expect((await at(place, ['top'], { FORCE_COLOR: undefined }).end()).out).not.to.include(escape);
  });

  it('top --json is what the monitor tells', async () => {
    const { out } = await ssp('top', '--json');
    expect((JSON.parse(out) as { sessions: object[] }).sessions).to.have.length(2);
  });

  it('groups is a table', async () => {
    expect(await ssp('groups')).to.deep.equal({
      status: 0,
      out: 'group  members  of this daemon  id\nlobby        1               1  1.2.3\nroom         2               2  1.2.3\n',
      err: '',
    });
  });

  it('groups tells how many it leaves out', async () => {
    expect((await ssp('groups', '--limit', '1')).out).to.match(/\nlobby .*\nand 1 group more\n$/);
  });

  it('groups --json is what the monitor tells', async () => {
    const { out } = await ssp('groups', '--json');
    expect(JSON.parse(out)).to.deep.equal({ total: 2, groups: daemonStatus.groups().toReversed() });
  });

  it('members are one a line, in order', async () => {
    expect(await ssp('members', 'room')).to.deep.equal({
      status: 0,
      out: '#s1#one\n#s2#one\n',
      err: '',
    });
    const { out } = await ssp('members', 'room', '--json');
    expect(JSON.parse(out)).to.deep.equal({ group: 'room', members: ['#s1#one', '#s2#one'] });
  });

  for (const name of ['a/b?c=d', '%41', '..', '$']) {
    it(`members finds the group ${name}`, async () => {
      daemonStatus.members = (group) => (group === name ? ['#s1#one'] : null);
      expect((await ssp('members', name)).out).to.equal('#s1#one\n');
    });
  }

  it('members fails for a group that is not there', async () => {
    expect(await ssp('members', 'nobody')).to.deep.equal({
      status: 1,
      out: '',
      err: 'ssp: no such group: "nobody"\n',
    });
  });

  it('writes out what would steer the terminal', async () => {
    daemonStatus.sessions = () => [session(1, { from: '\u001B[2J' })];
    const { out } = await ssp('top');
    expect(out).to.include('\\u{1b}[2J').and.not.to.include('\u001B');
  });

  it('goes through a local socket', async () => {
    await using directory = await TemporaryDirectory.make();
    const path = directory.file('monitor');
    await using local = await monitored({ endpoint: { path }, status: daemonStatus });
    expect((await at('', ['members', 'room', '--monitor', local.address]).end()).out).to.equal(
      '#s1#one\n#s2#one\n',
    );
  });

  it('shows the token', async () => {
    await using closed = await monitored({ status: daemonStatus, token: 's3cret' });
    const place = `http://127.0.0.1:${closed.port}`;
    const { status, err } = await at(place, ['groups']).end();
    expect([status, err]).to.deep.equal([
      1,
      `ssp: ${place} requires a valid token: set --token or SSP_MONITOR_TOKEN\n`,
    ]);
    expect((await at(place, ['groups', '--token', 's3cret']).end()).status).to.equal(0);
    expect((await at(place, ['groups'], { SSP_MONITOR_TOKEN: 's3cret' }).end()).status).to.equal(0);
  });

  it('takes host:port for a monitor', async () => {
    const { status, out } = await at(`127.0.0.1:${monitor.port}`, ['members', 'room']).end();
    expect([status, out]).to.deep.equal([0, (await ssp('members', 'room')).out]);
  });

  it('keeps the path of a monitor behind a proxy', async () => {
    const asked: (string | undefined)[] = [];
    const server = createServer(({ url }, response) => {
      asked.push(url);
      response.end('{"group":"room","members":[]}');
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    await at(`http://127.0.0.1:${port}/sspd/`, ['members', 'room']).end();
    server.close();
    expect(asked).to.deep.equal(['/sspd/groups/room']);
  });
});

describe('process: ssp, verbs of the monitor that fail or print their help', () => {
  let lines: CommandLines;

  before(() => {
    lines = new CommandLines();
  });
  after(() => lines[Symbol.asyncDispose]());

  const at = (place: string, args: readonly string[]): Promise<Ended> =>
    lines.run(args, { SSP_MONITOR: place, SSP_MONITOR_TOKEN: '' });

  it('do the same in a process of their own', async () => {
    const place = 'http://127.0.0.1:1';
    for (const args of [['status'], ['top', 'people'], ['members', '--help']]) {
      const own = Program.start('lib/cli/main.js', args, { SSP_MONITOR: place, SSP_MONITOR_TOKEN: '' });
      expect(await own.end()).to.deep.equal(await at(place, args));
    }
  });

  for (const [what, place, message] of [
    ['nobody', 'http://127.0.0.1:1', 'no monitor answers at http://127.0.0.1:1; MonitorAddress in'],
    ['no socket', '/nowhere/at/all', 'no monitor answers at /nowhere/at/all; MonitorAddress in'],
  ] as const) {
    for (const verb of verbs) {
      it(`${verb} says so when there is ${what}`, async () => {
        const args = verb === 'members' ? [verb, 'room'] : [verb];
        const { status, out, err } = await at(place, args);
        expect([status, out]).to.deep.equal([1, '']);
        expect(err)
          .to.match(/^ssp: [^\n]+\n$/)
          .and.to.include(message);
      });
    }
  }

  for (const [code, answer, message] of [
    [200, '<html>', 'does not answer like the monitor of a daemon'],
    [200, '{"name":5}', 'does not answer like the monitor of a daemon'],
    [404, '<html>', ' answered 404\n'],
    [404, '{"error":"no page"}', ' answered 404: no page\n'],
    [500, '{"error":"\\u001B"}', ' answered 500: \\u{1b}\n'],
  ] as const) {
    it(`does not take ${code} ${JSON.stringify(answer)} for an answer`, async () => {
      const server = createServer((_, response) => response.writeHead(code).end(answer)).listen(
        0,
        '127.0.0.1',
      );
      await once(server, 'listening');
      const { port } = server.address() as AddressInfo;
      const { status, err } = await at(`http://127.0.0.1:${port}`, ['status']);
      server.close();
      expect(status).to.equal(1);
      expect(err)
        .to.match(/^ssp: [^\n]+\n$/)
        .and.to.include(message);
    });
  }

  for (const [args, message] of [
    [['status', '--monitor', '4804'], 'Expected host:port, a URL'],
    [['status', '--token', 'two words'], 'Expected one word'],
    [['top', '--sort', 'age'], 'Allowed choices are waiting, in, out, name'],
    [['top', 'people'], 'Allowed choices are sessions, groups, daemons'],
    [
      ['top', 'groups', '--sort', 'in'],
      '--sort in does not apply to groups: expected one of members, local, name',
    ],
    [['groups', '--limit', '0'], 'from 1 to 10000'],
    [['members'], "missing required argument 'group' (ssp members --help)"],
    [['members', '#a#b'], 'A group name has 1 to 31 characters'],
  ] as const) {
    it(`refuses "${args.join(' ')}"`, async () => {
      const { status, out, err } = await at('http://127.0.0.1:1', args);
      expect([status, out]).to.deep.equal([2, '']);
      expect(err)
        .to.match(/^ssp: [^\n]+ \(ssp( \w+)? --help\)\n$/)
        .and.to.include(message);
    });
  }

  for (const verb of verbs) {
    it(`has an example in the help of ${verb}`, async () => {
      const { status, out } = await at('http://127.0.0.1:1', [verb, '--help']);
      expect(status).to.equal(0);
      expect(out)
        .to.include('SSP_MONITOR')
        .and.to.match(/\nExample:\n {2}ssp /);
    });
  }
});
