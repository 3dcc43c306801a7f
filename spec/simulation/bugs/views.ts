/** Bugs in the view machine, over the hostile CPG. */
import { StateExchange } from '../../../daemon/core/exchange.js';
import { Watchdog } from '../../../daemon/engine/corosync/watchdog.js';
import { Apart } from '../../../daemon/engine/views/apart.js';
import { InstalledView, Stability } from '../../../daemon/engine/views/installed-view.js';
import { ViewMachine } from '../../../daemon/engine/views/machine.js';
import { FragmentAssembler } from '../../../daemon/engine/views/message.js';
import { SendBuffer } from '../../../daemon/engine/views/send-buffer.js';
import { SendWindow } from '../../../daemon/engine/views/send-window.js';
import { ViewAgreement } from '../../../daemon/engine/views/view-agreement.js';
import { History } from '../../../lib/util/hash.js';
import { type Bug, replace } from './planted.js';

const worlds = (profile: string): Bug['choice'] => ({ kind: 'cpg', profile });

interface Machine {
  installed: InstalledView | null;
  operational: boolean;
}

/** One side goes on alone after a cut, and much is safe. */
const oneSided: Bug['choice'] = {
  ...worlds('safe'),
  change: { pace: 50 },
  cpg: { oneSided: 1, delay: 10, throwAway: 0, window: 2 },
};

