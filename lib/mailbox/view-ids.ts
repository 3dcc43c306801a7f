/**
 * The id of the last view of every group the connection is in. A self-leave frame carries none, but SSP's body of it
 * does [receive Q22]. Kept in the order of arrival, which is the order in which messages are taken.
 */
import { GROUP_ID_BYTES, type GroupId, readGroupId } from '../wire/group-id.js';
import type { ReceivedMessage } from './arrival.js';

export class ViewIds {
  private readonly ids = new Map<string, GroupId>();

  /** Notes what a membership frame says; a self-leave gets its id and the group is forgotten. */
  note(arrival: ReceivedMessage): void {
    const { kind } = arrival;
    if (kind === 'view') {
      const { body } = arrival;
      if (body.length >= GROUP_ID_BYTES) this.ids.set(arrival.name, readGroupId(body, 0, arrival.little));
    } else if (kind === 'self-leave') {
      const group = arrival.name;
      arrival.leftId = this.ids.get(group) ?? arrival.leftId;
      this.ids.delete(group);
    }
  }
}
