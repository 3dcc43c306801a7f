import { writeFile } from 'node:fs/promises';
import { expect } from 'chai';
import { Program } from '../support/program.js';
import { TemporaryDirectory } from '../support/temporary.js';

/** As where npm has left out the optional dependency. */
const hooks = `export function resolve(name, context, next) {
  if (name === 'koffi') throw Object.assign(new Error('no koffi'), { code: 'ERR_MODULE_NOT_FOUND' });
  return next(name, context);
}`;
const moduleOf = (code: string): string => `data:text/javascript,${encodeURIComponent(code)}`;
const preload = `import { register } from 'node:module'; register(${JSON.stringify(moduleOf(hooks))});`;
const withoutKoffi = { NODE_OPTIONS: `--import=${moduleOf(preload)}` };

describe('sspd and its engine', function () {
  this.timeout(30_000);
  let folder: TemporaryDirectory;

  beforeEach(async () => {
    folder = await TemporaryDirectory.make();
  });
  afterEach(async () => {
    await Program.endAll();
    await folder[Symbol.asyncDispose]();
  });

  /** A configuration of two daemons, of which the first is here. */
  async function configure(...options: readonly string[]): Promise<string> {
    const file = folder.file('spread.conf');
    const daemons = 'Spread_Segment 127.0.0.255:4999 { one 127.0.0.1 two 192.0.2.2 }';
    await writeFile(file, [daemons, `UnixSocketDir = "${folder.path}"`, ...options, ''].join('\n'));
    return file;
  }

  const sspd = (args: readonly string[], environment: Record<string, string> = {}): Program =>
    Program.start('daemon/cli/main.js', args, environment);

  for (const check of [[], ['--check']]) {
    const how = ['-c', 'FILE', ...check].join(' ');

    it(`ends with one line that names the library, where there is none (${how})`, async () => {
      const file = await configure('Engine = corosync', 'CorosyncLibrary = "/nonexistent/libcpg.so.4"');
      expect(await sspd(['-c', file, ...check]).end()).to.deep.equal({
        status: 2,
        out: '',
        err: 'sspd: /nonexistent/libcpg.so.4 cannot be loaded, which Engine = corosync needs: apt install corosync (or libcpg4 and libcmap4 alone)\n',
      });
    });

    it(`ends with one line that names koffi, where there is none (${how})`, async () => {
      const file = await configure('Engine = corosync');
      expect(await sspd(['-c', file, ...check], withoutKoffi).end()).to.deep.equal({
        status: 2,
        out: '',
        err: 'sspd: the package koffi is missing, which Engine = corosync needs: npm install koffi\n',
      });
    });
  }

  it('starts without koffi where it runs alone', async () => {
    const program = sspd(['--name', 'one', '--port', '0', '--unix-dir', ''], withoutKoffi);
    await program.prints(/^sspd "one" listens on .*\n/);
    expect(await program.signal('SIGTERM').end()).to.include({ status: 0, err: program.err });
    expect(program.err).not.to.match(/koffi/);
  });

  it('does not run several daemons that each would be alone', async () => {
    const { status, err } = await sspd(['-c', await configure()]).end();
    expect(status).to.equal(2);
    expect(err).to.match(/^sspd: .*several daemons need an engine .*: Engine = corosync\n$/);
  });
});
