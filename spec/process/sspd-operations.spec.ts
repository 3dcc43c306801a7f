/** Running `sspd`: checking a configuration, reading it again, and going on when files and disks do not. */
import { Buffer } from 'node:buffer';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { rename, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { Passwords } from '../../daemon/access/passwords.js';
import type { Hello } from '../../lib/wire/extension/hello.js';
import { encodeConnectRequest, PROTOCOL_VERSION } from '../../lib/wire/handshake/connect-request.js';
import { RawClient, RawSession } from '../support/raw-client.js';
import { tell } from '../support/describe-frame.js';
import { skip } from '../support/skip.js';
import { TemporaryDirectory } from '../support/temporary.js';
import { tlsFile } from '../support/tls-files.js';
import { eventually } from '../support/wait.js';
import { type Ending, freePort, Sspd } from './sspd.js';

const MAIN = fileURLToPath(new URL('../../daemon/cli/main.js', import.meta.url));
const LIMIT = 15_000;

/** Whether the process has its own answer to SIGHUP by now, as far as the system tells. */
function catchesHangUp(pid: number | undefined): boolean {
  try {
    const [, caught = '0'] =
      /^SigCgt:\s*([0-9a-f]+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
    return (BigInt(`0x${caught}`) & 1n) === 1n;
  } catch {
    return false;
  }
}

describe('sspd in operation', function () {
  this.timeout(40_000);

  let folder: TemporaryDirectory;
  let port = 0;
  beforeEach(async () => {
    folder = await TemporaryDirectory.make();
    port = await freePort();
  });
  afterEach(async () => {
    await folder[Symbol.asyncDispose]();
  });

  const write = async (name: string, text: string): Promise<string> => {
    await writeFile(folder.file(name), text);
    return folder.file(name);
  };

  /** A configuration of one daemon. */
  const configure = (...options: readonly string[]): Promise<string> =>
    write(
      'spread.conf',
      [
        `Spread_Segment 127.0.0.255:${port} { one 127.0.0.1 }`,
        `UnixSocketDir = "${folder.path}"`,
        ...options,
        '',
      ].join('\n'),
    );

  /** What it says on standard error for a fatal error: one line, status 2, no abort. */
  async function refusal(...args: readonly string[]): Promise<string> {
    const { ending, stdout, stderr } = await Sspd.run(...args);
    expect(ending, stderr).to.deep.equal({ status: 2, signal: null });
    expect(stdout).to.equal('');
    expect(stderr).to.match(/^sspd: [^\n]+\n$/);
    return stderr.slice('sspd: '.length, -1);
  }

  describe('--check', () => {
    it('prints everything that a start would use and ends with 0, without listening', async () => {
      const config = await configure('MaxSessions = 7', 'Window = 100');
      const { ending, stdout, stderr } = await Sspd.run('--check', '-c', config, '-n', 'one');
      expect(ending, stderr).to.deep.equal({ status: 0, signal: null });
      const shown = JSON.parse(stdout) as Record<string, unknown>;
      expect(shown).to.deep.include({ name: 'one', unixDir: folder.path, withoutEffect: ['Window'] });
      expect(shown['limits']).to.deep.include({ maxSessions: 7 });
      expect(existsSync(folder.file(String(port)))).to.equal(false);
      expect(stderr).to.equal('');
    });

    it('goes beside a daemon that runs on the same ports', async () => {
      const config = await configure();
      await using sspd = new Sspd(['-c', config, '-n', 'one']);
      await sspd.port();
      const { ending } = await Sspd.run('--check', '-c', config, '-n', 'one');
      expect(ending.status).to.equal(0);
    });

    it('does not show the token', async () => {
      const token = await write('token', 'very-secret\n');
      const config = await configure('MonitorAddress = "127.0.0.1:0"', `MonitorTokenFile = "${token}"`);
      const { ending, stdout } = await Sspd.run('--check', '-c', config, '-n', 'one');
      expect(ending.status).to.equal(0);
      expect((JSON.parse(stdout) as { monitor: unknown }).monitor).to.deep.include({ token: '***' });
      expect(stdout).not.to.include('very-secret');
    });

    it('reads the file for another host with --host-name, whose files and sockets are not here', async () => {
      const config = await write(
        'cluster.conf',
        `Spread_Segment 192.0.2.255:${port} { one 192.0.2.1 two 192.0.2.2 }
         Engine = corosync UnixSocketDir = "/nowhere" EventLogFile = "/nowhere/%h.log" AccessGroupFile = "/nowhere/g"
         MonitorAddress = "192.0.2.2:4804" MonitorTokenFile = "/nowhere/token"`,
      );
      const { ending, stdout, stderr } = await Sspd.run(
        '--check',
        '-c',
        config,
        '--host-name',
        'two.invalid',
      );
      expect(ending.status, stderr).to.equal(0);
      expect(JSON.parse(stdout)).to.deep.include({ name: 'two', logFile: '/nowhere/two.invalid.log' });
      expect(await refusal('-c', config, '--host-name', 'two')).to.equal(
        '--host-name requires --check and --config',
      );
    });

    it('checks what stands on the command line alone', async () => {
      const { ending, stdout } = await Sspd.run('--check', '--name', 'one', '--port', '0', '--unix-dir', '');
      expect(ending.status).to.equal(0);
      expect(JSON.parse(stdout)).to.deep.include({ name: 'one', unixDir: null });
    });

    for (const [what, option, message] of [
      ['an option of the configuration', 'MaxSessions = none', /spread\.conf:3:\d+: /],
      [
        'a file that is missing',
        'AccessGroupFile = "/nowhere/groups"',
        /^\/nowhere\/groups: cannot be read \(ENOENT\)$/,
      ],
    ] as const) {
      it(`tells in one line, with status 2, about ${what}`, async () => {
        expect(await refusal('--check', '-c', await configure(option), '-n', 'one')).to.match(message);
      });
    }

    for (const [name, option, text, message] of [
      ['ips', 'AccessIpFile', 'local\n10.0.0.1/8\n', /ips:2: "10\.0\.0\.1\/8": the bits after/],
      [
        'users',
        'AccessPasswordFile',
        'spuser:abJnggxhB/yWI\n',
        /users:1: .*traditional crypt hash.*--hash-password/,
      ],
      [
        'groups',
        'AccessGroupFile',
        '* all *\n',
        /groups:1: expected join, send, impersonate, or some .*, got "all"/,
      ],
    ] as const) {
      it(`tells in one line, with status 2, about a line of ${option}`, async () => {
        const config = await configure(
          'AllowedAuthMethods = "NULL IP PWORD"',
          ...(name === 'users' ? [] : [`AccessPasswordFile = "${await write('good', '')}"`]),
          `${option} = "${await write(name, text)}"`,
        );
        expect(await refusal('--check', '-c', config, '-n', 'one')).to.match(message);
        expect(await refusal('-c', config, '-n', 'one')).to.match(message);
      });
    }
  });

  describe('--hash-password', () => {
    async function hash(input: string): Promise<Ending & { out: string; err: string }> {
      await using sspd = new Sspd(['--hash-password'], ['pipe', 'pipe', 'pipe']);
      sspd.child.stdin?.end(input);
      const ending = await sspd.ended();
      return { ...ending, out: sspd.stdout, err: sspd.stderr };
    }

    it('reads a password from standard input and prints a hash that fits', async () => {
      const { status, out, err } = await hash('secret\n');
      expect([status, err]).to.deep.equal([0, '']);
      const passwords = Passwords.parse(`alice:${out}`, 'users');
      expect(await passwords.verify({ user: 'alice', password: 'secret' })).to.equal(true);
    });

    it('refuses an empty password, and characters that are not one byte', async () => {
      expect(await hash('\n')).to.include({
        status: 2,
        out: '',
        err: 'sspd: a password must not be empty\n',
      });
      const { status, out, err } = await hash('\u0100\n');
      expect([status, out]).to.deep.equal([2, '']);
      expect(err).to.match(/^sspd: a password can only have characters up to U\+00FF[^\n]+\n$/);
    });

    it('makes no hash with which an empty password gets in', async () => {
      const passwords = Passwords.parse(`alice:${(await hash('secret')).out}`, 'users');
      expect(await passwords.verify({ user: 'alice', password: '' })).to.equal(false);
    });

    it('does not show what is typed at a terminal', async function () {
      const [record, password] = [folder.file('record'), 'pass-wrd'];
      const [found] = spawnSync('sh', ['-c', 'command -v script'], { encoding: 'utf8' }).stdout.split('\n');
      if (process.platform !== 'linux' || !found) return skip(this, '`script` of Linux is missing');
      const command = `"${process.execPath}" "${MAIN}" --hash-password`;
      const terminal = spawn(found, ['-q', '-e', '-c', command, record]);
      const ended = once(terminal, 'close');
      let screen = '';
      terminal.stdout.on('data', (text) => (screen += text));
      try {
        await eventually(() => screen.includes('Password: '), 'the question', LIMIT);
        terminal.stdin.write(`${password}\r`);
        await ended;
      } finally {
        terminal.kill('SIGKILL');
      }
      const [, made] = /(\$scrypt\$\S+)/.exec(screen) ?? [];
      expect(screen.replace(/\$scrypt\$\S+/, 'HASH')).to.equal('Password: \r\nHASH\r\n');
      const passwords = Passwords.parse(`alice:${made}`, 'users');
      expect(await passwords.verify({ user: 'alice', password })).to.equal(true);
      return undefined;
    });

    it('says that 8 bytes count', async () => {
      const { status, out, err } = await hash('123456789');
      expect(status).to.equal(0);
      expect(err).to.match(/^sspd: the protocol carries 8 bytes of a password[^\n]+\n$/);
      expect(out).to.match(/^\$scrypt\$[^\n]+\n$/);
    });
  });

  describe('SIGHUP', () => {
    const reads = (sspd: Sspd, count = 1): Promise<void> =>
      eventually(
        () =>
          sspd.log.filter(({ msg }) => /^configuration (not )?reloaded/.test(String(msg))).length >= count,
        'the answer to the signal',
        LIMIT,
      );

    it('reads the configuration again for new clients; those that are there stay', async () => {
      const config = await configure('MaxSessions = 1');
      await using sspd = new Sspd(['-c', config, '-n', 'one']);
      const alice = await RawSession.connect(await sspd.port(), 'alice');
      const groups = await write('groups', '* join public\n');
      await configure('MaxSessions = 2', `AccessGroupFile = "${groups}"`);
      sspd.child.kill('SIGHUP');
      await reads(sspd);
      const bob = await RawSession.connect(port, 'bob');
      for (const session of [alice, bob]) session.join('g');
      expect(tell(await alice.next())).to.equal('join g: #alice#one (#alice#one)');
      expect((await bob.next()).names()).to.deep.equal(['g', '#bob#one']);
      for (const session of [alice, bob]) session.close();
    });

    it('offers the extension to new clients, or does not any more', async () => {
      const config = await configure();
      await using sspd = new Sspd(['-c', config, '-n', 'one']);
      const wanted: Hello = { features: 4, holdMs: 0, heartbeatMs: 60_000, attempt: 0, resume: null };
      const alice = await RawSession.connect(await sspd.port(), 'alice', true, wanted);
      await configure('Resume = no');
      sspd.child.kill('SIGHUP');
      await reads(sspd);
      const bob = await RawSession.connect(port, 'bob', true, wanted);
      await configure('ClientExtension = no');
      sspd.child.kill('SIGHUP');
      await reads(sspd, 2);
      const cleo = await RawSession.connect(port, 'cleo', true, wanted);
      const granted = [alice, bob, cleo].map(({ welcome }) => welcome?.features);
      expect(granted).to.deep.equal([4, 0, undefined]);
      for (const session of [alice, bob, cleo]) session.close();
    });

    it('opens the log again, so that a rotation can move it away', async () => {
      const file = folder.file('sspd.log');
      const config = await configure(`EventLogFile = "${file}"`);
      await using sspd = new Sspd(['-c', config, '-n', 'one']);
      await sspd.port();
      await rename(file, `${file}.1`);
      sspd.child.kill('SIGHUP');
      await eventually(
        () => existsSync(file) && readFileSync(file, 'utf8').includes('configuration reloaded'),
        'the new log',
      );
      expect(readFileSync(`${file}.1`, 'utf8')).not.to.include('configuration reloaded');
    });

    it('and SIGUSR1 end nothing that has just started, and open no inspector', async () => {
      const config = await configure();
      await using sspd = new Sspd(['-c', config, '-n', 'one']);
      const insist = setInterval(() => {
        // Before its first line of code the answer is that of the system.
        if (!catchesHangUp(sspd.child.pid)) return;
        sspd.child.kill('SIGUSR1');
        sspd.child.kill('SIGHUP');
      }, 2);
      try {
        await sspd.port();
      } finally {
        clearInterval(insist);
      }
      sspd.child.kill('SIGHUP');
      await reads(sspd);
      expect(sspd.stderr).not.to.include('Debugger listening');
    });

    it('is not SIGUSR1, which is ignored', async () => {
      const config = await configure();
      await using sspd = new Sspd(['-c', config, '-n', 'one']);
      await sspd.port();
      sspd.child.kill('SIGUSR1');
      await eventually(() => sspd.log.some(({ msg }) => msg === 'signal ignored'), 'the line', LIMIT);
      (await RawSession.connect(port, 'bob')).close();
    });

    it('changes nothing and says so when the configuration is broken', async () => {
      const config = await configure();
      await using sspd = new Sspd(['-c', config, '-n', 'one']);
      const alice = await RawSession.connect(await sspd.port(), 'alice');
      await configure('MaxSessions = none');
      sspd.child.kill('SIGHUP');
      await reads(sspd);
      const line = sspd.log.find(({ msg }) => msg === 'configuration not reloaded; nothing changed');
      expect(line?.['level']).to.equal(50);
      expect(line?.['error']).to.match(/^[^\n]*spread\.conf:3:\d+: [^\n]+$/);
      alice.join('g');
      expect(tell(await alice.next())).to.equal('join g: #alice#one (#alice#one)');
      (await RawSession.connect(port, 'bob')).close();
      alice.close();
    });

    it('changes nothing and says so when the configuration or a file of it is gone', async () => {
      const groups = await write('groups', '* join,send *\n');
      const config = await configure(`AccessGroupFile = "${groups}"`);
      await using sspd = new Sspd(['-c', config, '-n', 'one']);
      await sspd.port();
      await configure(`AccessGroupFile = "${groups}.gone"`, 'MaxSessions = 1');
      sspd.child.kill('SIGHUP');
      await reads(sspd);
      expect(sspd.log.at(-1)?.['error']).to.equal(`${groups}.gone: cannot be read (ENOENT)`);
      await folder[Symbol.asyncDispose]();
      sspd.child.kill('SIGHUP');
      await reads(sspd, 2);
      expect(sspd.log.at(-1)).to.deep.include({ msg: 'configuration not reloaded; nothing changed' });
      const sessions = [await RawSession.connect(port, 'a'), await RawSession.connect(port, 'b')];
      for (const session of sessions) session.close();
    });

    it('names what needs a new start', async () => {
      const config = await configure();
      await using sspd = new Sspd(['-c', config, '-n', 'one']);
      await sspd.port();
      await configure(
        `ClientTLSPort = ${await freePort()}`,
        `TLSCertificateFile = "${tlsFile('daemon.crt')}"`,
        `TLSKeyFile = "${tlsFile('daemon.key')}"`,
      );
      sspd.child.kill('SIGHUP');
      await eventually(() => sspd.stderr.includes('restart required for these options'), 'the line', LIMIT);
      expect(sspd.log.at(-1)?.['options']).to.deep.equal(['tls']);
    });

    it('may come many times at once, and without a configuration', async () => {
      await using sspd = new Sspd(['--name', 'one', '--port', '0', '--unix-dir', '']);
      const free = await sspd.port();
      for (let i = 0; i < 20; i++) sspd.child.kill('SIGHUP');
      await reads(sspd);
      const session = await RawSession.connect(free, 'a');
      expect(sspd.ending).to.equal(null);
      session.close();
    });
  });

  describe('a log that cannot be written', () => {
    it('does not keep the daemon from serving when no more fits', async () => {
      const file = folder.file('sspd.log');
      const config = await configure(`EventLogFile = "${file}"`, 'EventPriority = pDEBUG');
      // Files of half a kilobyte at most, as on a disk that is full.
      const child = spawn('sh', ['-c', 'ulimit -f 1; exec "$0" "$@"', process.execPath, MAIN, '-c', config]);
      const ended = once(child, 'close');
      try {
        await once(child.stdout, 'data');
        for (let i = 0; i < 50; i++) {
          const session = await RawSession.connect(port, `s${i}`);
          session.join('g');
          await session.next();
          session.disconnect();
          await session.client.end();
        }
        expect(child.exitCode).to.equal(null);
        expect(statSync(file).size).to.equal(512);
      } finally {
        child.kill('SIGTERM');
        await ended;
      }
      expect(child.exitCode).to.equal(0);
    });
  });

  describe('[daemon D14] what is fatal is one line and status 2, not an abort whose reason is lost', () => {
    it('when the port is taken', async () => {
      const config = await configure();
      await using sspd = new Sspd(['-c', config, '-n', 'one']);
      await sspd.port();
      expect(await refusal('-c', config, '-n', 'one')).to.match(
        /^cannot listen on [^ ]+: the address is in use/,
      );
    });

    it('when the certificate is missing', async () => {
      const config = await configure(
        `ClientTLSPort = ${await freePort()}`,
        'TLSCertificateFile = "/nowhere/daemon.crt"',
        'TLSKeyFile = "/nowhere/daemon.key"',
      );
      const line = await refusal('-c', config, '-n', 'one');
      expect(line).to.match(/^cannot listen on the TLS port \d+: \/nowhere\/daemon\.crt cannot be read/);
      expect(await refusal('-c', config, '-n', 'one', '--check')).to.equal(line);
    });

    it('when the log cannot be opened', async () => {
      const config = await configure(`EventLogFile = "${folder.path}"`);
      const line = await refusal('-c', config, '-n', 'one');
      expect(line).to.equal(
        `cannot write the log ${folder.path} (expected a regular file, found a directory)`,
      );
      expect(await refusal('-c', config, '-n', 'one', '--check')).to.equal(line);
    });

    it('when the monitor would be open to everybody', async () => {
      const config = await configure('MonitorAddress = "0.0.0.0:0"');
      expect(await refusal('-c', config, '-n', 'one')).not.to.equal('');
    });

    it('when the file of the token is empty', async () => {
      const token = await write('token', '\n');
      const config = await configure('MonitorAddress = "127.0.0.1:0"', `MonitorTokenFile = "${token}"`);
      expect(await refusal('-c', config, '-n', 'one')).to.equal(`${token}: contains no token`);
    });
  });

  describe('more clients than descriptors', () => {
    it('tells so at start, drops those beyond, and serves again when others have gone', async () => {
      const script = `ulimit -n 200; exec "$0" "$@"`;
      const args = [MAIN, '--name', 'one', '--port', '0', '--unix-dir', ''];
      const child = spawn('sh', ['-c', script, process.execPath, ...args], {
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      const ended = once(child, 'close');
      let [out, err] = ['', ''];
      child.stdout.on('data', (text) => (out += text));
      child.stderr.on('data', (text) => (err += text));
      const clients: RawClient[] = [];
      try {
        await eventually(() => out.includes('\n'), 'the first line', LIMIT);
        const at = Number(/:(\d+)/.exec(out)?.[1]);
        const request = encodeConnectRequest({
          version: PROTOCOL_VERSION,
          membership: true,
          priority: 0,
          name: '',
        });
        while (clients.length < 250) {
          const client = await RawClient.open(at);
          client.send(Buffer.from(request));
          clients.push(client);
        }
        const answered = (): number => clients.filter(({ received }) => received.length > 0).length;
        const dropped = (): number => clients.filter(({ closed }) => closed).length;
        await eventually(
          () => answered() + dropped() === clients.length,
          'an answer or an end for each',
          LIMIT,
        );
        expect(dropped(), 'dropped').to.be.greaterThan(20);
        expect(answered(), 'served').to.be.greaterThan(10);
        for (const client of clients) client.close();
        const session = await served(at);
        session.join('g');
        expect(tell(await session.next())).to.match(/^join g: #late#one/);
        session.close();
        // Node drops connections beyond without a word, so the daemon tells beforehand.
        expect(err).to.include('open-file limit is below maxSessions');
      } finally {
        for (const client of clients) client.close();
        child.kill('SIGTERM');
        await ended;
      }
      expect(child.exitCode).to.equal(0);
    });
  });
});

/** A session of a daemon that has to notice first that others have gone. */
async function served(port: number): Promise<RawSession> {
  const end = performance.now() + LIMIT;
  for (;;) {
    try {
      return await RawSession.connect(port, 'late');
    } catch (error) {
      if (performance.now() > end) throw error;
    }
  }
}
