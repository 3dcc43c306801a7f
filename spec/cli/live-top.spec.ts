/** `ssp top` on a terminal that this spec plays: keys, sizes, colours, a daemon that goes away. */
import { PassThrough } from 'node:stream';
import { WriteStream } from 'node:tty';
import { expect } from 'chai';
import { Failure, Interrupted } from '../../lib/cli/failure.js';
import { newDisplays, type Ask } from '../../lib/cli/top/display.js';
import type { Terminal } from '../../lib/cli/top/key-screen.js';
import { LiveTop } from '../../lib/cli/top/live.js';
import type { TopList } from '../../lib/cli/top/lists.js';
import { varz } from '../../daemon/monitor/pages.js';
import { fakeStatus, session } from '../monitor/fake-status.js';

const HOME = '\u001B[H';
const ENTER = '\u001B[?1049h\u001B[?25l';
const LEAVE = '\u001B[?25h\u001B[?1049l';
/** Longer than any spec takes: a look comes from a key, or not at all. */
const NEVER = 600_000;

class FakeOutput extends PassThrough {
  readonly isTTY = true;
  rows = 24;
  columns = 100;

  constructor(private readonly environment: NodeJS.ProcessEnv = { NO_COLOR: '1' }) {
    super();
    this.setEncoding('utf8');
  }

  getColorDepth(): number {
    return WriteStream.prototype.getColorDepth.call(this, this.environment);
  }

  resize(columns: number, rows: number): void {
    Object.assign(this, { columns, rows });
    this.emit('resize');
  }
}

class FakeTerminal implements Terminal {
  readonly raw: boolean[] = [];
  readonly input = Object.assign(new PassThrough(), {
    isTTY: true,
    setRawMode: (isRaw: boolean) => this.raw.push(isRaw),
  });
  all = '';
  private changed: () => void = () => undefined;

  constructor(readonly output = new FakeOutput()) {
    output.on('data', (text: string) => {
      this.all += text;
      this.changed();
    });
  }

  press(key: string): void {
    this.input.write(key);
  }

  /** The lines on the screen, with the colours they have. */
  get screen(): string[] {
    const frame = this.all.slice(this.all.lastIndexOf(HOME) + HOME.length);
    return frame.split('\r\n').map((line) => line.replaceAll('\u001B[K', '').replaceAll('\u001B[J', ''));
  }

  async shows(pattern: RegExp): Promise<void> {
    while (!pattern.test(this.screen.join('\n')))
      await new Promise<void>((resolve) => (this.changed = resolve));
  }
}

