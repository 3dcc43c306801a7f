/** The version of this toolkit, as in package.json. */
import type { Version } from '../wire/handshake/version.js';

export const VERSION: Version = { major: 0, minor: 1, patch: 0 };
