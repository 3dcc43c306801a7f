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
