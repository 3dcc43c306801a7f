/** Reads the feed, for as long as the page is open: an end is followed by another try. */
import { LineReader } from './core/line-reader.js';
import { Model } from './core/model.js';

export type Connection =
  /** Nothing has come yet. */
  | 'connecting'
  | 'live'
  | 'lost'
  /** The daemon has as many readers as it takes. */
  | 'crowded'
  /** It wants another token. */
  | 'refused';

/** Milliseconds before a try. */
const DELAYS = [1_000, 2_000, 5_000];
/** Milliseconds without a line after which a connection is given up: one comes each second. */
const SILENCE = 10_000;

export class FeedClient {
  model = new Model();
  connection: Connection = 'connecting';
  /** When something came last, by the clock of the page. */
  heardAt = performance.now();
  /** The token that is shown; null for none. */
  token: string | null = null;
  private group: string | null = null;
  private current: AbortController | null = null;

  /** @param changed called when there is something else to be seen */
  constructor(private readonly changed: () => void) {}

  /** The time by the daemon's clock, as far as its lines tell; 0 for unknown. */
  get now(): number {
    const { at } = this.model;
    return at === 0 ? 0 : at + (performance.now() - this.heardAt);
  }

  /** @param token to be shown; null for none */
  start(token: string | null): void {
    this.token = token;
    void this.run();
  }

  /** @param group whose members are to come; null for none */
  open(group: string | null): void {
    if (group === this.group) return;
    this.group = group;
    if (this.current !== null && this.connection !== 'refused') void this.run();
  }

  private async run(): Promise<void> {
    this.current?.abort();
    const current = new AbortController();
    this.current = current;
    for (let attempt = 0; !current.signal.aborted; attempt++) {
      const isRead = await this.read(current.signal);
      if (current.signal.aborted) return;
      if (this.connection === 'refused') return;
      if (isRead) attempt = 0;
      await new Promise((resolve) => {
        setTimeout(resolve, DELAYS[Math.min(attempt, DELAYS.length - 1)]);
      });
    }
  }

  /** @returns whether anything came */
  private async read(signal: AbortSignal): Promise<boolean> {
    const silence = new AbortController();
    let timer = 0;
    const heard = (): void => {
      clearTimeout(timer);
      timer = setTimeout(() => silence.abort(), SILENCE);
    };
    let hasCome = false;
    try {
      heard();
      const answer = await this.ask(AbortSignal.any([signal, silence.signal]));
      if (answer === null) return false;
      for await (const text of chunksOf(answer)) {
        heard();
        hasCome = true;
        if (signal.aborted) return true;
        this.take(text);
      }
      this.change('lost');
    } catch {
      if (!signal.aborted) this.change('lost');
    } finally {
      clearTimeout(timer);
      silence.abort();
    }
    return hasCome;
  }

  private next: { readonly model: Model; readonly lines: LineReader } | null = null;

  /** @returns null when there is no feed */
  private async ask(signal: AbortSignal): Promise<ReadableStream<Uint8Array> | null> {
    const { group, token } = this;
    const path = group === null ? 'feed' : `feed?group=${encodeURIComponent(group)}`;
    const headers: Record<string, string> = token === null ? {} : { authorization: `Bearer ${token}` };
    const { status, body } = await fetch(path, { headers, signal, cache: 'no-store' });
    if (status === 200 && body !== null) {
      this.next = { model: new Model(), lines: new LineReader() };
      return body;
    }
    if (status === 401) this.model = new Model();
    this.change(status === 401 ? 'refused' : status === 503 ? 'crowded' : 'lost');
    return null;
  }

  /** What is shown stays until everything is there that a feed begins with. */
  private take(text: string): void {
    if (this.next === null) return;
    const { model, lines } = this.next;
    model.take(lines.push(text));
    if (!model.isComplete) return;
    this.model = model;
    this.heardAt = performance.now();
    this.change('live');
  }

  private change(connection: Connection): void {
    this.connection = connection;
    this.changed();
  }
}

async function* chunksOf(body: ReadableStream<Uint8Array>): AsyncGenerator<string> {
  const reader = body.getReader();
  const decoder = new TextDecoder();
  try {
    for (let next = await reader.read(); !next.done; next = await reader.read()) {
      yield decoder.decode(next.value, { stream: true });
    }
  } finally {
    void reader.cancel().catch(() => undefined);
  }
}

/** Asks a page of the monitor. @returns null when it has none */
export async function askPage(path: string, token: string | null): Promise<unknown> {
  const headers: Record<string, string> = token === null ? {} : { authorization: `Bearer ${token}` };
  try {
    const answer = await fetch(path, { headers, cache: 'no-store' });
    return answer.ok ? await answer.json() : null;
  } catch {
    return null;
  }
}
