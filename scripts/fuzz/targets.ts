/** What takes bytes or text from outside, each with a property that must hold whatever comes. One table for all rigs. */
import { Buffer } from 'node:buffer';
import * as fc from 'fast-check';
import { ConfigurationError, parseConfiguration } from '../../daemon/config/index.js';
import { optionNames } from '../../daemon/config/options.js';
import { FrameFault } from '../../lib/wire/fault.js';
import { readMembershipBody, readSspBody, readVsSet } from '../../lib/wire/membership.js';
import { bytes, damaged, fractions, frames, positions, stream } from '../../spec/wire/arbitraries.js';
import {
  clientFrames,
  clientHears,
  cutAt,
  daemonFrames,
  daemonHears,
  type Heard,
} from '../../spec/wire/handshake-pair.js';
import { extensionProperties } from './extension.js';
import { flushProperties } from './flush.js';
import { returnSequences } from './returns.js';
import { secureProperties } from './secure.js';
import { sessionSequences } from './sessions.js';
import { typedProperties } from './typed.js';
import { webProperties } from './web.js';

type Property = fc.IProperty<[...unknown[]]> | fc.IAsyncProperty<[...unknown[]]>;

export interface Target {
  readonly property: Property;
  /** In the tests, and in the long rig. */
  readonly smoke: number;
  readonly long: number;
}

/** Random bytes, recordings, and recordings with some bytes changed, added or missing. */
const recorded = (original: fc.Arbitrary<Buffer>): fc.Arbitrary<Buffer> =>
  fc.oneof(
    { weight: 1, arbitrary: bytes(400) },
    { weight: 1, arbitrary: original },
    { weight: 6, arbitrary: damaged(original) },
  );

/** Throws what is not a `Class`: the only error that bad input may end with. */
function only(Class: new (...args: never[]) => Error, act: () => void): void {
  try {
    act();
  } catch (error) {
    if (!(error instanceof Class)) throw error;
  }
}

/** The two must be the same text. */
function same(what: string, a: unknown, b: unknown): void {
  const [first, second] = [JSON.stringify(a), JSON.stringify(b)];
  if (first !== second) throw new Error(`${what}: ${first} is not ${second}`);
}

const heard = (side: ReturnType<typeof clientFrames>, pieces: readonly Buffer[]): unknown => {
  for (const piece of pieces) side.push(piece);
  return [side.list, side.fault];
};

const policy = {
  allowed: ['NULL', 'PWORD'],
  required: [],
  reserve: ({ name }: { name: string }) => `#${name}#dmn1`,
  passes: () => true,
};
const client = { name: 'alice', membership: true, priority: 0 };

const words = [
  ...optionNames,
  'Spread_Segment',
  '225.0.1.1:4803',
  'a',
  '10.0.0.1',
  '{',
  '}',
  '=',
  ';',
  '"',
  '\n',
  '5',
];

export const targets: Readonly<Record<string, Target>> = {
  'frames to the daemon': {
    property: fc.property(recorded(frames('c2d')), fractions, (whole, cuts) => {
      const pieces = cutAt(whole, positions(whole.length, cuts));
      same('at any cut', heard(daemonFrames('#bob#dmn1'), [whole]), heard(daemonFrames('#bob#dmn1'), pieces));
    }) as Property,
    smoke: 2_000,
    long: 300_000,
  },
  'frames to a client': {
    property: fc.property(recorded(frames('d2c')), fractions, (whole, cuts) => {
      const pieces = cutAt(whole, positions(whole.length, cuts));
      same('at any cut', heard(clientFrames(), [whole]), heard(clientFrames(), pieces));
    }) as Property,
    smoke: 2_000,
    long: 300_000,
  },
  'handshake at the daemon': {
    property: fc.property(recorded(stream('c2d')), fractions, (whole, cuts) => {
      const pieces = cutAt(whole, positions(whole.length, cuts));
      same('at any cut', daemonHears(policy, [whole]), daemonHears(policy, pieces));
    }) as Property,
    smoke: 2_000,
    long: 300_000,
  },
  'handshake at a client': {
    property: fc.property(recorded(stream('d2c')), fractions, (whole, cuts) => {
      const pieces = cutAt(whole, positions(whole.length, cuts));
      // What it still wrote before a refusal in the same bytes is nobody's concern.
      const heardOf = ({ outcome, frames: list, fault }: Heard) => [outcome, list, fault];
      same('at any cut', heardOf(clientHears(client, [whole])), heardOf(clientHears(client, pieces)));
    }) as Property,
    smoke: 2_000,
    long: 300_000,
  },
  'membership bodies': {
    property: fc.property(recorded(frames('d2c')), fc.nat(200), fc.boolean(), (whole, from, little) => {
      const body = whole.subarray(Math.min(from, whole.length));
      only(FrameFault, () => {
        const { sets } = readMembershipBody(body, 0, body.length, little);
        for (const set of sets) readVsSet(body, 0, set);
      });
      only(FrameFault, () => void readSspBody(body));
    }) as Property,
    smoke: 2_000,
    long: 500_000,
  },
  configuration: {
    property: fc.property(
      fc.oneof(
        fc.string({ maxLength: 200 }),
        fc.array(fc.constantFrom(...words), { maxLength: 40 }).map((list) => list.join(' ')),
      ),
      (text) => only(ConfigurationError, () => void parseConfiguration(text, 'fuzz')),
    ) as Property,
    smoke: 2_000,
    long: 200_000,
  },
  sessions: { property: sessionSequences as Property, smoke: 5_000, long: 500_000 },
  'returning clients': { property: returnSequences, smoke: 200, long: 500_000 },
  ...Object.fromEntries(
    Object.entries(extensionProperties).map(([name, property]) => [
      name,
      { property, smoke: 1_000, long: 1_000_000 },
    ]),
  ),
  ...Object.fromEntries(
    Object.entries(webProperties).map(([name, property]) => [name, { property, smoke: 300, long: 200_000 }]),
  ),
  ...Object.fromEntries(
    Object.entries(typedProperties).map(([name, property]) => [
      name,
      { property, smoke: 300, long: 200_000 },
    ]),
  ),
  ...Object.fromEntries(
    Object.entries(flushProperties).map(([name, property]) => [
      name,
      { property, smoke: 2_000, long: 1_250_000 },
    ]),
  ),
  ...Object.fromEntries(
    Object.entries(secureProperties).map(([name, property]) => [
      name,
      { property, smoke: 200, long: 1_250_000 },
    ]),
  ),
};