export const viewBugs: readonly Bug[] = [
  {
    name: "one member's acknowledgement counts for all",
    seed: 14,
    choice: oneSided,
    plant: () =>
      replace(Stability, 'acknowledge', (original) => (self, _member, count) => {
        for (const member of (self as { acks: number[] }).acks.keys()) original(self, member, count);
      }),
  },
  {
    name: 'an acknowledgement is dropped',
    choice: worlds('safe'),
    plant: () => {
      let count = 0;
      return replace(Stability, 'acknowledge', (original) => (self, member, index) => {
        if (++count % 7 !== 0) original(self, member, index);
      });
    },
  },
  {
    name: 'safe payloads are delivered before they are stable',
    choice: worlds('safe'),
    plant: () =>
      replace(InstalledView, 'put', (original) => (self, sender, payload, kind) => {
        const { safe, ...rest } = kind as { safe: boolean };
        const installed = self as { deliver: (message: object) => void };
        const before = installed.deliver.bind(installed);
        installed.deliver = (message) => before({ ...message, safe });
        original(self, sender, payload, { ...rest, safe: false });
        installed.deliver = before;
      }),
  },
  {
    name: 'what is held is released at the cut',
    choice: oneSided,
    plant: () =>
      replace(ViewMachine, 'beginViewChange', (original) => (self) => {
        (self as Machine).installed?.releaseAll();
        return original(self);
      }),
  },
  {
    name: 'what is held is dropped at the end of the view',
    choice: worlds('safe'),
    plant: () =>
      replace(InstalledView, 'releaseAll', () => (self) => {
        (self as { held: { drain(): void } }).held.drain();
      }),
  },
  {
    name: 'who came along is told by the view alone, not by what was delivered',
    choice: worlds('flapping'),
    plant: () =>
      replace(InstalledView, 'past', (original) => (self) => ({
        ...(original(self) as object),
        count: 0,
        hash: 0n,
      })),
  },
  {
    name: 'who came along is told without what was acknowledged',
    seed: 42,
    choice: {
      ...worlds('safe'),
      change: { faults: 60, lasts: [20, 200], mix: { shift: 1 }, pace: 60 },
      cpg: { interrupted: 0.6, forming: 60, oneSided: 1, window: 1, delay: 5 },
    },
    plant: () =>
      replace(History, 'add', (original) => (self, kind, sender, number) => {
        if (kind === 0) original(self, kind, sender, number);
      }),
  },
  {
    name: 'what was sent in vain is lost',
    choice: worlds('load'),
    plant: () =>
      replace(SendBuffer, 'endView', (original) => (self) => {
        (self as { unfinished: { drain(): void } }).unfinished.drain();
        return original(self);
      }),
  },
  {
    name: 'what was delivered is sent again',
    choice: worlds('load'),
    plant: () => {
      let count = 0;
      return replace(SendBuffer, 'delivered', (original) => (self) => {
        const { unfinished } = self as { unfinished: { first: unknown; putBack(items: unknown[]): void } };
        const { first } = unfinished;
        original(self);
        if (++count % 5 === 0) unfinished.putBack([first]);
      });
    },
  },
  {
    name: 'what is sent again goes out in the wrong order',
    choice: worlds('load'),
    plant: () =>
      replace(SendBuffer, 'endView', (original) => (self) => {
        const { unfinished } = self as {
          unfinished: { drain(): unknown[]; putBack(items: unknown[]): void };
        };
        unfinished.putBack(unfinished.drain().toReversed());
        return original(self);
      }),
  },
  {
    name: 'what may have been delivered before Corosync died is sent again',
    choice: { kind: 'cpg', profile: 'corosync', change: { mix: { 'corosync-kill': 1 }, pace: 30 } },
    plant: () => replace(SendBuffer, 'takeAccepted', () => () => []),
  },
  {
    name: 'a ring change without new members is no cut',
    choice: worlds('flapping'),
    plant: () =>
      replace(ViewMachine, 'hint', (original) => (self, event) => {
        const machine = self as Machine & { round: ViewAgreement };
        const { kind } = event as { kind: string };
        if (kind === 'ring' && machine.operational) machine.round.hint(event as never);
        else original(self, event);
      }),
  },
  {
    name: 'a change of the members is no cut',
    choice: worlds('crash'),
    plant: () =>
      replace(ViewMachine, 'hint', (original) => (self, event) => {
        const machine = self as Machine & { round: ViewAgreement };
        const { kind } = event as { kind: string };
        if (kind === 'confchg' && machine.operational) machine.round.hint(event as never);
        else original(self, event);
      }),
  },
  {
    name: 'an INSTALL for an earlier attempt counts',
    seed: 146,
    choice: worlds('everything'),
    plant: () =>
      replace(ViewMachine, 'install', (original) => (self, from, install) => {
        const { round, self: own } = self as { round: ViewAgreement; self: { node: number } };
        const { members } = install as { members: { node: number; attempt: number }[] };
        const changed = members.map((each) => structuredClone(each));
        for (const each of changed) if (each.node === own.node) each.attempt = round.attempt;
        return original(self, from, { ...(install as object), key: round.key, members: changed });
      }),
  },
  {
    name: 'payloads of clients go out during the exchange',
    choice: worlds('flapping'),
    plant: () =>
      replace(SendWindow, 'pump', (original) => (self, now) => {
        (self as { proceeding: boolean }).proceeding = true;
        return original(self, now);
      }),
  },
  {
    name: 'the drain is never told',
    choice: worlds('pressure'),
    plant: () => replace(SendWindow, 'hasDrained', () => () => false),
  },
  {
    name: 'a hung Corosync is not noticed',
    choice: worlds('corosync'),
    plant: () =>
      replace(Watchdog, 'answered', (original) => (self, _token, asked) => original(self, 1e9, asked, 0)),
  },
  {
    name: 'a hung Corosync is noticed when the others have replaced its daemon',
    choice: worlds('corosync'),
    plant: () =>
      replace(
        Watchdog,
        'answered',
        (original) => (self, token, asked, now) => original(self, 2 * (token as number), asked, now),
      ),
  },
  {
    name: 'a daemon that stood still delivers what waited for it',
    choice: worlds('hung'),
    plant: () => replace(Watchdog, 'stalled', () => () => 0),
  },
  {
    name: 'the first fragment passes for the whole',
    choice: { kind: 'cpg', profile: 'load' },
    plant: () =>
      replace(FragmentAssembler, 'add', () => (self, sender, fragment, more) => {
        const { parts } = self as { parts: unknown[][] };
        const own = parts[sender as number] as unknown[];
        own.push(fragment);
        if (more === true) return null;
        parts[sender as number] = [];
        return own[0];
      }),
  },
  {
    name: 'a daemon of another version is let into the view, and its reports stall it',
    choice: worlds('mixed'),
    plant: () => {
      const lets = replace(ViewMachine, 'dispatch', (original) => (self, event, _version, type, flags) => {
        const { version } = self as { version: number };
        return original(self, event, version, type, flags);
      });
      const stalls = replace(StateExchange, 'isToSpeak', () => () => false);
      return () => {
        lets();
        stalls();
      };
    },
  },
  {
    name: 'a daemon that was excluded for its report comes back at once',
    choice: worlds('mixed'),
    plant: () => replace(Apart, 'timeOf', () => () => 1),
  },
  {
    name: 'a daemon that says nothing in an exchange is waited for without end',
    choice: worlds('mute'),
    plant: () => replace(ViewMachine, 'watchExchange', () => (): void => undefined),
  },
  {
    name: 'a daemon that was excluded takes what the others say for its own',
    choice: worlds('mixed'),
    plant: () => {
      const all = replace(ViewAgreement, 'ignores', () => () => false);
      const states = replace(ViewAgreement, 'ignoresState', () => () => false);
      return () => {
        all();
        states();
      };
    },
  },
  {
    name: 'what had waited when Corosync stopped passes for a sign of life',
    choice: {
      kind: 'cpg',
      profile: 'corosync',
      // A process that sleeps while its Corosync fills the shared memory, and reads it slowly when that has stopped.
      change: {
        daemons: 3,
        pace: 60,
        faults: 80,
        lasts: [100, 600],
        mix: { freeze: 1, 'corosync-freeze': 1 },
      },
      cpg: { dispatch: 10, batch: 1, detection: 150 },
    },
    plant: () => replace(Watchdog, 'alive', (original) => (self, _since, now) => original(self, now, now)),
  },
];
