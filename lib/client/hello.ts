/** What is wanted of a daemon that knows the extension. */
import { FEATURE_COMPACT_VIEWS, FEATURE_LISTS_ON_DEMAND } from '../wire/extension/features.js';
import type { Hello } from '../wire/extension/hello.js';

/** Of a connection that does not come back. */
export const PLAIN_HELLO: Hello = {
  features: FEATURE_COMPACT_VIEWS | FEATURE_LISTS_ON_DEMAND,
  holdMs: 0,
  heartbeatMs: 0,
  attempt: 0,
  resume: null,
};
