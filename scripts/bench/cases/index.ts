/** The table of cases. */
import {
  AGREED_MESS,
  CAUSAL_MESS,
  FIFO_MESS,
  RELIABLE_MESS,
  SAFE_MESS,
  UNRELIABLE_MESS,
} from '../../../lib/wire/service.js';
import type { Case } from '../case.js';
import { clusterCase, windowCase } from './cluster.js';
import { drainedDaemonCase } from './drained-daemon.js';
import { killedDaemonCase } from './killed-daemon.js';
import { guessersCase, stampedeCase, stormCase } from './crowds.js';
import { flowCase } from './flow.js';
import { growthCases } from './growth.js';
import { itselfCase } from './itself.js';
import { latencyCase } from './latency.js';
import { churnCase, fillingCase } from './membership.js';
import { peerCases } from './peers.js';
import { resumableCase } from './resumable.js';
import { idleCase, silentCase, smallTalkCase, stoppedReadersCase } from './sessions.js';
import { helpCase, importCase, startCase } from './start.js';
import { manyDaemonsCase, testingKitCase } from './testing-kit.js';
import { exchangeCase, largeGroupCase, lossCase, nameFloodCase } from './tables.js';
import { webCase } from './web.js';

const SIZES = [10, 100, 1_000, 10_000, 100_000];

const services = {
  unreliable: UNRELIABLE_MESS,
  reliable: RELIABLE_MESS,
  fifo: FIFO_MESS,
  causal: CAUSAL_MESS,
  agreed: AGREED_MESS,
  safe: SAFE_MESS,
};

/** The daemon treats safe messages differently; between the others a quick bench shows no difference. */
function serviceCase(name: string, service: number): Case {
  const each = flowCase(`service ${name}`, { service });
  return service === AGREED_MESS || service === SAFE_MESS ? each : long(each);
}

/** At both ends the library; one size shows quickly what it costs. */
function libraryCase(size: number): Case {
  const each = flowCase(`one-to-one ${size} B library`, { size, library: true });
  return size === 100 ? each : long(each);
}

const long = (each: Case): Case => ({ ...each, isLong: true });

/** A group that all receivers are in. */
const fanOut = (receivers: number) => ({ receivers, fanOut: receivers });

export const cases: readonly Case[] = [
  ...SIZES.map((size) => flowCase(`one-to-one ${size} B`, { size })),
  ...SIZES.map(libraryCase),
  resumableCase(100),
  itselfCase('itself 100 B', false),
  itselfCase('itself 100 B library', true),
  ...[10, 100, 1_000].map((receivers) => flowCase(`fan-out ${receivers}`, fanOut(receivers))),
  flowCase('groups 100 of 10', { senders: 10, receivers: 1_000, groups: 100, fanOut: 10 }),
  flowCase('groups 100000 of 1', { senders: 10, receivers: 10, groups: 100_000, perReceiver: 10_000 }),
  ...Object.entries(services).map(([name, service]) => serviceCase(name, service)),
  churnCase('membership 1', 0),
  churnCase('membership 100', 99),
  churnCase('membership 1000', 999),
  churnCase('membership 1000 compact storm', 999, { isCompact: true, window: 1_000 }),
  churnCase('membership 1000 compact one', 999, { isCompact: true, window: 1 }),
  long(fillingCase('filling 1000', 1_000, 1_000)),
  long(fillingCase('filling 1000 compact', 1_000, 1_000, { isCompact: true })),
  long(largeGroupCase('group of 100000 on 4 daemons', { quick: 10_000, full: 100_000 })),
  long(fillingCase('filling 1000 10 listen', 1_000, 10)),
  clusterCase('cluster agreed 100 B', AGREED_MESS, 100, 0),
  long(clusterCase('cluster agreed 1000 B', AGREED_MESS, 1_000, 0)),
  ...[10_000, 100_000].map((size) => long(clusterCase(`cluster agreed ${size} B`, AGREED_MESS, size, 0))),
  clusterCase('cluster safe 100 B', SAFE_MESS, 100, 0),
  long(clusterCase('cluster safe 1000 B', SAFE_MESS, 1_000, 0)),
  long(clusterCase('cluster agreed 100 B 200/s', AGREED_MESS, 100, 200)),
  long(clusterCase('cluster safe 100 B 200/s', SAFE_MESS, 100, 200)),
  ...[100, 10_000, 100_000].map((size) => long(windowCase(`cluster window ${size} B`, size, 200))),
  killedDaemonCase('killed daemon, 100 clients', 100),
  long(killedDaemonCase('killed daemon, 1000 clients', 1_000)),
  drainedDaemonCase('drained daemon, 100 clients 200/s', 100, 200),
  long(drainedDaemonCase('drained daemon, 1000 clients 2000/s', 1_000, 2_000)),
  latencyCase('latency quiet', 0),
  long(latencyCase('latency 1000/s', 1_000)),
  latencyCase('latency 10000/s', 10_000),
  flowCase('old-clients 100 B', { style: 'pieces' }),
  idleCase('idle sessions', { quick: 500, full: 10_000 }),
  long(
    smallTalkCase('10000 sessions 1/s in pairs', {
      groups: { quick: 250, full: 5_000 },
      members: 2,
      rate: 10_000,
    }),
  ),
  smallTalkCase('groups 100 of 100 singly', { groups: { quick: 10, full: 100 }, members: 100, rate: 200 }),
  stoppedReadersCase('stopped readers', 100),
  long(silentCase('silent connections', 500)),
  stampedeCase('connects at once', { quick: 500, full: 6_000 }),
  guessersCase('password guessers', 300),
  stormCase('join storm', { quick: 50, full: 400 }),
  nameFloodCase('hash flood', { quick: 500, full: 10_000 }),
  exchangeCase('death of a daemon, 300000 memberships', { quick: 3_000, full: 300_000 }),
  long(
    lossCase('exchange after a loss, 100000 members', {
      daemons: 10,
      isResumable: true,
      outside: 100_000,
      quick: 1_000,
      full: 100_000,
    }),
  ),
  webCase('web 1000 browsers', {
    browsers: { quick: 100, full: 1_000 },
    groupSize: { quick: 50, full: 100 },
    rate: 100,
  }),
  long(
    webCase('web 5000 browsers', {
      browsers: { quick: 500, full: 5_000 },
      groupSize: { quick: 50, full: 100 },
      rate: 100,
    }),
  ),
  webCase('web chat of 1000', {
    browsers: { quick: 100, full: 1_000 },
    groupSize: { quick: 100, full: 1_000 },
    rate: 10,
  }),
  startCase('start sspd'),
  importCase('start import'),
  helpCase('start ssp --help'),
  testingKitCase('testing-kit partition of five', {}),
  testingKitCase('testing-kit partition of five, virtual', { time: 'virtual' }),
  manyDaemonsCase('testing-kit 50 daemons 1000 clients', {}),
  manyDaemonsCase('testing-kit 50 daemons 1000 clients, virtual', { time: 'virtual' }),
  ...peerCases,
  ...growthCases,
];
