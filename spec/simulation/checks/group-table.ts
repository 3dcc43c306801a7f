/** The groups of a daemon as text: names, ids, members in order. */
import type { Core } from '../../../daemon/core/core.js';
import { groupIdText } from '../../../lib/wire/group-id.js';

export const groupTable = ({ groups }: Core): string =>
  [...groups.values()]
    .map(
      ({ name, id, members }) =>
        `${name} ${groupIdText(id)} (${members
          .toArray()
          .map(({ privateGroup }) => privateGroup)
          .join(' ')})`,
    )
    .toSorted()
    .join(', ');
