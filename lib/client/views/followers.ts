/** The groups of a connection with compact views: which frame belongs to which follower. Pure. */
import type { ToClient } from '../../wire/extension/read.js';
import type { GroupId } from '../../wire/group-id.js';
import { type FollowerHome, type FollowerSink, GroupFollower, type ListAnswer } from './follower.js';
import type { GroupView } from './group-view.js';

export class Followers implements FollowerHome {
  /** Private groups of the connection, the one of now first. */
  names: readonly string[];
  private readonly groups = new Map<string, GroupFollower>();

  /** @param own private group of the connection */
  constructor(
    own: string,
    private sink: FollowerSink,
  ) {
    this.names = [own];
  }

  /** Before the request to join. @param isListed whether the list is followed from the first view on */
  join(group: string, isListed: boolean): void {
    this.groups.set(group, new GroupFollower(group, isListed, this));
  }

  get(group: string): GroupFollower | undefined {
    return this.groups.get(group);
  }

  /** A self-leave has come; the group may be joined again. @returns the id of its last view */
  left(group: string): GroupId | undefined {
    return this.groups.get(group)?.left();
  }

  /** Nothing of the group follows. */
  forget(group: string): void {
    this.groups.delete(group);
  }

  /** Frames of another daemon follow, which continues where the last one was lost. */
  continueWith(sink: FollowerSink): void {
    if (this.sink === sink) return;
    this.sink = sink;
    for (const follower of this.groups.values()) follower.moved();
  }

  /** Frames of groups that are not joined, and of other kinds, do nothing. */
  take(frame: ToClient): void {
    if (frame.kind === 'views') this.groups.get(frame.group)?.takeViews(frame);
    else if (frame.kind === 'network') this.groups.get(frame.group)?.takeNetwork(frame);
    else if (frame.kind === 'list') this.groups.get(frame.group)?.takeList(frame);
  }

  // What the followers want.

  view(view: GroupView): void {
    this.sink.view(view);
  }

  ask(group: string): void {
    this.sink.ask(group);
  }

  answered(group: string, answer: ListAnswer): void {
    this.sink.answered(group, answer);
  }

  mismatch(group: string, expected: number, got: number): void {
    this.sink.mismatch(group, expected, got);
  }
}
