/** Server-sent events of a server, as a browser reads them. */
import { eventually } from '../../support/wait.js';

export interface ServerSentEvent {
  readonly event: string;
  /** What its JSON says; null without data. */
  readonly data: unknown;
}

export class EventStream implements AsyncDisposable {
  readonly events: ServerSentEvent[] = [];
  /** Whether it has ended. */
  isOver = false;
  private readonly end = new AbortController();
  private reading: Promise<void> = Promise.resolve();

  /** Resolves when the server has answered: from then on nothing is missed. @throws when it answers something else */
  static async open(url: string, init: RequestInit = {}): Promise<EventStream> {
    const stream = new EventStream();
    const response = await fetch(url, { ...init, signal: stream.end.signal });
    const type = response.headers.get('content-type') ?? '';
    if (!type.startsWith('text/event-stream') || response.body === null)
      throw new Error(`expected an event stream, got ${response.status} ${type}`);
    // A server that stops breaks it.
    stream.reading = stream
      .read(response.body)
      .catch(() => undefined)
      .finally(() => (stream.isOver = true));
    return stream;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.end.abort();
    await this.reading;
  }

  /** What the events of this name say, in their order. */
  data(event: string): unknown[] {
    return this.events.filter((each) => each.event === event).map(({ data }) => data);
  }

  /** Waits until there are that many events of this name. */
  async has(count: number, event: string): Promise<void> {
    await eventually(() => this.data(event).length >= count, `${count} events ${event}`);
  }

  private async read(body: ReadableStream<Uint8Array>): Promise<void> {
    let rest = '';
    const decoder = new TextDecoder();
    for await (const bytes of body) {
      const blocks = (rest + decoder.decode(bytes, { stream: true })).split('\n\n');
      rest = blocks.pop() ?? '';
      for (const block of blocks) this.take(block.split('\n'));
    }
  }

  private take(lines: readonly string[]): void {
    const field = (name: string): string | undefined =>
      lines.find((line) => line.startsWith(`${name}:`))?.slice(name.length + 1);
    const [event, data] = [field('event')?.trim(), field('data')?.trim()];
    if (event !== undefined) this.events.push({ event, data: data ? (JSON.parse(data) as unknown) : null });
  }
}
