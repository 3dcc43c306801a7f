/** What a page loads: the package as a bundler makes it for browsers, its size, and that it runs without Node's Buffer. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { expect } from 'chai';
import { createDaemon } from '../../daemon/index.js';
import { connect } from '../../lib/index.js';
import { presence } from '../../lib/recipes/index.js';
import { WebBridge } from '../browser/bridge.js';
import { failure } from '../support/failure.js';
import { repositoryRoot } from '../support/recordings.js';
import { hosts } from './consumer.js';

/** Pages are made here: inside the package, which they import by its name. */
const pages = join(repositoryRoot, 'build/pages');

/** Kilobytes, compressed, that a page loads at most. Decision 028 says what they are made of. */
const LIMITS = { plain: 24.6, compact: 34.6, resume: 47.4, recipes: 56.3 };
/** The same, of a page with hooks: 2.4 for them, and 1.7 for what reads schemas, since no hook can wait for a part. */
const HOOKS_LIMIT = 60.5;
const BYTES_LIMIT = 1.5;
const KILOBYTE = 1000;

interface Output {
  readonly entryPoint?: string;
  readonly imports: readonly { readonly path: string; readonly kind: string }[];
  readonly inputs: Readonly<Record<string, unknown>>;
}

/** esbuild, which is installed for the checks of this folder only. */
const { build } = createRequire(join(hosts, 'package.json'))('esbuild') as {
  readonly build: (options: object) => Promise<{
    readonly metafile: { readonly outputs: Readonly<Record<string, Output>> };
  }>;
};

/** A page of a user: files in a bundle. */
class Bundle {
  private constructor(private readonly outputs: Readonly<Record<string, Output>>) {}

  /** @param main the source of its entry */
  static async of(name: string, main: string): Promise<Bundle> {
    mkdirSync(join(pages, name), { recursive: true });
    writeFileSync(join(pages, name, 'main.js'), main);
    const { metafile } = await build({
      entryPoints: [join(pages, name, 'main.js')],
      outdir: join(pages, name, 'out'),
      absWorkingDir: repositoryRoot,
      bundle: true,
      splitting: true,
      minify: true,
      format: 'esm',
      platform: 'browser',
      target: 'es2022',
      // The page's own.
      external: ['react'],
      metafile: true,
      logLevel: 'silent',
    });
    return new Bundle(metafile.outputs);
  }

  /** The output that has this source; the entry, where it ends with `main.js`. */
  outputOf(source: string): string {
    const found = Object.keys(this.outputs).filter((output) =>
      Object.keys(this.outputs[output]?.inputs ?? {}).some((input) => input.endsWith(source)),
    );
    expect(found, source).to.have.length(1);
    return found[0] as string;
  }

  /** What is loaded at once with these outputs. */
  loadedWith(...outputs: readonly string[]): Set<string> {
    const loaded = new Set(outputs);
    for (const output of loaded)
      for (const { path, kind } of this.outputs[output]?.imports ?? [])
        if (kind === 'import-statement' && path in this.outputs) loaded.add(path);
    return loaded;
  }

  text(output: string): string {
    return readFileSync(join(repositoryRoot, output), 'utf8');
  }

  kilobytes(outputs: Iterable<string>): number {
    const bytes = [...outputs].map((output) => gzipSync(this.text(output), { level: 9 }).length);
    return bytes.reduce((sum, each) => sum + each, 0) / KILOBYTE;
  }
}

/** What belongs to compact views, connections that come back, and view synchrony: one source of each. */
const LATER = ['client/views/follower.js', 'client/resume/dialler.js', 'client/view-synchrony.js'];

/** A page with `connect` alone, and one with `presence` beside it: what their connections have. */
const VIEWS_PAGE = `
  import { connect, PRESENCE } from 'ssp-toolkit/browser';
  const [, , url] = process.argv;
  const seen = {};
  for (const compactViews of [undefined, true, false]) {
    const connection = await connect({ url, compactViews });
    const group = await connection.join('room');
    const subject = await Promise.resolve().then(() => group.subjectOf(connection.id)).catch(({ code }) => code);
    const here = PRESENCE && PRESENCE(connection, 'here', { metadata: 1 }).then(() => 'is here');
    seen[compactViews] = [subject, here && (await here.catch(({ code }) => code))];
    await connection.close();
  }
  console.log(JSON.stringify(seen));
`;

