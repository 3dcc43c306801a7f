/** What a channel of `node:diagnostics_channel` publishes while a spec looks. */
import { subscribe, tracingChannel, unsubscribe } from 'node:diagnostics_channel';

export class Published<Message> implements Disposable {
  readonly messages: Message[] = [];
  private readonly note = (message: unknown): void => void this.messages.push(message as Message);

  constructor(private readonly channel: string) {
    subscribe(channel, this.note);
  }

  [Symbol.dispose](): void {
    unsubscribe(this.channel, this.note);
  }
}

/** What a tracing channel publishes while a spec looks: one message for each operation, which `began` may write into. */
export class Operations<Message extends object> implements Disposable {
  readonly begun: Message[] = [];
  readonly over: Message[] = [];
  readonly failed: Message[] = [];
  private readonly channel;
  private readonly subscribers;

  constructor(name: string, began: (message: Message) => void = () => undefined) {
    const nothing = (): void => undefined;
    this.channel = tracingChannel<unknown, Message>(name);
    this.subscribers = {
      start: (message: Message) => {
        this.begun.push(message);
        began(message);
      },
      end: nothing,
      asyncStart: nothing,
      asyncEnd: (message: Message) => void this.over.push(message),
      error: (message: Message) => void this.failed.push(message),
    };
    this.channel.subscribe(this.subscribers);
  }

  [Symbol.dispose](): void {
    this.channel.unsubscribe(this.subscribers);
  }
}
