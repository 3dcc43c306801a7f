/** Bugs in compact views that are planted in the worlds of the core and in those of the client library. */
import { GroupMembership } from '../../../daemon/core/group-membership.js';
import type { Group, LocalSession } from '../../../daemon/core/group.js';
import { Outgrown } from '../../../daemon/core/outgrown.js';
import { PayloadDelivery } from '../../../daemon/core/payload-delivery.js';
import { ViewRuns } from '../../../daemon/core/view-runs.js';
import { ListHash } from '../../../lib/util/list-hash.js';
import { replace } from './planted.js';
import { all } from './replay.js';

/** What takes a bug out again. */
type Remove = () => void;

const nothing = () => (): void => undefined;

/** A record of one who leaves has another place than the member. */
export const misplaceRecords = (): Remove =>
  replace(ViewRuns, 'add', (original) => (self, group, cause, name, index, subject) => {
    const place = index as number;
    original(self, group, cause, name, cause === 'leave' && place > 0 ? place - 1 : place, subject);
  });

/** One who joins gets the own join twice: in the list, and as a record. */
export const doubleOwnJoin = (): Remove => replace(ViewRuns, 'begin', nothing);

/** One who leaves gets records behind the self-leave. */
export const tellThoseWhoLeft = (): Remove => {
  const left = new Map<object, LocalSession[]>();
  return all(
    replace(ViewRuns, 'finish', (original) => (self, group, session) => {
      original(self, group, session);
      if (!(self as ViewRuns).isOpen(group as Group)) return;
      left.set(self, [...(left.get(self) ?? []), session as LocalSession]);
    }),
    replace(ViewRuns, 'close', (original) => (self) => {
      const { group } = self as { group: Group | null };
      const late = (left.get(self) ?? []).filter(({ leaving }) => !leaving);
      left.delete(self);
      group?.local.push(...late);
      original(self);
      if (late.length > 0) group?.local.splice(-late.length);
    }),
  );
};

/** A run is not closed before data. */
export const keepRunsOpen = (): Remove => {
  let isCarryingOut = false;
  return all(
    replace(PayloadDelivery, 'carryOut', (original) => (self, payload, index, daemon) => {
      isCarryingOut = true;
      const rest = original(self, payload, index, daemon);
      isCarryingOut = false;
      return rest;
    }),
    replace(GroupMembership, 'closeRun', (original) => (self) => {
      if (!isCarryingOut) original(self);
    }),
  );
};

/** The hash is not taken back when one leaves. */
export const keepHash = (): Remove => replace(ListHash, 'remove', nothing);

/** Members with whole views stay in a group that has outgrown those. */
export const stayOutgrown = (): Remove => replace(Outgrown, 'leave', nothing);
