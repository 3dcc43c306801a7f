/** What a member makes of the frames in the vectors, and whether all vectors hold for it. */
import { Buffer } from 'node:buffer';
import type { Mode } from '../../lib/secure/core/context.js';
import { readDataHeader } from '../../lib/secure/core/data.js';
import type { EpochKeys } from '../../lib/secure/core/epoch-keys.js';
import { MAX_CLOCK_SKEW_S } from '../../lib/secure/core/limits.js';
import { type Frame, isAgreedFrame, readSeal, readShare } from '../../lib/secure/core/messages.js';
import { agreementOf, frameOfData, keysOf, type VectorPlant, withShares } from './vector-members.js';
import { bytesOf, hexOf, type NegativeFrame, type VectorData, type VectorEpoch, vectors } from './vectors.js';

const { group, members } = vectors;
/** The receiver of all negative frames. */
const CYD = '#cyd#d2';
const AGREED = 16;
const SUBGROUP = 0x40000000;

const partOf = ({ mode, epoch }: NegativeFrame): VectorEpoch => {
  if (mode === 'member') return vectors.memberMode;
  return epoch === 1 ? vectors.epoch1 : vectors.groupMode;
};

const frameOf = ({ sender, service, groups, hex }: NegativeFrame): Frame => ({
  sender,
  service,
  groups,
  body: bytesOf(hex),
});

const judges = { SHARE: judgeShare, SEAL: judgeSeal, DATA: judgeData };

/** The word of the vectors for what becomes of a frame. */
export const judge = (negative: NegativeFrame, plant: VectorPlant = {}): string =>
  judges[negative.kind](negative, plant);

function judgeShare(negative: NegativeFrame, plant: VectorPlant): string {
  const frame = frameOf(negative);
  const share = readShare(frame.body, negative.mode);
  if (!share || !isAgreedFrame(frame, group)) return 'malformed';
  const agreement = withShares(negative.mode, partOf(negative), CYD, { without: negative.sender, plant });
  return agreement.take(frame.sender, share) === null ? 'good' : 'bad';
}

function judgeSeal(negative: NegativeFrame, plant: VectorPlant): string {
  const frame = frameOf(negative);
  const seal = readSeal(frame.body, members.length);
  if (!seal || !isAgreedFrame(frame, group)) return 'malformed';
  const part = partOf(negative);
  const agreement = withShares(negative.mode, part, CYD, { plant });
  if (agreement.test(frame.sender, seal).kind !== 'passes') return 'refused-by-open-test';
  const clock = negative.clock ?? part.seal.now;
  if (Math.abs(clock - Number(seal.now)) > MAX_CLOCK_SKEW_S) return 'clock';
  return agreement.open(frame.sender, seal) ? 'secure' : 'box';
}

function judgeData(negative: NegativeFrame, plant: VectorPlant): string {
  const part = partOf(negative);
  const keys = keysOf(negative.mode, part, CYD, plant);
  for (const counter of negative.after ?? []) {
    const data = part.data.find((each) => each.sender === negative.sender && each.counter === counter);
    if (data) opened(keys, frameOfData(data), negative.mode, plant);
  }
  return opened(keys, frameOf(negative), negative.mode, plant);
}

function opened(keys: EpochKeys, frame: Frame, mode: Mode, plant: VectorPlant): string {
  const header = readDataHeader(frame, group, plant.modeOf?.(frame.body) ?? mode);
  if (!header) return 'malformed';
  const result = keys.open(frame, header);
  return result.kind === 'fault' ? result.reason : `message, gap ${result.gap}`;
}

type Check = readonly [what: string, make: () => string, expected: string];

/** The first of the vectors of which a member with this bug makes something else; null when there is none. */
export function vectorFault(plant: VectorPlant): string | null {
  for (const [what, make, expected] of checks(plant)) {
    try {
      if (make() !== expected) return what;
    } catch (error) {
      return `${what}: ${String(error)}`;
    }
  }
  return null;
}

/** Those that are quick come first. */
function* checks(plant: VectorPlant): Generator<Check> {
  const { frames } = vectors.negative;
  for (const [mode, part] of [
    ['group', vectors.groupMode],
    ['group', vectors.epoch1],
    ['member', vectors.memberMode],
  ] as const) {
    for (const { sender, hex } of part.shares)
      yield [
        `SHARE of ${sender}`,
        () => hexOf(agreementOf(mode, part, sender, undefined, plant).ownShare),
        hex,
      ];
    const { sealer, insiders, now, hex, id } = part.seal;
    yield ['SEAL', () => hexOf(withShares(mode, part, sealer, { plant }).seal(insiders, now)), hex];
    yield ['id', () => hexOf(keysOf(mode, part, CYD, plant).id), id];
    for (const data of part.data) yield* dataChecks(mode, part, data, plant);
  }
  for (const kind of ['SEAL', 'DATA', 'SHARE'])
    for (const frame of frames)
      if (frame.kind === kind) yield [`${kind}: ${frame.what}`, () => judge(frame, plant), frame.expect];
}

/** A message is made as in the vectors, and it is handed out also after a damaged copy of it. */
function* dataChecks(mode: Mode, part: VectorEpoch, data: VectorData, plant: VectorPlant): Generator<Check> {
  yield [`DATA: ${data.what}`, () => hexOf(sealed(mode, part, data, plant)), data.hex];
  const frame = frameOfData(data);
  const body = Buffer.from(frame.body);
  body[body.length - 1] = (body.at(-1) as number) ^ 1;
  const both = (): string => {
    const keys = keysOf(mode, part, CYD, plant);
    return `${opened(keys, { ...frame, body }, mode, plant)}; ${opened(keys, frame, mode, plant)}`;
  };
  const gap = data.stream === 0 ? data.counter : 0;
  yield [`DATA after a damaged copy: ${data.what}`, both, `decrypt-failed; message, gap ${gap}`];
}

/** Keys of the sender make the message, after as many others as its counter says. */
export function sealed(mode: Mode, part: VectorEpoch, data: VectorData, plant: VectorPlant = {}): Uint8Array {
  const { sender, service, receivers, stream, counter, control, type, body } = data;
  const keys = keysOf(mode, part, sender, plant);
  const filler = {
    service: stream === 0 ? AGREED : AGREED | SUBGROUP,
    groups: [group],
    isControl: false,
    type: 0,
  };
  for (let i = 0; i < counter; i++) keys.seal({ ...filler, body: Buffer.alloc(0) });
  return keys.seal({ service, groups: receivers, isControl: control, type, body: bytesOf(body) });
}
