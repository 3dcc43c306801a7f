/**
 * A page that is a member of groups: bundled for browsers and loaded in a real one. What a spec asks of it is called by
 * `MemberTab`, so all of it takes and gives JSON.
 */
import { connect, type Connection, election, type Election, type Group } from 'ssp-toolkit/browser';
import { wordsOf } from './event-words.js';

interface ConnectRequest {
  readonly url: string | readonly string[];
  readonly name?: string;
  readonly token?: string;
  /** Where the page gets a token for each attempt. */
  readonly tokenUrl?: string;
  readonly resume?: boolean;
}

export interface Told {
  readonly error: string;
  readonly message: string;
}

/** Busy milliseconds, in which nothing else runs in the page. */
function compute(milliseconds: number): void {
  const end = performance.now() + milliseconds;
  while (performance.now() < end);
}

class MemberPage {
  private opened: Connection | null = null;
  private chosen: Election | null = null;
  private unread: Group | null = null;
  private readonly words = new Map<string, string[]>();
  private readonly news: string[] = [];

  /** @returns the id, or how it failed */
  async connect({ tokenUrl, ...options }: ConnectRequest): Promise<string | Told> {
    const ask = async (): Promise<string> => (await fetch(tokenUrl ?? '')).text();
    try {
      this.opened = await connect({ ...options, ...(tokenUrl === undefined ? {} : { token: ask }) });
    } catch (error) {
      const { name, message } = error as Error;
      return { error: name, message };
    }
    this.opened.on('reconnecting', () => this.news.push('reconnecting'));
    this.opened.on('resumed', ({ gaps }) => this.news.push(`resumed with ${gaps} gaps`));
    this.opened.on('close', (error) => this.news.push(`closed: ${error?.name ?? 'by itself'}`));
    return this.opened.id;
  }

  /** @param busyMs how long the page computes when the first message has come */
  async join(name: string, busyMs = 0): Promise<void> {
    const words: string[] = [];
    this.words.set(name, words);
    let isFirst = busyMs > 0;
    const group = await this.connection.join(name);
    group.on('event', (event) => {
      words.push(wordsOf(event));
      if (isFirst && event.kind === 'data') {
        isFirst = false;
        compute(busyMs);
      }
    });
  }

  /** Joins, and reads nothing. */
  async joinUnread(name: string): Promise<void> {
    this.words.set(name, []);
    this.unread = await this.connection.join(name);
  }

  /** Reads the group that was joined so, in a loop. */
  readOn(): void {
    if (this.unread !== null) void this.read(this.unread);
  }

  async leave(name: string): Promise<void> {
    await this.connection.leave(name);
  }

  /** Sends texts with numbers from 0, one after the other. */
  async send(group: string, count: number, prefix: string): Promise<void> {
    for (let i = 0; i < count; i++) await this.connection.send(group, `${prefix} ${i}`);
  }

  async elect(group: string): Promise<void> {
    this.chosen = await election(this.connection, group);
  }

  leadership(): { readonly leader: string | null; readonly term: number | null } {
    return { leader: this.chosen?.leader ?? null, term: this.chosen?.term ?? null };
  }

  /** What the group got, from the given place on. */
  wordsFrom(group: string, from: number): readonly string[] {
    return (this.words.get(group) ?? []).slice(from);
  }

  count(group: string): number {
    return this.words.get(group)?.length ?? 0;
  }

  /** What happened to the connection. */
  heard(): readonly string[] {
    return this.news;
  }

  async close(): Promise<void> {
    await this.connection.close();
  }

  private get connection(): Connection {
    if (this.opened === null) throw new Error('expected connect before');
    return this.opened;
  }

  private async read(group: Group): Promise<void> {
    for await (const event of group) this.words.get(group.name)?.push(wordsOf(event));
  }
}

export type { MemberPage };

Object.assign(globalThis, { member: new MemberPage() });
