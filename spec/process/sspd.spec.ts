import { existsSync, readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import { AGREED_MESS } from '../../lib/wire/service.js';
import { startDaemon } from '../support/local-daemon.js';
import { RawSession } from '../support/raw-client.js';
import { repositoryRoot } from '../support/recordings.js';
import { tell } from '../support/describe-frame.js';
import { TemporaryDirectory } from '../support/temporary.js';
import { eventually } from '../support/wait.js';
import { freePort, Sspd } from './sspd.js';

/** Started with one clear line on standard error, nothing on standard output, status 2. */
async function refusal(...args: readonly string[]): Promise<string> {
  const sspd = await Sspd.run(...args);
  expect(sspd.ending, sspd.stderr).to.deep.equal({ status: 2, signal: null });
  expect(sspd.stdout).to.equal('');
  expect(sspd.stderr, 'one line').to.match(/^sspd: [^\n]+\n$/);
  return sspd.stderr.slice('sspd: '.length, -1);
}

describe('sspd', function () {
  this.timeout(30_000);

  describe('started', () => {
    it('says in its first line who it is and where it listens', async () => {
      await using folder = await TemporaryDirectory.make();
      await using sspd = new Sspd(['--name', 'one', '--port', '0', '--unix-dir', folder.path]);
      const port = await sspd.port();
      expect(await sspd.greeting()).to.equal(
        `sspd "one" listens on 127.0.0.1:${port} and ${folder.file(String(port))}`,
      );
      expect(port).to.be.greaterThan(0);
    });

    it('serves clients at both places', async () => {
      await using folder = await TemporaryDirectory.make();
      await using sspd = new Sspd(['--name', 'one', '--port', '0', '--unix-dir', folder.path]);
      const port = await sspd.port();
      const alice = await RawSession.connect(port, 'alice');
      const bob = await RawSession.connect(folder.file(String(port)), 'bob');
      alice.join('room');
      await alice.next();
      bob.multicast(AGREED_MESS, ['room'], 'hello');
      expect(tell(await alice.next())).to.equal('#bob#one > room: hello');
      for (const session of [alice, bob]) session.close();
    });

    it('has no local socket when the option says so', async () => {
      await using sspd = new Sspd(['--name', 'one', '--port', '0', '--unix-dir', '']);
      expect(await sspd.greeting()).to.match(/^sspd "one" listens on 127\.0\.0\.1:\d+$/);
    });

    it('listens where the option says', async () => {
      await using sspd = new Sspd(['--port', '0', '--unix-dir', '', '--host', '::1', '-n', 'one']);
      expect(await sspd.greeting()).to.match(/^sspd "one" listens on \[::1\]:\d+$/);
    });

    it('has a monitor by an option, so that nobody needs a file for one', async () => {
      const at = await freePort();
      const place = `127.0.0.1:${at}`;
      await using sspd = new Sspd(['--port', '0', '--unix-dir', '', '-n', 'one', '--monitor', place]);
      await sspd.greeting();
      const answer = await fetch(`http://${place}/varz`);
      expect(await answer.json()).to.deep.include({ name: 'one' });
    });

    it('logs lines of JSON to standard error', async () => {
      await using folder = await TemporaryDirectory.make();
      await using sspd = new Sspd(['--name', 'one', '--port', '0', '--unix-dir', folder.path]);
      const port = await sspd.port();
      const alice = await RawSession.connect(port, 'alice');
      alice.close();
      await eventually(() => sspd.stderr.includes('session ended'), 'the log');
      expect(sspd.log.map(({ msg, name }) => [msg, name])).to.deep.equal([
        ['listening', 'one'],
        ['session established', '#alice#one'],
        ['session ended', '#alice#one'],
      ]);
      expect(sspd.log.every(({ level, time }) => level === 30 && typeof time === 'number')).to.equal(true);
    });

    it('logs no less than it is asked for', async () => {
      await using sspd = new Sspd(['--port', '0', '--unix-dir', '', '--log', 'warn']);
      const alice = await RawSession.connect(await sspd.port(), 'alice');
      alice.multicast(0x30, [], 'two services');
      await alice.client.end();
      await eventually(() => sspd.stderr.includes('\n'), 'the log');
      expect(sspd.log.map(({ reason }) => reason)).to.deep.equal(['illegal-kind']);
    });

    it('continues when nobody reads what it writes', async () => {
      await using sspd = new Sspd(['--port', '0', '--unix-dir', '', '--log', 'trace']);
      const port = await sspd.port();
      sspd.child.stdout?.destroy();
      sspd.child.stderr?.destroy();
      for (let i = 0; i < 20; i++) {
        const session = await RawSession.connect(port, `s${i}`);
        session.disconnect();
        await session.client.end();
      }
      sspd.child.kill('SIGTERM');
      expect(await sspd.ended()).to.deep.equal({ status: 0, signal: null });
    });
  });

  describe('ended', () => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) {
      it(`by ${signal} has status 0, closes its clients and removes its local socket`, async () => {
        await using folder = await TemporaryDirectory.make();
        await using sspd = new Sspd(['--name', 'one', '--port', '0', '--unix-dir', folder.path]);
        const port = await sspd.port();
        const path = folder.file(String(port));
        const sessions = [await RawSession.connect(port, 'alice'), await RawSession.connect(path, 'bob')];
        expect(existsSync(path)).to.equal(true);
        sspd.child.kill(signal);
        expect(await sspd.ended()).to.deep.equal({ status: 0, signal: null });
        for (const { client } of sessions) await client.end();
        expect(existsSync(path)).to.equal(false);
        expect(sspd.log.map(({ msg }) => msg).slice(-4)).to.deep.equal([
          'stopping',
          'session ended',
          'session ended',
          'stopped',
        ]);
      });
    }

    it('by SIGKILL leaves a file that the next one does not mind', async () => {
      await using folder = await TemporaryDirectory.make();
      const port = await freePort();
      const args = ['--name', 'one', '--port', String(port), '--unix-dir', folder.path];
      await using first = new Sspd(args);
      await first.greeting();
      first.child.kill('SIGKILL');
      await first.ended();
      expect(existsSync(folder.file(String(port)))).to.equal(true);
      await using second = new Sspd(args);
      await second.greeting();
      const session = await RawSession.connect(folder.file(String(port)), 'alice');
      session.close();
    });
  });

  describe('refuses, with one line and status 2,', () => {
    it('an option it does not know', async () => {
      expect(await refusal('--nonsense')).to.equal("unknown option '--nonsense'");
    });

    it('a word that is no option', async () => {
      expect(await refusal('nonsense')).to.match(/too many arguments/);
    });

    it('an option without its value', async () => {
      expect(await refusal('--name')).to.equal("option '-n, --name <name>' argument missing");
    });

    for (const port of ['x', '-1', '65536', '1.5', '']) {
      it(`the port ${JSON.stringify(port)}`, async () => {
        expect(await refusal(`--port=${port}`)).to.match(/--port.*expected a port from 0 to 65535/);
      });
    }

    it('a monitor at what is no place', async () => {
      expect(await refusal('--port', '0', '--monitor=::1:4804')).to.match(
        /--monitor.*expected host:port, \[address\]:port or the path of a local socket/,
      );
    });

    it('a misspelt option, and says what was meant', async () => {
      expect(await refusal('--chekc')).to.match(/^unknown option '--chekc' \(Did you mean --check\?\)$/);
    });

    it('a log level that there is not', async () => {
      expect(await refusal('--log', 'loud')).to.match(/--log.*Allowed choices are .*info/);
    });

    for (const name of ['a b', '', '#x', 'n'.repeat(20), 'gr\u00fc\u00df']) {
      it(`the name ${JSON.stringify(name)}`, async () => {
        expect(await refusal('--name', name, '--port', '0', '--unix-dir', '')).to.match(
          /name.* 1 to 19 characters/,
        );
      });
    }

    it('an address in use', async () => {
      await using daemon = await startDaemon();
      expect(await refusal('--port', String(daemon.port), '--unix-dir', '')).to.equal(
        `cannot listen on 127.0.0.1:${daemon.port}: the address is in use, perhaps by another daemon`,
      );
    });

    it('a directory for the local socket that is not there', async () => {
      await using folder = await TemporaryDirectory.make();
      expect(await refusal('--port', '0', '--unix-dir', folder.file('none'))).to.match(
        /^cannot listen on .*: no such directory: /,
      );
    });

    it('a configuration that is not there, and takes no other', async () => {
      await using folder = await TemporaryDirectory.make();
      const file = folder.file('none.conf');
      expect(await refusal('-c', file)).to.equal(
        `${file}: no configuration: ${file} cannot be read (ENOENT)`,
      );
    });

    it('a configuration that is broken, with the place', async () => {
      await using folder = await TemporaryDirectory.make();
      const file = folder.file('broken.conf');
      await writeFile(file, 'Spread_Segment 127.0.0.255:4999 {\n  alpha 127.0.0.1\n}\nNonsense = 1\n');
      expect(await refusal('-c', file)).to.match(/broken\.conf:4:1.*Nonsense/);
    });

    it('a name that is not in the configuration', async () => {
      await using folder = await TemporaryDirectory.make();
      const file = folder.file('spread.conf');
      await writeFile(file, 'Spread_Segment 127.0.0.255:4999 {\n  alpha 127.0.0.1\n}\n');
      expect(await refusal('-c', file, '-n', 'beta')).to.match(/beta/);
    });
  });

  describe('with a configuration', () => {
    it('takes name, address, port and local socket from it', async () => {
      await using folder = await TemporaryDirectory.make();
      const port = await freePort();
      const file = folder.file('spread.conf');
      await writeFile(
        file,
        `Spread_Segment 127.0.0.255:${port} {\n  alpha 127.0.0.1\n}\nUnixSocketDir = ${folder.path}\n`,
      );
      await using sspd = new Sspd(['-c', file]);
      expect(await sspd.greeting()).to.equal(
        `sspd "alpha" listens on 0.0.0.0:${port} and ${folder.file(String(port))}`,
      );
      const session = await RawSession.connect(folder.file(String(port)), 'alice');
      expect(session.privateGroup).to.equal('#alice#alpha');
      session.close();
    });

    it('obeys the command line more than the file', async () => {
      await using folder = await TemporaryDirectory.make();
      const file = folder.file('spread.conf');
      await writeFile(
        file,
        'Spread_Segment 127.0.0.255:4999 {\n  alpha 127.0.0.1\n}\nUnixSocketDir = /nonexistent\n',
      );
      await using sspd = new Sspd(['-c', file, '--host', '127.0.0.1', '--port', '0', '--unix-dir', '']);
      expect(await sspd.greeting()).to.match(/^sspd "alpha" listens on 127\.0\.0\.1:\d+$/);
      expect(await sspd.port()).not.to.equal(4999);
    });

    it('keeps its limits', async () => {
      await using folder = await TemporaryDirectory.make();
      const file = folder.file('spread.conf');
      await writeFile(
        file,
        'Spread_Segment 127.0.0.255:4999 {\n  alpha 127.0.0.1\n}\nMaxSessions = 1\nMaxSessionMessages = 0\n',
      );
      await using sspd = new Sspd(['-c', file, '--port', '0', '--unix-dir', '']);
      const port = await sspd.port();
      const first = await RawSession.connect(port, 'first');
      let code = '';
      await RawSession.connect(port, 'second').catch((error: unknown) => {
        code = String(error);
      });
      expect(code).to.equal('Error: refused: -3');
      first.join('g');
      await first.client.end();
      await eventually(() => sspd.stderr.includes('slow-messages'), 'the reason in the log');
    });

    it('logs into the file that it names', async () => {
      await using folder = await TemporaryDirectory.make();
      const file = folder.file('spread.conf');
      const logFile = folder.file('sspd.log');
      await writeFile(
        file,
        `Spread_Segment 127.0.0.255:4999 {\n  alpha 127.0.0.1\n}\nEventLogFile = ${logFile}\n`,
      );
      await using sspd = new Sspd(['-c', file, '--port', '0', '--unix-dir', '']);
      await sspd.greeting();
      sspd.child.kill('SIGTERM');
      await sspd.ended();
      const lines = readFileSync(logFile, 'utf8').trimEnd().split('\n');
      const messages = lines.map((line) => (JSON.parse(line) as { msg: string }).msg);
      expect([messages.at(-1), sspd.stderr]).to.deep.equal(['stopped', '']);
    });
  });

  describe('asked', () => {
    for (const option of ['--help', '-h']) {
      it(`with ${option} prints its usage, status 0`, async () => {
        const sspd = await Sspd.run(option);
        expect(sspd.ending.status).to.equal(0);
        expect(sspd.stdout)
          .to.match(/^Usage: sspd \[options\]\n/)
          .and.to.match(/--port <port>/);
        expect(sspd.stderr).to.equal('');
      });
    }

    for (const option of ['--version', '-V']) {
      it(`with ${option} prints the version of the package, status 0`, async () => {
        const { version } = JSON.parse(readFileSync(join(repositoryRoot, 'package.json'), 'utf8')) as {
          version: string;
        };
        const sspd = await Sspd.run(option);
        expect([sspd.ending.status, sspd.stdout, sspd.stderr]).to.deep.equal([0, `${version}\n`, '']);
      });
    }
  });
});
