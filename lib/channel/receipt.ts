/** Whether the server's application has taken a request [channels 17.2], as far as its client knows. */
import { ChannelError } from './errors.js';

export class Receipt {
  received = false;

  /** The same outcome; an error tells along whether there was a receipt. */
  async of<T>(call: Promise<T>): Promise<T> {
    try {
      return await call;
    } catch (error) {
      if (error instanceof ChannelError) Object.assign(error, { received: this.received });
      throw error;
    }
  }
}
