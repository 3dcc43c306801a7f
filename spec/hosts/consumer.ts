/** A user's project: an empty folder, in which the packed toolkit is installed as it would be from a registry. */
import { execFile, spawn, spawnSync } from 'node:child_process';
import {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { repositoryRoot } from '../support/recordings.js';
import { TemporaryDirectory } from '../support/temporary.js';

const run = promisify(execFile);
export const hosts = join(repositoryRoot, 'spec/hosts');

/** `tsconfig.json` as the guide has it for a new project. */
const guide = readFileSync(join(repositoryRoot, 'docs/guide/README.md'), 'utf8');
const [, configuration = ''] = /`tsconfig\.json`:\n\n```json\n([^`]*)```/.exec(guide) ?? [];
const { compilerOptions } = JSON.parse(configuration) as { readonly compilerOptions: object };

export interface Ended {
  readonly status: number | null;
  readonly out: string;
  readonly err: string;
}

/** The tarball, made once for all consumers of the process. */
let packed: Promise<string> | null = null;

async function pack(): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'ssp-packed-'));
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  const { stdout } = await run('npm', ['pack', '--json', '--pack-destination', folder], {
    cwd: repositoryRoot,
  });
  const [, file = ''] = /"filename": "([^"]+\.tgz)"/.exec(stdout) ?? [];
  return join(folder, file);
}

export class Consumer implements AsyncDisposable {
  private constructor(
    private readonly folder: TemporaryDirectory,
    readonly tarball: string,
  ) {}

  /** Installs what is packed. */
  static async make(): Promise<Consumer> {
    const tarball = await (packed ??= pack());
    const consumer = new Consumer(await TemporaryDirectory.make(), tarball);
    consumer.write('package.json', '{ "private": true }');
    // koffi is for a daemon on Corosync, and is counted apart.
    await run('npm', ['install', '--omit=optional', tarball], { cwd: consumer.folder.path });
    return consumer;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.folder[Symbol.asyncDispose]();
  }

  file(...path: readonly string[]): string {
    return join(this.folder.path, ...path);
  }

  write(path: string, text: string): void {
    mkdirSync(dirname(this.file(path)), { recursive: true });
    writeFileSync(this.file(path), text);
  }

  /** Packages that an installation brings, the toolkit among them, and the bytes of their files. */
  installed(): { readonly packages: number; readonly bytes: number } {
    const lock = readFileSync(this.file('node_modules/.package-lock.json'), 'utf8');
    const { packages } = JSON.parse(lock) as { readonly packages: object };
    const names = Object.keys(packages);
    const bytes = names
      .flatMap((name) => filesIn(this.file(name)))
      .reduce((sum, file) => sum + lstatSync(file).size, 0);
    return { packages: names.length, bytes };
  }

  /**
   * Compiles programs in a folder of their own, with every type of every package checked.
   * @param compiler folder in the packages of spec/hosts
   * @param others options of the compiler beside those of the guide
   * @returns what the compiler says; nothing when all is right
   */
  compile(
    folder: string,
    type: 'module' | 'commonjs',
    compiler: string,
    programs: Readonly<Record<string, string>>,
    others: object = {},
  ): string {
    if (!existsSync(this.file('node_modules/@types'))) {
      symlinkSync(join(hosts, 'node_modules/@types'), this.file('node_modules/@types'));
    }
    this.write(`${folder}/package.json`, JSON.stringify({ type }));
    const options = { ...compilerOptions, skipLibCheck: false, ...others };
    this.write(`${folder}/tsconfig.json`, JSON.stringify({ compilerOptions: options, include: ['*.ts'] }));
    for (const [name, source] of Object.entries(programs)) this.write(`${folder}/${name}.ts`, source);
    const tsc = join(hosts, 'node_modules', compiler, 'bin/tsc');
    const { stdout, stderr } = spawnSync(process.execPath, [tsc, '-p', this.file(folder)], {
      encoding: 'utf8',
    });
    return stdout + stderr;
  }

  /** @param until ends a program that does not end itself when it has printed this */
  async run(node: string, path: string, args: readonly string[], until?: string): Promise<Ended> {
    const child = spawn(node, ['--disable-warning=ExperimentalWarning', this.file(path), ...args]);
    let [out, err] = ['', ''];
    child.stdout.on('data', (text) => {
      out += text;
      if (until !== undefined && out.includes(until)) child.kill();
    });
    child.stderr.on('data', (text) => (err += text));
    return await new Promise((resolve) => child.on('close', (status) => resolve({ status, out, err })));
  }
}

/** The files of a package, without those of packages inside it. */
function filesIn(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (!entry.isDirectory()) return [path];
    return entry.name === 'node_modules' ? [] : filesIn(path);
  });
}