/** Runs as a page does, and prints what it has seen. */
const PAGE = `
  import { connect, election, groupRpc, map, presence } from 'ssp-toolkit/browser';
  const [, , first, second] = process.argv;
  const seen = {};
  const connection = await connect({ url: [first, second], name: 'page', resume: { holdMs: 10000 } });
  const group = await connection.join('room');
  const texts = [];
  const until = async (act) => {
    while (!act()) await new Promise((resolve) => setTimeout(resolve, 5));
  };
  group.on('event', (event) => event.kind === 'data' && texts.push(event));
  const body = Uint8Array.from({ length: 100000 }, (_, i) => i % 253);
  await group.send('größer 😀');
  await group.send(body);
  for (let i = 0; i < 300; i++) await group.send(String(i));
  await until(() => texts.length === 302);
  seen.text = texts[0].text;
  seen.isWhole = texts[1].body.length === body.length && texts[1].body.every((byte, i) => byte === body[i]);
  seen.kind = texts[1].body instanceof Uint8Array && Object.getPrototypeOf(texts[1].body).constructor !== Buffer;
  seen.inOrder = texts.slice(2).every(({ text }, i) => text === String(i));
  const lead = await election(connection, 'lead');
  await until(() => lead.leader !== null);
  seen.leader = lead.leader;
  const here = await presence(connection, 'here', { metadata: { from: 'página' } });
  await until(() => here.here.length === 2);
  seen.here = here.here.map(({ metadata }) => metadata.from);
  const rpc = await groupRpc(connection, 'ask', { handler: (value) => value * 2 });
  seen.answers = (await rpc.call(21)).values;
  const table = await map(connection, 'table');
  await table.set('ключ', ['v', 1]);
  seen.table = [...table.entries()];
  const resumed = new Promise((resolve) => connection.on('resumed', resolve));
  console.log('cut');
  seen.gaps = (await resumed).gaps;
  await group.send('after');
  await until(() => texts.at(-1).text === 'after');
  await connection.close();
  const plain = await connect({ url: first });
  const synchronous = await plain.join('vs', { viewSynchrony: true });
  await synchronous.send('in this view');
  for await (const event of synchronous)
    if (event.kind === 'data') {
      seen.synchronous = event.text;
      break;
    }
  const validate = (value) => (Number.isInteger(value) ? { value: value + 1 } : { issues: [{ message: 'no integer' }] });
  const schema = { '~standard': { version: 1, vendor: 'page', validate } };
  const typed = await plain.join('typed', { schema, viewSynchrony: true });
  await typed.send(41);
  for await (const event of typed)
    if (event.kind === 'data') {
      seen.value = event.value;
      break;
    }
  seen.invalid = await typed.send('no').catch(({ issues }) => issues[0].message);
  seen.secure = await plain.join('s', { secure: {} }).catch(({ code }) => code);
  await plain.close();
  const compact = await connect({ url: first });
  const numbers = await presence(compact, 'numbers', { metadata: 1, schema });
  await until(() => numbers.here.length === 1);
  seen.metadata = numbers.here.map(({ metadata }) => metadata);
  const none = presence(compact, 'none', { metadata: 'no', schema });
  seen.refused = await none.catch(({ issues }) => issues[0].message);
  await compact.close();
  console.log(JSON.stringify(seen));
`;

/** A program that runs a bundle as a page: with the WebSocket of pages. @returns its path */
async function program(name: string, main: string): Promise<string> {
  const bundle = await Bundle.of(name, main);
  const path = join(pages, name, 'start.mjs');
  const ws = join(repositoryRoot, 'node_modules/ws/wrapper.mjs');
  writeFileSync(
    path,
    `import { WebSocket } from ${JSON.stringify(ws)};
     globalThis.WebSocket = WebSocket;
     await import(${JSON.stringify(join(repositoryRoot, bundle.outputOf(`${name}/main.js`)))});
     // Nothing ends a page by itself.
     process.exit(0);`,
  );
  return path;
}

/** What a page prints that is run at the bridge. */
async function ran(name: string, main: string, { url }: WebBridge): Promise<unknown> {
  const page = spawn(process.execPath, [await program(name, main), url]);
  let [out, err] = ['', ''];
  page.stderr.on('data', (text) => (err += text));
  page.stdout.on('data', (text) => (out += text));
  await once(page, 'close');
  expect(err).to.equal('');
  return JSON.parse(out);
}

