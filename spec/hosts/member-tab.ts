/** A page in a real browser that is a member; see `MemberPage`. */
import { expect } from 'chai';
import { eventually } from '../support/wait.js';
import type { Browser, Page } from './chromium.js';
import type { MemberPage } from '../browser/pages/member.js';
import type { Site } from './site.js';

type Methods = {
  [K in keyof MemberPage]: MemberPage[K] extends (...args: infer Args) => infer Result
    ? (...args: Args) => Promise<Awaited<Result>>
    : never;
};

const SHAPE = { viewport: { width: 800, height: 600 }, colorScheme: 'light' } as const;
/** Milliseconds for whatever a page is waited for: another program may have the processor meanwhile. */
const LIMIT = 30_000;

/** Notes what the policy of the page refuses. */
const WATCH_POLICY = `
  addEventListener('securitypolicyviolation', ({ violatedDirective, blockedURI }) =>
    console.error('refused by the policy: ' + violatedDirective + ' ' + blockedURI));
`;

export class MemberTab {
  /** Errors, and what the console was written. */
  readonly troubles: string[] = [];
  /** Text that its WebSockets sent. */
  readonly controlWords: string[] = [];
  /** WebSockets that it asked for. */
  sockets = 0;

  private constructor(
    readonly page: Page,
    private readonly shut: () => Promise<void>,
  ) {
    page.on('pageerror', ({ message = '' }) => this.troubles.push(message));
    page.on('console', (line) => {
      const text = line.text?.() ?? '';
      // What React says in development.
      if (!text.includes('Download the React DevTools')) this.troubles.push(text);
    });
    page.on('websocket', (socket) => {
      this.sockets++;
      socket.on('framesent', ({ payload }) => {
        if (typeof payload === 'string') this.controlWords.push(payload);
      });
    });
  }

  /** @param prepare called before the page is loaded @param fragment of its address */
  static async open(
    browser: Browser,
    site: Site,
    prepare: (page: Page) => Promise<void> = () => Promise.resolve(),
    fragment = '',
  ): Promise<MemberTab> {
    const context = await browser.newContext(SHAPE);
    await context.addInitScript(WATCH_POLICY);
    const tab = new MemberTab(await context.newPage(), () => context.close());
    await prepare(tab.page);
    await tab.page.goto(`${site.origin}/${fragment}`);
    return tab;
  }

  /** Calls a method of the page's member. */
  async call<K extends keyof Methods>(
    method: K,
    ...args: Parameters<Methods[K]>
  ): Promise<Awaited<ReturnType<Methods[K]>>> {
    const found = await this.page.evaluate(`member.${method}(...${JSON.stringify(args)})`);
    return found as Awaited<ReturnType<Methods[K]>>;
  }

  /** Connects. @returns the id */
  async connect(...args: Parameters<Methods['connect']>): Promise<string> {
    const id = await this.call('connect', ...args);
    expect(id).to.be.a('string');
    return id as string;
  }

  /** Waits until the group has got that many events. */
  async got(group: string, count: number): Promise<void> {
    const isThere = async (): Promise<boolean> => (await this.call('count', group)) >= count;
    await eventually(isThere, `${count} events at the page`, LIMIT);
  }

  /** Waits until it has heard that of its connection. */
  async hears(news: string): Promise<void> {
    const isHeard = async (): Promise<boolean> => (await this.call('heard')).includes(news);
    await eventually(isHeard, news, LIMIT);
  }

  /** Closes the page, as a user does. */
  async close(): Promise<void> {
    await this.shut();
  }
}
