/** View events: one shape, whatever the views come from. */
import type { Cause } from '../mailbox/view.js';
import type { GroupId } from '../wire/group-id.js';
import type { ReturnedMember, ViewEvent } from './event.js';
import type { GroupView } from './views/group-view.js';
import type { ViewMembers } from './views/members.js';

/** What an event has as properties of its own, so that copies of it have them too, and is made when it is asked for. */
const lazy: PropertyDescriptorMap & ThisType<View> = {
  members: {
    enumerable: true,
    get() {
      return this.list.names;
    },
  },
  cameWithMe: {
    enumerable: true,
    get() {
      return this.came;
    },
  },
};

/** The same where they throw: a copy of such an event does without. */
const unlisted: PropertyDescriptorMap = Object.fromEntries(
  Object.entries(lazy).map(([name, property]) => [name, { ...property, enumerable: false }]),
);

class View {
  readonly kind = 'view';
  readonly group: string;
  readonly id: GroupId;
  readonly cause: Cause;
  readonly changed: string | null;
  declare readonly members: readonly string[];
  readonly size: number;
  readonly myIndex: number;
  readonly joined: readonly string[];
  readonly left: readonly string[];
  declare readonly cameWithMe: readonly string[];
  readonly returned: readonly ReturnedMember[];
  readonly #members: ViewMembers;
  #cameWithMe: GroupView['cameWithMe'];

  constructor(view: GroupView) {
    this.group = view.group;
    this.id = view.id;
    this.cause = view.cause;
    this.changed = view.changed;
    this.size = view.size;
    this.myIndex = view.myIndex;
    this.joined = view.joined;
    this.left = view.left;
    this.returned = view.returned;
    this.#members = view.members;
    this.#cameWithMe = view.cameWithMe;
    Object.defineProperties(this, view.members.isListed ? lazy : unlisted);
  }

  has(id: string): boolean {
    return this.#members.has(id);
  }

  /** @internal */
  get list(): ViewMembers {
    return this.#members;
  }

  /** @internal */
  get came(): readonly string[] {
    if (typeof this.#cameWithMe === 'function') this.#cameWithMe = this.#cameWithMe(this.#members.names);
    return this.#cameWithMe;
  }
}

/** Why nobody can act on the members of the view; null when they are listed. */
export function listFault(view: ViewEvent): Error | null {
  try {
    void view.members;
    return null;
  } catch (error) {
    return error as Error;
  }
}

/** The event of a view. */
export const viewEvent = (view: GroupView): ViewEvent => new View(view) as ViewEvent;
