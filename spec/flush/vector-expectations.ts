/** What is expected where a vector of the C flush library is played to ours. */
import type { DropReason } from '../../lib/flush/core/port.js';
import type { Received } from './vector-player.js';

/** Outputs that every message has; the vector has them in other words, too. */
const outputs = [
  'ret',
  'service',
  'sender',
  'groups',
  'mess_type',
  'endian_mismatch',
  'more',
  'body_hex',
] as const satisfies readonly (keyof Received)[];

/** The outputs of a recorded message. */
export const outputsOf = (received: Received): Partial<Received> =>
  Object.fromEntries(outputs.filter((key) => received[key] !== undefined).map((key) => [key, received[key]]));

const alone = 'view 1 of #a#d1 #me#d1';
const three = 'view 1 of #a#d1 #b#d1 #me#d1';
const four = 'view 1 of #a#d1 #b#d1 #c#d2 #me#d1';
const alive = 'data of #a#d1: alive?';

/** Where ours differs: all that it hands out and what it counts as dropped. */
export const different: Readonly<
  Record<string, readonly [got: readonly string[], drops?: readonly DropReason[]]>
> = {
  partition: [
    [
      four,
      'data of #c#d2: before',
      'transition',
      'data of #c#d2: in transition',
      'flush-request',
      'view 2 of #a#d1 #me#d1',
    ],
    ['stranger'],
  ],
  merge: [[alone, 'transition', 'flush-request', 'view 2 of #a#d1 #b#d1 #c#d2 #me#d1']],
  'merge-both': [[three, 'transition', 'flush-request', 'view 2 of #a#d1 #c#d2 #me#d1']],
  'lost-transition': [
    [
      three,
      'flush-request',
      'transition',
      'view 2 of #a#d1 #b#d1 #c#d2 #me#d1',
      'transition',
      'data of #a#d1: safe, sent in the new view',
      'flush-request',
    ],
  ],
  'transition-once': [[three, 'transition', 'flush-request']],
  'leave-in-agree': [[three, 'flush-request', 'transition', 'self-leave']],
  'dup-ok': [
    [three, 'flush-request'],
    ['outdated', 'outdated'],
  ],
  'foreign-ok': [
    [three, 'flush-request'],
    ['stranger', 'stranger'],
  ],
  'short-vuln-private': [[alone], ['malformed']],
  'kill-by-6-bytes': [[alone], ['malformed']],
  'short-ok': [
    [alone, alive],
    ['malformed', 'malformed'],
  ],
  'short-sub': [[alone, alive], ['malformed']],
  'vuln-abort': [[three, 'flush-request', alive], ['stranger']],
  reject: [[alone, alive]],
  'trans-unknown': [[], ['unknown-group']],
  'selfleave-unknown': [[], ['unknown-group']],
  'multi-first-unknown': [[alone, 'data of #a#d1: hello', 'data of #a#d1: hello2']],
  'no-sender-view': [[alone, 'flush-request', 'transition']],
};
