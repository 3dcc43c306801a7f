/** What a channel of `node:diagnostics_channel` publishes while a spec looks. */
import { subscribe, unsubscribe } from 'node:diagnostics_channel';

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
