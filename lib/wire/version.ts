/** The version of this toolkit. Apart from the handshake, so that a program tells it without loading anything else. */
import type { Version } from './handshake/connect-request.js';

/** The same as in package.json, which a spec checks. */
export const TOOLKIT_VERSION: Version = { major: 0, minor: 2, patch: 0 };

export const versionText = ({ major, minor, patch }: Version): string => `${major}.${minor}.${patch}`;
