/** What is done to the daemons and what connects them. Every fault is mended; some only by the end of the world. */
import type { Random } from '../support/random.js';
import type { Act, Kind, Step } from './plan.js';
import type { FaultKind, Profile } from './profiles.js';

/** What is noticed when something is mended is over by then. */
const LONGEST_MERGE = 150;

export function faultsOf(
  random: Random,
  kind: Kind,
  daemons: number,
  profile: Profile,
  detection: number,
  start: number,
  end: number,
): Step[] {
  const steps: Step[] = [];
  const all = Array.from({ length: daemons }, (_, i) => i);
  const kinds = kindsOf(profile, kind);
  if (profile.faults === 0 || kinds.length === 0) return steps;
  let at = start;
  for (;;) {
    at += -Math.log(1 - random.next()) * profile.faults;
    if (at >= end) return steps;
    const [least, most] = profile.lasts;
    const mended = at + least + random.below(most - least);
    const add = (time: number, act: Act): void => void steps.push({ at: Math.round(time * 10) / 10, act });
    const daemon = random.pick(all);
    const fault = random.pick(kinds);
    switch (fault) {
      case 'cut':
        add(at, { do: 'connect-sides', sides: divide(random, all, 2) });
        add(mended, { do: 'connect-sides', sides: [all] });
        break;
      case 'three-way':
        add(at, { do: 'connect-sides', sides: divide(random, all, 3) });
        add(mended, { do: 'connect-sides', sides: [all] });
        break;
      case 'shift':
        add(at, { do: 'connect-sides', sides: divide(random, all, 1 + random.below(3)) });
        break;
      case 'blip': {
        // Mended in good time before it is noticed, and far enough from the next.
        const over = at + 1 + random.next() * detection * 0.6;
        add(at, { do: 'connect-sides', sides: divide(random, all, 2) });
        add(over, { do: 'connect-sides', sides: [all] });
        at += detection * 1.5 + LONGEST_MERGE;
        break;
      }
      case 'crash':
        add(at, { do: 'crash', daemon });
        add(mended, { do: 'start', daemon });
        break;
      case 'stop':
        add(at, { do: 'stop', daemon });
        add(mended + 1200, { do: 'start', daemon });
        break;
      case 'freeze':
        add(at, { do: 'freeze', daemon });
        add(mended, { do: 'thaw', daemon });
        break;
      case 'one-way': {
        const from = random.pick(all.filter((each) => each !== daemon));
        add(at, { do: 'deafen', daemon, from });
        add(mended, { do: 'hear', daemon, from });
        break;
      }
      case 'garbage':
      case 'cut-short':
      case 'other-version':
      case 'mute':
        add(at, { do: 'report', daemon, kind: fault });
        // There is an exchange only when something changes.
        add(at, { do: 'replace', daemon: (daemon + 1) % daemons, isOther: false });
        add(mended, { do: 'report', daemon, kind: 'good' });
        break;
      case 'unread-loss':
        // Those who stay have one past: the daemon that nobody can read can read them, and completes the exchange.
        add(at, { do: 'report', daemon, kind: 'cut-short' });
        add(at, { do: 'crash', daemon: (daemon + 1) % daemons });
        add(mended, { do: 'report', daemon, kind: 'good' });
        add(mended, { do: 'start', daemon: (daemon + 1) % daemons });
        break;
      case 'replace':
        add(at, { do: 'replace', daemon, isOther: true });
        // What lasts until the end is mended there.
        if (mended < end) add(mended, { do: 'replace', daemon, isOther: false });
        break;
      case 'corosync-kill':
        add(at, { do: 'corosync', daemon, what: 'kill' });
        add(mended, { do: 'corosync', daemon, what: 'start' });
        break;
      case 'corosync-freeze':
        add(at, { do: 'corosync', daemon, what: 'freeze' });
        add(mended, { do: 'corosync', daemon, what: 'thaw' });
        break;
      default:
    }
  }
}

/** As often as it weighs. */
const kindsOf = ({ mix }: Profile, kind: Kind): FaultKind[] =>
  (Object.entries(mix) as [FaultKind, number][])
    .filter(([name]) => kind === 'cpg' || !(name === 'one-way' || name.startsWith('corosync')))
    .flatMap(([name, weight]) => Array.from({ length: weight }, () => name));

/** The daemons in so many sides, some of which may be empty. */
function divide(random: Random, all: readonly number[], count: number): number[][] {
  const sides: number[][] = Array.from({ length: count }, () => []);
  for (const each of all) sides[random.below(count)]?.push(each);
  return sides.filter((side) => side.length > 0);
}