describe('hosts: a bundle for browsers', () => {
  after(() => rmSync(pages, { recursive: true, force: true }));

  it('has nothing of Node', async () => {
    const bundle = await Bundle.of('all', "export * from 'ssp-toolkit/browser';");
    const loaded = [...bundle.loadedWith(bundle.outputOf('all/main.js'))].map((output) =>
      bundle.text(output),
    );
    expect(loaded.join('').length).to.be.above(10_000);
    for (const entry of ['ssp-toolkit/secure', 'ssp-toolkit/daemon'])
      expect((await failure(Bundle.of('wrong', `export * from '${entry}';`))).message).to.include('"node:');
  });

  it('is as small as it is said to be', async () => {
    const plain = await Bundle.of('plain', "export { connect } from 'ssp-toolkit/browser';");
    const main = plain.outputOf('plain/main.js');
    const compact = plain.outputOf('client/compact-groups.js');
    const resume = plain.outputOf('client/resume/connect.js');
    const both = await Bundle.of(
      'recipes',
      "export { connect, election, presence } from 'ssp-toolkit/browser';",
    );
    const sizes = {
      plain: plain.kilobytes(plain.loadedWith(main)),
      compact: plain.kilobytes(plain.loadedWith(main, compact)),
      resume: plain.kilobytes(plain.loadedWith(main, resume)),
      recipes: both.kilobytes(
        both.loadedWith(both.outputOf('recipes/main.js'), both.outputOf('client/resume/connect.js')),
      ),
    };
    const words = Object.entries(sizes).map(([what, size]) => `${what} ${size.toFixed(1)} kB`);
    console.log(`      ${words.join(', ')}`);
    // Each below its limit, and no limit so far off that it says nothing.
    for (const [what, limit] of Object.entries(LIMITS))
      expect(sizes[what as keyof typeof sizes], what).to.be.within(limit - 2, limit);
    const bytes = await Bundle.of('bytes', "export { Buffer } from '../../lib/util/buffer/browser.js';");
    expect(bytes.kilobytes([bytes.outputOf('bytes/main.js')])).to.be.within(0.5, BYTES_LIMIT);
  });

  it('has hooks for React that are hardly larger than what they stand on', async () => {
    const hooks = await Bundle.of('hooks', "export * from 'ssp-toolkit/react';");
    const main = hooks.outputOf('hooks/main.js');
    const size = hooks.kilobytes(hooks.loadedWith(main, hooks.outputOf('client/resume/connect.js')));
    console.log(`      hooks ${size.toFixed(1)} kB`);
    expect(size).to.be.within(HOOKS_LIMIT - 2, HOOKS_LIMIT);
  });

  it('loads nothing that a page with one url and without a token does not use', async () => {
    const bundle = await Bundle.of('first', "export { connect } from 'ssp-toolkit/browser';");
    const loaded = bundle.loadedWith(bundle.outputOf('first/main.js'));
    for (const source of LATER) expect(loaded.has(bundle.outputOf(source)), source).to.equal(false);
    // What is loaded first is one file, beside that of the page: several compress worse.
    expect(loaded.size).to.be.at.most(2);
  });

  it('has each further recipe in a part of its own', async () => {
    const bundle = await Bundle.of('parts', "export * from 'ssp-toolkit/browser';");
    const loaded = bundle.loadedWith(bundle.outputOf('parts/main.js'));
    const parts = ['recipes/map.js', 'recipes/call.js'].map((source) => bundle.outputOf(source));
    expect(parts.some((part) => loaded.has(part))).to.equal(false);
    expect(parts[0]).to.not.equal(parts[1]);
    expect(loaded.has(bundle.outputOf('recipes/presence.js'))).to.equal(true);
  });

  it('evaluates no text, which a strict policy of a page refuses', async () => {
    const bundle = await Bundle.of('strict', "export * from 'ssp-toolkit/browser';");
    for (const output of bundle.loadedWith(
      bundle.outputOf('strict/main.js'),
      bundle.outputOf('client/resume/connect.js'),
      bundle.outputOf('client/view-synchrony.js'),
    ))
      expect(bundle.text(output)).to.not.match(/\beval\s*\(|\bnew Function\b|\bFunction\s*\(/);
  });

  it('has compact views where the page has imported presence, or asks for them', async () => {
    await using daemon = await createDaemon({ name: 'd1', listen: [{ host: '127.0.0.1', port: 0 }] });
    await using bridge = await WebBridge.start(daemon.port);
    const NOT_ASKED = 'ERR_SSP_ILLEGAL_STATE';
    const plain = VIEWS_PAGE.replace('connect, PRESENCE', 'connect').replaceAll('PRESENCE', 'null');
    expect(await ran('plain-views', plain, bridge)).to.deep.equal({
      undefined: [NOT_ASKED, null],
      true: [null, null],
      false: [NOT_ASKED, null],
    });
    const withPresence = VIEWS_PAGE.replaceAll('PRESENCE', 'presence');
    expect(await ran('presence-views', withPresence, bridge)).to.deep.equal({
      undefined: [null, 'is here'],
      true: [null, 'is here'],
      false: [NOT_ASKED, 'ERR_SSP_ILLEGAL_PARAM'],
    });
  });

  it('runs, and forms groups with programs in Node', async () => {
    const start = await program('run', PAGE);
    await using daemon = await createDaemon({ name: 'd1', listen: [{ host: '127.0.0.1', port: 0 }] });
    await using native = await connect({ address: `${daemon.port}@127.0.0.1`, name: 'program' });
    await presence(native, 'here', { metadata: { from: 'program' } });
    await using first = await WebBridge.start(daemon.port);
    await using second = await WebBridge.start(daemon.port);
    const page = spawn(process.execPath, [start, first.url, second.url]);
    let [out, err] = ['', ''];
    page.stderr.on('data', (text) => (err += text));
    page.stdout.on('data', (text: Buffer) => {
      out += text.toString();
      if (text.toString().includes('cut')) first.page.cut();
    });
    await once(page, 'close');
    expect(err).to.equal('');
    expect(JSON.parse(out.replace('cut\n', ''))).to.deep.equal({
      text: 'größer 😀',
      isWhole: true,
      kind: true,
      inOrder: true,
      leader: '#page#d1',
      here: ['página', 'program'],
      answers: [42],
      table: [['ключ', ['v', 1]]],
      gaps: 0,
      synchronous: 'in this view',
      value: 42,
      invalid: 'no integer',
      secure: 'ERR_SSP_NOT_SUPPORTED',
      metadata: [2],
      refused: 'no integer',
    });
  });
});
