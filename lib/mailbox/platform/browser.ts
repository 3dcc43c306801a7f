/** `#platform` without Node. `lib/browser` opens WebSockets, with the token of its connection. */
import { IllegalParamError } from '../../errors.js';
import { systemClock } from '../../util/clock.js';
import { webFailureFacts } from '../web-failure.js';
import type { Platform } from './port.js';

export const systemPlatform: Platform = {
  open: () => {
    throw new IllegalParamError('there are no sockets here');
  },
  parse: (text) => (/^wss?:\/\//i.test(text) ? { url: text } : null),
  explain: webFailureFacts,
  clock: systemClock,
  resolver: {
    host: (name) => Promise.resolve([name]),
    service: () => Promise.resolve([]),
  },
  random: (length) => crypto.getRandomValues(new Uint8Array(length)),
};
