/** A session, here or at another daemon, as the groups see it. */
import { Buffer } from 'node:buffer';
import { nameField } from '../../lib/wire/name.js';
import type { Group } from './group.js';
import type { LocalSession } from './local-session.js';

/** A daemon of the daemon view, for all members that it has. */
export interface Place {
  readonly daemon: string;
  /** In the view whose exchange was completed last: the first key of the member order. Below zero: it is gone. */
  position: number;
}

export class Member {
  readonly field: Buffer;
  /** The groups it is in. */
  readonly groups = new Set<Group>();

  constructor(
    readonly privateGroup: string,
    readonly place: Place,
    /** The session itself when it is one of this daemon's. */
    readonly session: LocalSession | null,
  ) {
    this.field = nameField(privateGroup);
  }
}

/** Member order: position of the daemon, then the bytes of the private group name [daemon 2.3]. */
export function compareMembers(a: Member, b: Member): number {
  return a.place.position - b.place.position || Buffer.compare(a.field, b.field);
}
