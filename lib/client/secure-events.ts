/** From what a secure group hands out to events of the client API. */
import type { SecureData, SecureViewEvent } from '../secure/core/port.js';
import { SUBGROUP_CAST } from '../wire/service.js';
import { DataEvent, type SecureView } from './event.js';
import { serviceName } from './send.js';
import { viewEvent } from './view-event.js';
import { ListedMembers } from './views/members.js';

class EncryptedDataEvent extends DataEvent {
  override get encrypted(): boolean {
    return true;
  }
}

class EncryptedMembersDataEvent extends EncryptedDataEvent {
  override get toSome(): boolean {
    return true;
  }
}

/** @param own id of this connection */
export function secureDataEvent(data: SecureData, own: string): DataEvent {
  const { sender, groups, body, type, service } = data;
  const Class = (service & SUBGROUP_CAST) === 0 ? EncryptedDataEvent : EncryptedMembersDataEvent;
  return new Class(sender, groups, body, type, serviceName(service), sender === own, false);
}

/** @param isFirst whether this connection had no view before */
export function secureViewEvent(group: string, view: SecureViewEvent, isFirst: boolean): SecureView {
  const { gid, id, cause, members, index, changed, cameWithMe, previousMembers, outsiders, identities } =
    view;
  const companions = new Set(cameWithMe);
  const isOne = cause !== 'network' && changed !== null;
  const event = viewEvent({
    group,
    id: gid,
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
  return Object.assign(event, { secure: true, secureId: id, outsiders, identities } as const);
}
