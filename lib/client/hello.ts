/** What is wanted of a daemon that knows the extension. */
import { ExtensionOffer } from '../mailbox/extension.js';
import { FEATURE_COMPACT_VIEWS, FEATURE_LISTS_ON_DEMAND } from '../wire/extension/features.js';

/** Of a connection with compact views that does not come back. */
export const COMPACT_OFFER: ExtensionOffer = new ExtensionOffer({
  features: FEATURE_COMPACT_VIEWS | FEATURE_LISTS_ON_DEMAND,
  holdMs: 0,
  heartbeatMs: 0,
  attempt: 0,
  resume: null,
});
