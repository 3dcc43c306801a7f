/**
 * A real Chromium without a window, for pages that users see. The types are the part of playwright-core that is used: the
 * package is installed in this folder alone, and later than the specs are compiled.
 */
import { existsSync, mkdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { repositoryRoot } from '../support/recordings.js';

const PLACES = ['/usr/bin/chromium-headless-shell', '/usr/bin/chromium', '/usr/bin/chromium-browser'];
const executablePath = process.env['CHROMIUM'] ?? PLACES.find((place) => existsSync(place));

/** Why there is none; null where there is one. */
export const noChromium =
  executablePath === undefined ? 'no Chromium here: apt-get install chromium-headless-shell' : null;

export interface Page {
  goto(url: string): Promise<unknown>;
  /** @param expression JavaScript, evaluated in the page */
  evaluate(expression: string): Promise<unknown>;
  fill(selector: string, text: string): Promise<void>;
  click(selector: string): Promise<void>;
  readonly keyboard: { press(key: string): Promise<void>; type(text: string): Promise<void> };
  screenshot(options: { readonly path: string; readonly fullPage?: boolean }): Promise<unknown>;
  on(event: 'websocket', listener: (socket: PageSocket) => void): void;
  on(event: string, listener: (about: PageNews) => void): void;
  /** The page's own time: timers, dates and `performance`. */
  readonly clock: {
    install(): Promise<void>;
    /** Its time jumps there, and stops. */
    pauseAt(time: number): Promise<void>;
    resume(): Promise<void>;
  };
}

/** A WebSocket of a page. */
interface PageSocket {
  on(event: 'framesent', listener: (frame: { readonly payload: string | Uint8Array }) => void): void;
}

/** A dialog, a request, an error, or a message of the console. */
interface PageNews {
  url?(): string;
  text?(): string;
  type?(): string;
  dismiss?(): Promise<void>;
  readonly message?: string;
}

interface Metrics {
  readonly metrics: readonly { readonly name: string; readonly value: number }[];
}

interface Context {
  newPage(): Promise<Page>;
  newCDPSession(page: Page): Promise<{
    send(method: 'Performance.enable', options: { readonly timeDomain: 'threadTicks' }): Promise<unknown>;
    send(method: 'Performance.getMetrics'): Promise<Metrics>;
  }>;
  addInitScript(script: string): Promise<void>;
  close(): Promise<void>;
}

export interface Browser {
  newContext(options: {
    readonly viewport: { readonly width: number; readonly height: number };
    readonly colorScheme: 'light' | 'dark';
  }): Promise<Context>;
  close(): Promise<void>;
}

interface Playwright {
  readonly chromium: {
    launch(options: LaunchOptions): Promise<Browser>;
    launchServer(options: LaunchOptions): Promise<{ wsEndpoint(): string; kill(): Promise<void> }>;
    connect(endpoint: string): Promise<Browser>;
  };
}

interface LaunchOptions {
  readonly executablePath: string;
  readonly args: readonly string[];
}

const ofHosts = createRequire(join(repositoryRoot, 'spec/hosts/package.json'));

/** The script of a package of this folder. */
export const packageFile = (file: string): string => ofHosts.resolve(file);

const options: LaunchOptions = { executablePath: executablePath ?? '', args: ['--no-sandbox'] };

const load = (): Playwright['chromium'] => (ofHosts('playwright-core') as Playwright).chromium;

export async function launch(): Promise<Browser> {
  return await load().launch(options);
}

/** One that can be ended by SIGKILL, with all its processes. */
export async function launchToKill(): Promise<{ readonly browser: Browser; kill(): Promise<void> }> {
  const server = await load().launchServer(options);
  return { browser: await load().connect(server.wsEndpoint()), kill: () => server.kill() };
}

/** The pages that are looked at: wide in light and in dark, and a phone. */
const SHAPES = {
  light: { viewport: { width: 1280, height: 800 }, colorScheme: 'light' },
  dark: { viewport: { width: 1280, height: 800 }, colorScheme: 'dark' },
  phone: { viewport: { width: 390, height: 844 }, colorScheme: 'dark' },
} as const;
export type Shape = keyof typeof SHAPES;
const ALL = Object.keys(SHAPES) as Shape[];

/** Where pictures are kept; git ignores it. */
const PICTURES = join(repositoryRoot, 'build/pictures/console');
/** Milliseconds that a page may take for anything. */
const LIMIT = 15_000;
const LOOK = 20;

/** Collects what the policy of a page has refused. */
const WATCH_POLICY = `
  window.refused = [];
  addEventListener('securitypolicyviolation', ({ violatedDirective, blockedURI }) =>
    window.refused.push(violatedDirective + ' ' + blockedURI));
`;

/**
 * Waits until it is so on the page. It is asked from outside: the policy of the page lets nothing in it evaluate a text.
 * @param fact JavaScript
 */
export async function isSo(page: Page, fact: string): Promise<void> {
  const end = performance.now() + LIMIT;
  while ((await page.evaluate(fact)) !== true) {
    if (performance.now() > end) {
      throw new Error(
        `waited in vain for ${fact}, saw:\n${String(await page.evaluate('document.body.innerText'))}`,
      );
    }
    await new Promise((resolve) => setTimeout(resolve, LOOK));
  }
}

/** One address, open in several shapes. */
export class Pages implements AsyncDisposable {
  readonly pages = new Map<Shape, Page>();
  private readonly contexts: Context[] = [];
  /** Dialogs, errors and messages of the console, which there are to be none of. */
  readonly troubles: string[] = [];
  /** Addresses that were asked for. */
  readonly requests: string[] = [];

  static async open(browser: Browser, url: string, shapes: readonly Shape[] = ALL): Promise<Pages> {
    const opened = new Pages();
    for (const shape of shapes) {
      const context = await browser.newContext(SHAPES[shape]);
      opened.contexts.push(context);
      await context.addInitScript(WATCH_POLICY);
      const page = await context.newPage();
      opened.pages.set(shape, page);
      opened.listen(page);
      await page.goto(url);
    }
    return opened;
  }

  get first(): Page {
    const [page] = this.pages.values();
    if (page === undefined) throw new Error('no page is open');
    return page;
  }

  /** Waits until it is so on all pages. @param fact JavaScript */
  async until(fact: string): Promise<void> {
    for (const page of this.pages.values()) await isSo(page, fact);
  }

  /** Waits for the text, as a reader sees it. */
  async shows(text: string): Promise<void> {
    await this.until(`document.body.innerText.includes(${JSON.stringify(text)})`);
  }

  async each(act: (page: Page, shape: Shape) => Promise<void>): Promise<void> {
    for (const [shape, page] of this.pages) await act(page, shape);
  }

  /** Goes to a screen. @param place such as `groups/room` */
  async go(place: string): Promise<void> {
    await this.each(async (page) => {
      await page.evaluate(`location.hash = ${JSON.stringify(`#/${place}`)}`);
    });
  }

  /** Keeps what each page shows. */
  async shoot(name: string): Promise<void> {
    mkdirSync(PICTURES, { recursive: true });
    await this.each(async (page, shape) => {
      await page.screenshot({ path: join(PICTURES, `${name}-${shape}.png`) });
    });
  }

  /** What the policies of all pages have refused. */
  async refused(): Promise<unknown[]> {
    const refused: unknown[] = [];
    await this.each(async (page) => {
      refused.push(...((await page.evaluate('window.refused')) as unknown[]));
    });
    return refused;
  }

  /** Milliseconds of the processor that scripts of a page take in a second. */
  async scripting(seconds: number): Promise<number> {
    const [context] = this.contexts;
    if (context === undefined) throw new Error('no page is open');
    const session = await context.newCDPSession(this.first);
    // Time of the processor: a busy machine makes no difference.
    await session.send('Performance.enable', { timeDomain: 'threadTicks' });
    const look = async (): Promise<number> => {
      const { metrics } = await session.send('Performance.getMetrics');
      return metrics.find(({ name }) => name === 'ScriptDuration')?.value ?? Number.NaN;
    };
    const before = await look();
    await new Promise((resolve) => setTimeout(resolve, seconds * 1_000));
    return (((await look()) - before) / seconds) * 1_000;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const context of this.contexts) await context.close();
  }

  private listen(page: Page): void {
    page.on('dialog', (dialog) => {
      this.troubles.push('a dialog');
      void dialog.dismiss?.();
    });
    page.on('pageerror', ({ message = '' }) => this.troubles.push(message));
    page.on('console', (line) => {
      const text = line.text?.() ?? '';
      // What Chromium itself says of an answer that is no success.
      if (!text.startsWith('Failed to load resource')) this.troubles.push(text);
    });
    page.on('request', (request) => this.requests.push(request.url?.() ?? ''));
  }
}
