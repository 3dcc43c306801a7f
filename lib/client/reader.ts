/** From what lies in the mailbox to the events of the client API; keeps each group's last view to tell what changed. */
import type { Buffer } from '#buffer';
import { errorOf, PermissionDeniedError } from '../errors.js';
import { contentOf } from '../mailbox/content.js';
import type { ReceivedMessage } from '../mailbox/received-message.js';
import type { Mailbox } from '../mailbox/mailbox.js';
import type { View } from '../mailbox/view.js';
import { TOO_MANY_GROUPS, TOO_MANY_MEMBERS } from '../wire/codes.js';
import { REJECTED_BY_LIMIT, REJECTED_BY_SIZE } from '../wire/reject.js';
import { CAUSED_BY_JOIN, CAUSED_BY_LEAVE } from '../wire/service.js';
import { type ConnectionEvent, DataEvent, type RejectEvent, type ViewEvent } from './event.js';
import { serviceName } from './send.js';
import { viewEvent } from './view-event.js';
import { ListedMembers } from './views/members.js';

export class EventReader {
  private readonly views = new Map<string, readonly string[]>();

  /** @param own private group of the connection @param names those that it had before in its session */
  constructor(
    private readonly own: string,
    private readonly names: readonly string[] = [],
  ) {}

  /** The event; null for bytes that make no sense inside a sound frame, which no daemon sends. */
  read(arrival: ReceivedMessage): ConnectionEvent | null {
    const content = contentOf(arrival, this.own);
    if (content === null) return null;
    const { sender, service } = content;
    switch (content.kind) {
      case 'data': {
        const { body, messType } = content;
        const groups = arrival.names();
        if (arrival.kind === 'reject') return rejected(service, groups, body, messType);
        return new DataEvent(
          sender,
          groups,
          body,
          messType,
          serviceName(service),
          sender === this.own || this.names.includes(sender),
          content.endianMismatch === 1,
        );
      }
      case 'view':
        return this.view(content.view);
      case 'transition':
        return { kind: 'transition', group: sender, id: content.id };
      case 'self-leave':
        this.views.delete(sender);
        return { kind: 'self-leave', group: sender, id: content.id };
    }
  }

  private view({ group, id, cause, members, index, names }: View): ViewEvent {
    const before = this.views.get(group) ?? [];
    this.views.set(group, members);
    const then = new Set(before);
    const now = new Set(members);
    const common = {
      group,
      id,
      cause,
      members: new ListedMembers(members),
      size: members.length,
      myIndex: index,
      joined: members.filter((member) => !then.has(member)),
      left: before.filter((member) => !now.has(member)),
      returned: [],
      messages: null,
    } as const;
    // Who came along: for network the frame tells it; else all who were there before, and nobody into a first view.
    if (cause === 'network') return viewEvent({ ...common, changed: null, cameWithMe: names });
    const cameWithMe = before.length === 0 ? [this.own] : members.filter((member) => then.has(member));
    return viewEvent({ ...common, changed: names[0] as string, cameWithMe });
  }
}

/** Limits of the daemon by which a join is refused, by the type of the reject frame. */
const limits: Readonly<Record<number, { readonly reason: RejectEvent['reason']; readonly code: number }>> = {
  [REJECTED_BY_LIMIT]: { reason: 'too-many-groups', code: TOO_MANY_GROUPS },
  [REJECTED_BY_SIZE]: { reason: 'too-many-members', code: TOO_MANY_MEMBERS },
};

/** The daemon adds the sender's own name to the groups of the request; it is taken off again. */
function rejected(service: number, groups: readonly string[], body: Buffer, type: number): RejectEvent {
  const refused =
    (service & CAUSED_BY_JOIN) !== 0 ? 'join' : (service & CAUSED_BY_LEAVE) !== 0 ? 'leave' : 'data';
  const asked = groups.slice(0, -1);
  const limit = refused === 'join' ? limits[type] : undefined;
  const reason = limit?.reason ?? 'permission';
  const error = limit
    ? errorOf(limit.code, `join ${asked.join(', ')}`)
    : new PermissionDeniedError(refused === 'data' ? 'send' : refused, asked);
  return { kind: 'reject', refused, reason, error, groups: asked, body, type };
}

/**
 * What a bare mailbox gets when the daemon refuses its request: PermissionDeniedError, TooManyGroupsError or TooManyMembersError; null for
 * everything that is not a refusal.
 */
export function refusalOf(arrival: ReceivedMessage, { privateGroup }: Mailbox): Error | null {
  if (arrival.kind !== 'reject') return null;
  const event = new EventReader(privateGroup).read(arrival);
  return event?.kind === 'reject' ? event.error : null;
}
