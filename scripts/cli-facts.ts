/** What the reference and the manual page of `ssp` say beside the words of its commands. Markdown with code and links only. */
import { FAILED_STATUS, USAGE_STATUS } from '../lib/cli/failure.js';
import {
  LOST_STATUS,
  NOT_EXECUTABLE_STATUS,
  NOT_FOUND_STATUS,
  RUNNER_STATUS,
  TIMEOUT_STATUS,
  UNREACHED_STATUS,
} from '../lib/cli/run/exit-status.js';

/** What `--json` prints, by verb. */
export const json: Readonly<Record<string, string>> = {
  join: 'one object per event: `kind`, `time`, and the fields of the [event](../guide/receive.md); a body is `text`, or `base64` when it is not text',
  replay: 'the same as `ssp join`, with the times of the recording',
  ping: '`count`, `size`, `service`, and `min`, `median`, `p99`, `max` in microseconds (`unit`)',
  flood:
    '`messages`, `elapsedMs`, messages per second (`sentPerSecond`, `deliveredPerSecond`, `deliveriesPerSecond`), `bytesPerSecond`, `delivered` for each receiver, `ordered`',
  status: 'the page `/varz` of the [monitor](../operate/README.md)',
  top: 'the page of the monitor for the list: `/sessions`, `/groups` or `/varz`',
  groups: 'the page `/groups` of the monitor',
  members: '`group`, and `members` in their order',
  lock: 'one object per step: `kind` (`waiting`, `acquired`, then `ended` or `lost`), `time`, `group`; from `acquired` on `token`; `status` of the command, or the `reason`. What the command prints goes to standard error',
  lead: 'one object per step: `kind` (`waiting`, `leading`, then `ended` or `lost`), `time`, `group`; from `leading` on `token`; `status` of the command, or the `reason`. What the command prints goes to standard error',
  call: '`group`, `satisfied`, `outcomes` by member (`kind` is `value`, `error`, `left` or `timeout`; `value`, or `message`), and the `values` alone',
  map: '`get` and `set`: one object per key, `key` and `value`. `watch`: one object per change, `kind`, `time`, and for `set` and `deleted` `key` and `value`; `state`, the first one, has all `entries`, and comes again when all of them may be different',
  channels:
    'one object per channel: `name`, `owner`, `claimId`, `state`, its options, `metadata` (`text` or `base64`), and the ids of its `clients`',
};

/** Status and meaning. */
export const exitStatuses: readonly (readonly [status: number | string, meaning: string])[] = [
  [
    0,
    'done; for `join`, `record`, `user`, `top` and `map watch` also when a signal or a key ends them; also when the reader of the output goes away, as `head` does',
  ],
  [
    FAILED_STATUS,
    'failed: one line on standard error says why. `status` also ends so when the daemon has no daemon view, `call` when there are too few values, `map get` without the key',
  ],
  [USAGE_STATUS, 'wrong usage: an unknown verb or option, or a value that is not allowed; nothing was done'],
  [
    UNREACHED_STATUS,
    '`lock`, `lead`, `call`, `map`, `channels`: no daemon was reached, or the connection to it was lost; the other verbs end with 1',
  ],
  [
    LOST_STATUS,
    '`lock`, `lead`: the lock or the lead was lost while the command ran, and the command was ended',
  ],
  [TIMEOUT_STATUS, '`lock`, `lead`, `call`, `map`, `channels`: the time of `--timeout` was over'],
  [
    RUNNER_STATUS,
    '`lock`, `lead`: `ssp` failed before or instead of the command, for another reason than these',
  ],
  [NOT_EXECUTABLE_STATUS, '`lock`, `lead`: the command cannot be run'],
  [NOT_FOUND_STATUS, '`lock`, `lead`: the command was not found'],
  ['130, 143', 'ended by SIGINT or SIGTERM before the result was complete'],
  [
    'other',
    '`lock`, `lead`: the status of the command; 128 and the number of the signal for a command that a signal ended',
  ],
];

/** Variables and their meaning. */
export const environment: readonly (readonly [names: readonly string[], meaning: string])[] = [
  [['SSP_ADDRESS'], 'the default of `--address`'],
  [
    ['SSP_USER', 'SSP_PASSWORD'],
    'user and password, for a daemon that asks for them; there is no option, since every user of the machine sees arguments',
  ],
  [['SSP_MONITOR', 'SSP_MONITOR_TOKEN'], 'the defaults of `--monitor` and `--token`'],
  [['NO_COLOR'], 'if set, `ssp top` has no colours; it has none in a pipe either'],
  [
    ['SSP_FENCING_TOKEN', 'SSP_GROUP'],
    'set for the command of `lock` and `lead`: a number above that of every earlier holder, and the group',
  ],
];
