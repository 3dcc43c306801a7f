/** One secure group that a connection has joined. */
import { errorOf } from '../errors.js';
import { ILLEGAL_STATE } from '../wire/codes.js';
import type { SecureView } from './event.js';
import { Group, type GroupHome, type GroupSecurity } from './group.js';

/**
 * A group that is encrypted end to end: its views hold who has the key, and what is sent in a view is read by exactly
 * them. What is sent while the group has no key waits, and goes out under the next one, **to whoever is in that view**;
 * `options.view` sends in one view only.
 *
 * Experimental: nobody outside the project has reviewed it.
 */
export class SecureGroup extends Group {
  /** @internal Made by `Connection.join`. */
  constructor(
    name: string,
    first: SecureView,
    home: GroupHome,
    private readonly security: GroupSecurity,
  ) {
    super(name, first, home);
  }

  override get view(): SecureView {
    return super.view as SecureView;
  }

  /** Members of the view that have shown that they have its key. */
  get confirmedMembers(): ReadonlySet<string> {
    return this.security.confirmedMembers;
  }

  /**
   * Resolves when all members of the present view have shown that they have its key.
   * @throws ViewChangedError when the view ends before
   */
  async confirmed(): Promise<void> {
    this.requireMember();
    await this.security.confirmed();
  }

  /**
   * A key for another use, the same at all members of the view, until the next view or `rekeyed`.
   * @param label says what for; @param length 1 to 8160 bytes
   * @throws IllegalParamError for a length or label out of range, IllegalStateError without a key
   */
  exportKey(label: string, length: number): Uint8Array {
    this.requireMember();
    return this.security.exportKey(label, length);
  }

  /**
   * Asks for a new key in the present view. It excludes nobody: only a new view does.
   * Resolves with a new key, or with a new view.
   */
  async rekey(): Promise<void> {
    this.requireMember();
    await this.security.rekey();
  }

  private requireMember(): void {
    if (!this.isMember) throw errorOf(ILLEGAL_STATE, `${this.name} was left`);
  }
}
