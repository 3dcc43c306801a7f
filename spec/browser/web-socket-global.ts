/** The global `WebSocket` that pages have, for specs in Node. */
import { WebSocket } from 'ws';

/** Gives it to the tests of a suite. */
export function withWebSocket(): void {
  let original: PropertyDescriptor | undefined;
  before(() => {
    original = Object.getOwnPropertyDescriptor(globalThis, 'WebSocket');
    Object.defineProperty(globalThis, 'WebSocket', { value: WebSocket, configurable: true });
  });
  after(() => {
    if (original) Object.defineProperty(globalThis, 'WebSocket', original);
    else Reflect.deleteProperty(globalThis, 'WebSocket');
  });
}

/** The WebSockets that pages make from now on, within a suite that has given it to them. */
export function recordWebSockets(): WebSocket[] {
  const sockets: WebSocket[] = [];
  const recorded = class extends WebSocket {
    constructor(...given: ConstructorParameters<typeof WebSocket>) {
      super(...given);
      sockets.push(this);
    }
  };
  Object.defineProperty(globalThis, 'WebSocket', { value: recorded, configurable: true, writable: true });
  return sockets;
}