describe('command: top on a terminal', () => {
  const status = fakeStatus({ daemons: ['one', 'two'] });
  let asked: string[];
  let isDown: boolean;
  let terminal: FakeTerminal;
  let stop: AbortController;

  const { FORCE_COLOR: forced } = process.env;
  before(() => delete process.env['FORCE_COLOR']);
  after(() => {
    if (forced !== undefined) process.env['FORCE_COLOR'] = forced;
  });

  beforeEach(() => {
    asked = [];
    isDown = false;
    terminal = new FakeTerminal();
    stop = new AbortController();
  });

  // What a failed spec has left.
  afterEach(() => stop.abort());

  const answers = (path: string): object => {
    if (path.startsWith('/sessions')) {
      const sessions = Array.from({ length: 40 }, (_, i) => session(i, { held: i === 0 ? ['flood'] : [] }));
      return { time: 10_000, total: 40, sessions };
    }
    if (path.startsWith('/groups')) return { total: 2, groups: status.groups() };
    // However long ago this file was loaded.
    return varz(status, { mean: 1, p50: 1, p99: 2, max: 3 }, status.started + 90_000);
  };

  const ask = (): Ask => async (list) => {
    asked.push(list.path.split('?')[0] as string);
    await Promise.resolve();
    if (isDown) throw new Failure('no monitor answers');
    return parse(list, answers(list.path));
  };
  const parse = <Page>({ page }: TopList<Page>, value: object): Page => page.parse(value);

  async function start(interval = NEVER): Promise<{ over: Promise<void> }> {
    const displays = newDisplays();
    await displays.sessions.look(ask());
    return { over: new LiveTop(displays, 'sessions').run({ interval, stop: stop.signal, ask, terminal }) };
  }

  it('shows groups and daemons when their keys are pressed, without waiting', async () => {
    const { over } = await start();
    await terminal.shows(/^session /m);
    terminal.press('g');
    await terminal.shows(/^room +2 +2 +1\.2\.3$/m);
    terminal.press('d');
    await terminal.shows(/^one +leader +1 min +2 +2 [^\n]+\ntwo +2$/m);
    terminal.press('\t');
    // The last answer at once, and soon the next one, which has rates.
    await terminal.shows(/ by waiting\n[^]*^#s0#one /m);
    terminal.press('q');
    await over;
    expect(asked).to.deep.equal(['/sessions', '/groups', '/varz', '/sessions']);
  });

  it('sorts by the keys of the list that is shown', async () => {
    const { over } = await start();
    terminal.press('n');
    await terminal.shows(/ by name/);
    terminal.press('g');
    await terminal.shows(/ by members[^]*lobby +1 +1 /);
    terminal.press('l');
    await terminal.shows(/ by local/);
    terminal.press('w');
    terminal.press('s');
    await terminal.shows(/40 sessions[^]* by name/);
    terminal.press('q');
    await over;
  });

  it('fits, and fits again when the terminal has another size', async () => {
    const { over } = await start();
    await terminal.shows(/^session /m);
    expect(terminal.screen).to.have.length(24);
    for (const [columns, rows] of [
      [30, 10],
      [200, 50],
      [5, 3],
      [80, 1],
    ] as const) {
      terminal.output.resize(columns, rows);
      const lines = terminal.screen.filter((line, place) => line !== '' || place < 2);
      expect(lines.length, `${columns}x${rows}`).to.equal(Math.min(rows, 44));
      expect(Math.max(...lines.map((line) => line.length))).to.be.at.most(columns);
    }
    // One that does not know its size is taken for a usual one.
    terminal.output.resize(0, 0);
    expect(terminal.screen).to.have.length(24);
    terminal.press('q');
    await over;
  });

  it('keeps the last answer while there is none', async () => {
    const { over } = await start(1);
    await terminal.shows(/^session /m);
    isDown = true;
    await terminal.shows(/^#s0#one [^]*^q quit {3}no monitor answers$/m);
    terminal.press('g');
    await terminal.shows(/^q quit {3}no monitor answers\n$/);
    isDown = false;
    await terminal.shows(/^room [^]*q quit$/m);
    terminal.press('q');
    await over;
  });

  it('has no colours where NO_COLOR is in the environment', async () => {
    terminal = new FakeTerminal(new FakeOutput({ TERM: 'xterm-256color', NO_COLOR: '1' }));
    const { over } = await start();
    await terminal.shows(/^session /m);
    expect(terminal.screen.join('')).not.to.include('\u001B');
    terminal.press('q');
    await over;
  });

  it('has colours where the terminal has', async () => {
    terminal = new FakeTerminal(new FakeOutput({ TERM: 'xterm-256color' }));
    const { over } = await start();
    await terminal.shows(/session /);
    const [title, , head, held, plain] = terminal.screen.map((line) => line.replaceAll('\u001B[', '<'));
    expect(title).to.match(/^<1m.*<22m$/);
    expect(head).to.match(/^<36msession /);
    expect(held).to.match(/^<33m#s0#one .* flood<39m$/);
    expect(plain).to.match(/^#s1#one [^<]*$/);
    terminal.press('q');
    await over;
  });

  for (const [what, end] of [
    ['q', () => terminal.press('q')],
    ['Ctrl-C', () => terminal.press('\u0003')],
    ['Ctrl-D', () => terminal.press('\u0004')],
  ] as const) {
    it(`ends by ${what}, and leaves the terminal as it was`, async () => {
      const { over } = await start();
      end();
      await over;
      expect(terminal.all.startsWith(ENTER)).to.equal(true);
      expect(terminal.all.endsWith(LEAVE)).to.equal(true);
      expect(terminal.raw).to.deep.equal([true, false]);
      expect([
        terminal.output.listenerCount('resize'),
        terminal.input.listenerCount('keypress'),
      ]).to.deep.equal([0, 0]);
    });
  }

  it('ends with the reason it was stopped for', async () => {
    const { over } = await start();
    const reason = new Interrupted(0);
    stop.abort(reason);
    expect(await over.catch((error: unknown) => error)).to.equal(reason);
    expect(terminal.raw).to.deep.equal([true, false]);
  });
});
