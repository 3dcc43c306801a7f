/**
 * What an arrival says, before a face gives it its form. The one place where both faces look at an arrival; it checks
 * what they need to be whole, so that a malformed message is found out before any output is set [receive R69].
 */
import type { Buffer } from 'node:buffer';
import { FrameFault } from '../wire/fault.js';
import type { GroupId } from '../wire/group-id.js';
import { endianMismatch } from '../wire/header.js';
import type { ReceivedMessage } from './arrival.js';
import { readTransition, readView, type View } from './view.js';

interface Common {
  readonly service: number;
  /** Sender of data, group of a membership message. */
  readonly sender: string;
  /** Number of names: destinations or members; 0 in transitions and self-leaves. */
  readonly numGroups: number;
  readonly endianMismatch: 0 | 1;
}

export type Content = Common &
  (
    | { readonly kind: 'data'; readonly messType: number; readonly body: Buffer }
    | { readonly kind: 'view'; readonly view: View }
    | { readonly kind: 'transition'; readonly id: GroupId }
    | { readonly kind: 'self-leave'; readonly id: GroupId }
  );

/**
 * @param own private group of the receiver
 * @returns null when the message is malformed inside a sound frame
 */
export function contentOf(arrival: ReceivedMessage, own: string): Content | null {
  try {
    return read(arrival, own);
  } catch (error) {
    if (error instanceof FrameFault) return null;
    throw error;
  }
}

function read(arrival: ReceivedMessage, own: string): Content {
  const { kind, service, numGroups } = arrival;
  const sender = arrival.name;
  switch (kind) {
    case 'data':
    case 'reject': {
      const mismatch = endianMismatch(arrival.senderLittle);
      const { messType, body } = arrival;
      return { kind: 'data', service, sender, numGroups, endianMismatch: mismatch, messType, body };
    }
    case 'view':
      return { kind, service, sender, numGroups, endianMismatch: 0, view: readView(arrival, own) };
    case 'transition':
      return { kind, service, sender, numGroups: 0, endianMismatch: 0, id: readTransition(arrival) };
    case 'self-leave':
      return { kind, service, sender, numGroups: 0, endianMismatch: 0, id: arrival.leftId };
    default:
      throw new FrameFault('kind', `service 0x${service.toString(16)} is no kind of message`);
  }
}
