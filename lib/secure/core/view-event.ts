/** A secure view as it is shown: its cause is that of the flush view only where the two tell the same. */
import type { Cause, FlushedView, Outsider, SecureViewEvent } from './port.js';

interface ViewFacts {
  readonly view: FlushedView;
  readonly id: Uint8Array;
  readonly insiders: readonly string[];
  readonly outsiders: readonly Outsider[];
  readonly identities: ReadonlyMap<string, Uint8Array>;
  readonly cameWithMe: readonly string[];
  readonly previousMembers: readonly string[];
  readonly self: string;
  /** Whether the flush view before this one was the last that was shown, or this one is the first of all. */
  readonly isNext: boolean;
}

export function viewEvent(facts: ViewFacts): SecureViewEvent {
  const { view, id, insiders, outsiders, identities, cameWithMe, previousMembers, self } = facts;
  const cause = causeOf(facts);
  return {
    kind: 'view',
    gid: view.id,
    id,
    cause,
    members: insiders,
    index: insiders.indexOf(self),
    changed: cause === 'network' ? null : view.changed,
    cameWithMe,
    previousMembers,
    outsiders,
    identities,
  };
}

/** Views that follow skipped ones, have outsiders, or whose one change is not all that changed, are network views. */
function causeOf({ view, insiders, outsiders, cameWithMe, previousMembers, self, isNext }: ViewFacts): Cause {
  const { cause, changed } = view;
  if (cause === 'network' || changed === null || !isNext || outsiders.length > 0) return 'network';
  const came = new Set(cameWithMe);
  // A joiner sees the others for the first time.
  if (changed === self) return cause === 'join' && cameWithMe.length === 1 ? cause : 'network';
  const stayed = previousMembers.filter((name) => name !== changed);
  const hasAll = stayed.every((name) => came.has(name)) && !came.has(changed);
  const present = cause === 'join' ? insiders.length - 1 : insiders.length;
  const isOne = insiders.includes(changed) === (cause === 'join') && stayed.length === present;
  return hasAll && isOne ? cause : 'network';
}
