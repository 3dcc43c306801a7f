/** The view of a group while the connection is lost. */
import type { Cause } from '../../mailbox/view.js';
import type { GroupId } from '../../wire/group-id.js';
import type { ReturnedMember, ViewEvent } from '../event.js';

/** The last view without this connection: it is a member no more, as far as anybody can know. */
class AwayView {
  readonly kind = 'view';
  readonly group: string;
  readonly id: GroupId;
  readonly cause: Cause;
  readonly changed: string | null;
  readonly size: number;
  readonly myIndex = -1;
  readonly joined: readonly string[];
  readonly left: readonly string[];
  readonly returned: readonly ReturnedMember[];
  private list: readonly string[] | null = null;

  constructor(private readonly view: ViewEvent) {
    this.group = view.group;
    this.id = view.id;
    this.cause = view.cause;
    this.changed = view.changed;
    this.size = view.myIndex < 0 ? view.size : view.size - 1;
    this.joined = view.joined;
    this.left = view.left;
    this.returned = view.returned;
  }

  get members(): readonly string[] {
    const { members, myIndex } = this.view;
    return (this.list ??= members.filter((_, place) => place !== myIndex));
  }

  get cameWithMe(): readonly string[] {
    return this.view.cameWithMe;
  }

  has(id: string): boolean {
    return this.members.includes(id);
  }
}

export const awayView = (view: ViewEvent): ViewEvent => new AwayView(view) as ViewEvent;
