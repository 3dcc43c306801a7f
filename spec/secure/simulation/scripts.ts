/** Short stories in which a bug makes a difference that chance hardly meets. */
import { KIND_SEAL } from '../../../lib/secure/core/limits.js';
import type { Agreement } from '../../../lib/secure/core/agreement.js';
import type { SecureMachine } from '../../../lib/secure/core/machine.js';
import { kindOf } from '../../../lib/secure/core/messages.js';
import type { SecureFrame } from '../../../lib/secure/core/port.js';
import { FlushedGroup } from '../flushed-group.js';
import { field } from './plant.js';

/** What a bug is planted in. */
export interface Target {
  readonly id: string;
  readonly machine: SecureMachine;
}

/** @returns what is wrong; null when all is as it should be */
export type Script = (plant: (member: Target) => void) => string | null;

const ANN = '#ann#d1';
const BOB = '#bob#d1';
const CYD = '#cyd#d2';
const ALL = [ANN, BOB, CYD];

function planted(plant: (member: Target) => void): FlushedGroup {
  const group = new FlushedGroup(ALL);
  for (const { name, machine } of group.members.values()) plant({ id: name, machine });
  group.install(ALL);
  return group;
}

const sealAt = (group: FlushedGroup): number =>
  group.frames.findIndex(({ body }, at) => kindOf(body) === KIND_SEAL && at >= group.member(ANN).at);

/** Runs one member until its SEAL is on the way. */
function untilSealed(group: FlushedGroup, name: string): number {
  while (sealAt(group) < 0) if (!group.step(name)) throw new Error('no SEAL comes');
  return sealAt(group);
}

const expected = (group: FlushedGroup, ...states: readonly string[]): string | null =>
  group.states.join() === states.join() ? null : group.states.join();

/** The sealer gives bob a wrong box. */
const wrongBox: Script = (plant) => {
  const group = planted(plant);
  const at = untilSealed(group, ANN);
  group.frames[at] = group.resealed(group.frames[at] as SecureFrame, (seal) => ({
    ...seal,
    boxes: seal.boxes.map((each) => (each.index === 1 ? { ...each, box: new Uint8Array(48) } : each)),
  }));
  group.run();
  return expected(group, 'ann secure', 'bob dead', 'cyd secure');
};

/** The sealer of a rekey leaves cyd out. */
const partialRekey: Script = (plant) => {
  const group = planted(plant);
  group.run();
  const ann = group.member(ANN);
  ann.machine.rekey();
  while (ann.machine.state !== 'rekeying') if (!group.step(ANN)) return 'no rekey begins';
  const { agreement } = field(ann.machine, 'keying') as { readonly agreement: Agreement };
  for (const name of [BOB, CYD]) group.run(name);
  while (sealAt(group) < 0) if (!group.step(ANN)) return 'no SEAL comes';
  const at = sealAt(group);
  const body = agreement.seal([ANN, BOB], ann.clock());
  group.frames[at] = { ...(group.frames[at] as SecureFrame), body };
  group.run();
  return expected(group, 'ann rekeying', 'bob rekeying', 'cyd rekeying');
};

/** A message of the old epoch is withheld until its sender has sent under the new key. */
const closedEpoch: Script = (plant) => {
  const group = planted(plant);
  group.run();
  group.member(CYD).send('late');
  const [late] = group.frames.splice(-1);
  group.member(ANN).machine.rekey();
  group.run();
  if (!late || group.member(ANN).machine.epoch !== 1) return 'no rekey came';
  group.frames.push(late);
  group.run();
  return group.member(ANN).texts.join() || null;
};

export const scripts = { wrongBox, partialRekey, closedEpoch } as const;
