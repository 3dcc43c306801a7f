/** Makes a plan of a seed: the world, the workload and the faults. It generates and looks at nothing that happens. */
import { Random } from '../support/random.js';
import type { CpgOptions } from './cpg/options.js';
import { faultsOf } from './faults.js';
import type { IdealOptions } from '../../daemon/testing/network/options.js';
import type { ClientPlan, Kind, Plan } from './plan.js';
import { type Profile, profileNames, profiles } from './profiles.js';
import { workloadOf } from './workload.js';

export interface Choice {
  readonly kind?: Kind;
  /** Name of a profile; without one the seed chooses. */
  readonly profile?: string;
  /** Numbers of the profile changed, for planted bugs. */
  readonly change?: Partial<Profile>;
  /** The same for what connects the daemons. */
  readonly ideal?: Partial<IdealOptions>;
  readonly cpg?: Partial<CpgOptions>;
}

const MOST_DAEMONS = 7;
const LEAST_DAEMONS = 3;

export function generate(seed: number, choice: Choice = {}): Plan {
  const random = new Random(seed);
  const kind = choice.kind ?? (seed % 2 === 0 ? 'ideal' : 'cpg');
  const name = choice.profile ?? random.pick(profileNames(kind));
  const profile: Profile = { ...(profiles[name] as Profile), ...choice.change };
  const daemons = profile.daemons ?? LEAST_DAEMONS + random.below(MOST_DAEMONS - LEAST_DAEMONS + 1);
  const clients = clientsOf(random, daemons, profile);
  const start = 400;
  const end = start + Math.round(profile.duration * (0.5 + random.next()));
  const detection = 60 + random.below(profile.detection);
  const steps = [
    ...workloadOf(random, clients, profile, start, end),
    ...faultsOf(random, kind, daemons, profile, detection, start, end),
  ];
  const small = random.chance(0.5);
  return {
    seed,
    kind,
    profile: name,
    daemons,
    clients,
    limits: profile.slow > 0 ? { maxSessionMessages: 20 + random.below(80), maxSessionBytes: 64 * 1024 } : {},
    socketBytes: profile.slow > 0 ? 512 + random.below(8192) : 64 * 1024,
    ideal: {
      detection,
      merge: 20 + random.below(100),
      delay: 0.5 + random.next() * 10,
      split: random.chance(0.3) ? 0.3 : 0,
      highWater: profile.highWater,
      ...choice.ideal,
    },
    cpg: {
      detection,
      merge: 20 + random.below(100),
      forming: 1 + random.below(40),
      delay: 0.2 + random.next() * 5,
      dispatch: 0.1 + random.next() * 4,
      batch: random.pick([1, 3, 20, 200]),
      queue: 4 + random.below(60),
      window: 1 + random.below(8),
      throwAway: random.pick([0, 0.2, 0.7, 1]),
      interrupted: random.pick([0, 0.3, 0.6]),
      silentReturn: random.pick([0, 0.3, 1]),
      opinions: random.pick([0, 0.2]),
      oneSided: random.pick([0, 0.5, 1]),
      ghost: random.pick([0, 0, 0.3]),
      ringLost: random.pick([0, 0.5]),
      ...choice.cpg,
    },
    views: {
      highWater: profile.highWater,
      fragmentBytes: random.pick([200, 1000, 65_536]),
      inFlightBytes: small
        ? { total: 4000, least: 500, most: 2000 }
        : { total: 786_432, least: 65_536, most: 262_144 },
      maxUnstableBytes: small ? 20_000 : 8 << 20,
      ackBytes: small ? 2000 : 65_536,
      silenceTimeout: 1500,
      stateTimeout: 600,
      newcomerTimeout: 300,
      heartbeat: 150,
      apart: { least: 300, most: 2000 },
    },
    slice: random.chance(0.5) ? 1 + random.below(profile.tables > 0 ? 60 : 12) : null,
    steps: steps.toSorted((a, b) => a.at - b.at),
    end,
  };
}

function clientsOf(random: Random, daemons: number, profile: Profile): ClientPlan[] {
  const count = profile.clients ?? (random.chance(0.1) ? 25 + random.below(36) : 10 + random.below(15));
  return Array.from({ length: count }, (_, i): ClientPlan => {
    const isSlow = random.chance(profile.slow);
    return {
      // Names come twice, at different daemons.
      name: `c${Math.floor(i / 2)}`,
      daemon: i % 2 === 0 ? random.below(daemons) : (i * 7 + 3) % daemons,
      membership: !random.chance(0.1),
      latency: random.next() * 3,
      chunk: isSlow ? 100 + random.below(1000) : 65_536,
      pause: isSlow ? random.next() * 50 : 0,
    };
  }).filter(
    // A name belongs to one client of a daemon.
    (client, i, all) =>
      all.findIndex((each) => each.name === client.name && each.daemon === client.daemon) === i,
  );
}
