/** What one member was told, of a recording that another one may have made: as long as the recorder saw what it saw. */
import type { Buffer } from 'node:buffer';
import type { ConnectionEvent, ViewEvent } from '../../../lib/client/event.js';
import { eventsOf, groupsOf, viewFrame } from '../../../lib/recording/events.js';
import type { RecordingReader } from '../../../lib/recording/reader.js';
import { encodeSelfLeave } from '../../../lib/wire/membership.js';

/** A frame for that member. */
export interface PlayedFrame {
  /** Milliseconds since the beginning of the recording. */
  readonly at: number;
  readonly frame: Buffer;
  /** What the recorder made of it. */
  readonly event: ConnectionEvent;
}

/**
 * The frames for a member, up to the end of the file, or to the place where the recorder lost sight of it.
 * @param id of the member, @param groups those that are wanted; null: all, and what came privately
 * @returns whether the recorder lost sight of it
 */
export function* framesFor(
  reader: RecordingReader,
  id: string,
  groups: ReadonlySet<string> | null,
): Generator<PlayedFrame, boolean> {
  const isOwn = id === reader.head.id;
  const member = new SeenMember(id);
  for (const played of eventsOf(reader)) {
    const { event } = played;
    if (groups !== null && !groupsOf(event).some((group) => group === id || groups.has(group))) continue;
    if (isOwn) {
      yield played;
      continue;
    }
    const frame = member.frameOf(event, played.frame);
    if (frame !== null) yield { ...played, frame };
    if (member.isOver) return true;
  }
  return false;
}

/** What the recorder sees of the member. */
class SeenMember {
  /** Whether the member is not seen any more. */
  isOver = false;
  /** Groups that it is a member of. */
  private readonly joined = new Set<string>();

  constructor(private readonly id: string) {}

  /** The frame for the member; null: there is none. */
  frameOf(event: ConnectionEvent, frame: Buffer): Buffer | null {
    switch (event.kind) {
      case 'data': {
        const isHere = event.groups.some((group) => this.joined.has(group));
        return isHere ? frame : null;
      }
      case 'view':
        return this.view(event, frame);
      case 'transition':
        return this.joined.has(event.group) ? frame : null;
      default:
        // The recorder's own leave is not one of the member: nothing of the group follows.
        return null;
    }
  }

  private view(event: ViewEvent, frame: Buffer): Buffer | null {
    const { id, joined } = this;
    const { cause, changed, group, members, cameWithMe } = event;
    const wasHere = joined.has(group);
    const isHere = members.includes(id);
    if (!wasHere) {
      if (!isHere) return null;
      joined.add(group);
      // Where it comes from is not known: it came alone.
      return cause === 'network' && !cameWithMe.includes(id) ? viewFrame(event, [id]) : frame;
    }
    if (isHere && (cause !== 'network' || cameWithMe.includes(id))) return frame;
    joined.delete(group);
    if (cause === 'leave' && changed === id) return encodeSelfLeave(group);
    this.isOver = true;
    return null;
  }
}
