/** The events in a recording, as the recorder's connection would have handed them out; and frames for events. */
import type { Buffer } from 'node:buffer';
import type { ConnectionEvent, ViewEvent } from '../client/event.js';
import { EventReader } from '../client/reader.js';
import { serviceWord } from '../client/send.js';
import { ReceivedMessage } from '../mailbox/received-message.js';
import { type Cause, ViewIds } from '../mailbox/view.js';
import { encodeRegularMembership, encodeSelfLeave, encodeTransition } from '../wire/membership.js';
import { nameField } from '../wire/name.js';
import { encodeMessage } from '../wire/request.js';
import { CAUSED_BY_DISCONNECT, CAUSED_BY_JOIN, CAUSED_BY_LEAVE, CAUSED_BY_NETWORK } from '../wire/service.js';
import { RecordingError } from './error.js';
import { type FrameRecord, isWhole, type RecordingHead } from './format.js';
import { RecordingReader } from './reader.js';

/** One of them. */
export interface RecordedEvent {
  /** Milliseconds since the beginning of the recording. */
  readonly at: number;
  readonly event: ConnectionEvent;
  /** As it was delivered. */
  readonly frame: Buffer;
}

/** @throws RecordingError for a record that is damaged, or is not a frame of a daemon */
export function* eventsOf(reader: RecordingReader): Generator<RecordedEvent, void> {
  const { head } = reader;
  const events = new EventReader(head.id);
  const ids = new ViewIds();
  for (const record of reader.records()) {
    const arrival = arrivalOf(record, head);
    ids.note(arrival);
    const event = events.read(arrival);
    if (event !== null) yield { at: record.at, event, frame: record.frame };
  }
}

/** Groups that were recorded: those that the head names, or else all that have a view in the file. @throws RecordingError */
export function recordedGroups(path: string): readonly string[] {
  using reader = RecordingReader.open(path);
  if (reader.head.groups.length > 0) return reader.head.groups;
  const names = new Set<string>();
  for (const { event } of eventsOf(reader)) if (event.kind === 'view') names.add(event.group);
  return [...names];
}

/** Names of the groups that an event is of: of a message, where it was sent to. */
export const groupsOf = (event: ConnectionEvent): readonly string[] =>
  'groups' in event ? event.groups : [event.group];

/**
 * A frame of the recording. Without a body, the hash of it stands in its place: the frame is as long as it says for nobody but us.
 * @throws RecordingError for bytes that are not a frame
 */
export function arrivalOf({ frame }: FrameRecord, { bodies }: RecordingHead): ReceivedMessage {
  const arrival = new ReceivedMessage(frame, 0, frame.length);
  if (!isWhole(frame) && (bodies || arrival.kind !== 'data'))
    throw new RecordingError('the recording has a record that is not a frame of a daemon');
  return arrival;
}

const causes: Readonly<Record<Cause, number>> = {
  join: CAUSED_BY_JOIN,
  leave: CAUSED_BY_LEAVE,
  disconnect: CAUSED_BY_DISCONNECT,
  network: CAUSED_BY_NETWORK,
};

/**
 * The frame that says what the event says, as a daemon sends it; null for an event that no frame of the protocol has. Of a network
 * view it holds one set, of those who came along with the receiver.
 */
export function frameOf(event: ConnectionEvent): Buffer | null {
  switch (event.kind) {
    case 'data': {
      const { sender, groups, service, type, body } = event;
      return encodeMessage(serviceWord({ service }), sender, groups, type, [body]);
    }
    case 'view':
      return viewFrame(event);
    case 'transition':
      return encodeTransition(event.group, event.id);
    case 'self-leave':
      return encodeSelfLeave(event.group);
    default:
      return null;
  }
}

/** @param came those who came along with the receiver of a network view, itself included */
export function viewFrame(
  { group, id, cause, changed, members, cameWithMe }: ViewEvent,
  came: readonly string[] = cameWithMe,
): Buffer {
  const set = changed === null ? came : [changed];
  return encodeRegularMembership(group, causes[cause], members.map(nameField), id, [set.map(nameField)], 0);
}
