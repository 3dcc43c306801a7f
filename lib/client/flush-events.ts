/** From what the flush layer hands out to events of the client API. */
import { isSubgroupCast } from '../flush/core/control.js';
import type { FlushData, FlushView } from '../flush/core/port.js';
import { endianMismatch } from '../wire/header.js';
import { DataEvent, MembersDataEvent, type ViewEvent } from './event.js';
import { serviceName } from './send.js';
import { viewEvent } from './view-event.js';
import { ListedMembers } from './views/members.js';

/** @param own id of this connection */
export function dataEvent(data: FlushData, own: string): DataEvent {
  const { sender, groups, body, type, service, senderLittle } = data;
  const Class = isSubgroupCast(service) ? MembersDataEvent : DataEvent;
  const isMismatch = endianMismatch(senderLittle) === 1;
  return new Class(sender, groups, body, type, serviceName(service), sender === own, isMismatch);
}

/** Who left and came back is in `joined` and in `left`. @param isFirst whether this connection had no view before */
export function agreedViewEvent(view: FlushView, isFirst: boolean): ViewEvent {
  const { group, id, cause, members, index, changed, cameWithMe, previousMembers } = view;
  const companions = new Set(cameWithMe);
  const isOne = cause !== 'network' && changed !== null;
  return viewEvent({
    group,
    id,
    cause: isOne ? cause : 'network',
    changed: isOne ? changed : null,
    members: new ListedMembers(members),
    size: members.length,
    myIndex: index,
    joined: isFirst ? members : members.filter((member) => !companions.has(member)),
    left: previousMembers.filter((member) => !companions.has(member)),
    cameWithMe: members.filter((member) => companions.has(member)),
    returned: [],
    messages: null,
  });
}
