/** Pings of a server's clients [channels 17.6]: of the library, and of the application. */
import type { Message } from './protocol/message.js';

/** The word of a ping that the application is to answer, by receiving. */
export const APPLICATION_PING = 1;

export class Pings {
  private waiting: { readonly client: string; readonly id: number }[] = [];

  constructor(private readonly pong: (client: string, id: number) => void) {}

  /** @param isReceiving whether the application waits for an event now */
  take(client: string, { word, id }: Message, isReceiving: boolean): void {
    if (word !== APPLICATION_PING || isReceiving) this.pong(client, id);
    else this.waiting.push({ client, id });
  }

  /** The application has asked for an event. */
  received(): void {
    if (this.waiting.length === 0) return;
    for (const { client, id } of this.waiting.splice(0)) this.pong(client, id);
  }
}
