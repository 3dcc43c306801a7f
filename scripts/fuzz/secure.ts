/**
 * What a secure group reads from the network: SHARE, SEAL and DATA, whole and damaged, of members and others, before and
 * after the key. Nothing of them may throw; a damaged one is never good, never decides and is never handed out.
 */
import { Buffer } from 'node:buffer';
import * as fc from 'fast-check';
import type { Agreement } from '../../lib/secure/core/agreement.js';
import { readDataHeader } from '../../lib/secure/core/data.js';
import type { EpochKeys } from '../../lib/secure/core/epoch-keys.js';
import { readSeal, readShare } from '../../lib/secure/core/messages.js';
import { FlushedGroup } from '../../spec/secure/flushed-group.js';
import { frameOfData, keysOf, withShares } from '../../spec/secure/vector-members.js';
import { bytesOf, vectors } from '../../spec/secure/vectors.js';
import { bytes, damaged } from '../../spec/wire/arbitraries.js';

const CYD = '#cyd#d2';
const BOB = '#bob#d1';
const { group, members } = vectors;
const parts = { group: vectors.groupMode, member: vectors.memberMode } as const;
const modes = fc.constantFrom('group' as const, 'member' as const);

/** Random bytes, and those of a vector with some changed, added or missing. */
const like = (hexes: readonly string[]): fc.Arbitrary<Buffer> => {
  const original = fc.constantFrom(...hexes).map(bytesOf);
  return fc.oneof(
    { weight: 1, arbitrary: bytes(400) },
    { weight: 1, arbitrary: original },
    { weight: 8, arbitrary: damaged(original) },
  );
};

const all = [parts.group, parts.member];
const shares = like(all.flatMap((part) => part.shares.map(({ hex }) => hex)));
const seals = like(all.map(({ seal }) => seal.hex));
const datas = like(all.flatMap(({ data }) => data.map(({ hex }) => hex)));

const hexOf = (body: Uint8Array): string => Buffer.from(body).toString('hex');

function must(isTrue: boolean, what: string): void {
  if (!isTrue) throw new Error(what);
}

/** Made once: nothing that is refused changes them. */
const waiting: Record<string, Agreement> = {};
const decided: Record<string, Agreement> = {};
const opening: Record<string, EpochKeys> = {};

const share = fc.property(shares, modes, (body, mode) => {
  const read = readShare(body, mode);
  if (!read) return;
  const agreement = (waiting[mode] ??= withShares(mode, parts[mode], CYD, { without: BOB }));
  const isRight = parts[mode].shares.some(({ sender, hex }) => sender === BOB && hex === hexOf(body));
  if (isRight) return;
  must(agreement.take(BOB, read) !== null, 'a damaged SHARE is good');
});

const seal = fc.property(seals, modes, (body, mode) => {
  const read = readSeal(body, members.length);
  if (!read) return;
  const agreement = (decided[mode] ??= withShares(mode, parts[mode], CYD));
  const isRight = parts[mode].seal.hex === hexOf(body);
  must(
    (agreement.test(parts[mode].seal.sealer, read).kind === 'passes') === isRight,
    'a damaged SEAL decides',
  );
  if (isRight) must(agreement.open(parts[mode].seal.sealer, read) !== null, 'a SEAL does not open');
});

const data = fc.property(datas, modes, fc.nat(20), (body, mode, which) => {
  const list = parts[mode].data;
  const original = list[which % list.length];
  if (!original) return;
  const frame = { ...frameOfData(original), body };
  const header = readDataHeader(frame, group, mode);
  if (!header) return;
  // Another message of the same sender to the same receivers is as good.
  const isRight = list.some(
    ({ hex, sender, service, receivers }) =>
      hex === hexOf(body) &&
      sender === original.sender &&
      service === original.service &&
      receivers.join() === original.receivers.join(),
  );
  const opener = (): EpochKeys => keysOf(mode, parts[mode], CYD);
  const keys = isRight ? opener() : (opening[mode] ??= opener());
  must((keys.open(frame, header).kind === 'message') === isRight, 'a damaged message is handed out');
});

const services = fc.constantFrom(1, 4, 16, 32, 80, 0x40000010, 0x2010, -1, 0);

/** Anything in any state of the machine: it stays what it is, and throws nothing. */
const machine = fc.property(
  fc.array(fc.tuple(fc.oneof(shares, seals, datas), fc.constantFrom(BOB, CYD, '#x#d1'), services, fc.nat(3))),
  fc.constantFrom(0, 3, 30),
  (frames, steps) => {
    const world = new FlushedGroup([BOB, CYD]);
    world.install([BOB, CYD]);
    for (let i = 0; i < steps; i++) for (const name of [BOB, CYD]) world.step(name);
    for (const [body, sender, service, kind] of frames) {
      const groups = [['vault'], [CYD, 'vault'], ['vault', 'other'], []][kind] ?? [];
      world.order({ sender, service, groups, body, type: kind === 3 ? 1 : -32_765 });
    }
    world.run();
    for (const { machine: each, texts } of world.members.values()) {
      must(['keying', 'secure'].includes(each.state), `a member is ${each.state}`);
      must(texts.length === 0, 'something is handed out');
    }
  },
);

/** The rows of the table. */
export const secureProperties = {
  SHARE: share,
  SEAL: seal,
  DATA: data,
  'messages to a secure group': machine,
};
