/** The options of a secure group, checked. */
import type { SecureMemberOptions } from '../secure/options.js';

/** How a group is secure. One of `authorize`, `allow` and `authority` is required: nobody is accepted by default. */
export interface SecureOptions extends SecureMemberOptions {
  /** Milliseconds after which the join gives up; default 60000. */
  readonly giveUpMs?: number | undefined;
}

declare module './node-types.js' {
  interface NodeTypes {
    readonly secure: SecureOptions;
  }
}
