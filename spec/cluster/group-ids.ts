/**
 * Group ids without their values [daemon 2.4]: which daemon was the first of the view, which of the times of
 * that daemon it is, the counter. Two runs of one story have the same ones.
 */
import type { GroupId } from '../../lib/wire/group-id.js';

/**
 * @param ids all ids of the run
 * @param daemons ids of the daemons, in their order
 */
export function ranked(ids: readonly GroupId[], daemons: readonly number[]): (id: GroupId) => GroupId {
  const indexOf = (id: GroupId): number => daemons.findIndex((daemon) => (daemon | 0) === (id[0] | 0));
  const times = daemons.map((_, i) => new Set(ids.filter((id) => indexOf(id) === i).map(([, time]) => time)));
  return (id) => {
    const index = indexOf(id);
    const rank = [...(times[index] ?? [])].filter((time) => time < id[1]).length;
    return [index, rank, id[2]];
  };
}
