/**
 * Bugs that are planted in members, and what shows them: the vectors, worlds by chance, all interruptions, or a script
 * where chance does not come by.
 */
import { Buffer } from 'node:buffer';
import type { Agreement, OpenTest } from '../../../lib/secure/core/agreement.js';
import { label, type ViewKeys } from '../../../lib/secure/core/context.js';
import type { EpochKeys, Opened } from '../../../lib/secure/core/epoch-keys.js';
import { SECURE_TYPE } from '../../../lib/secure/core/limits.js';
import type { Frame, Seal } from '../../../lib/secure/core/messages.js';
import type { SecureFrame } from '../../../lib/secure/core/port.js';
import type { Pair } from '../../../lib/secure/core/provider.js';
import type { DataHeader } from '../../../lib/secure/core/data.js';
import type { Keying } from '../../../lib/secure/core/keying.js';
import type { VectorPlant } from '../vector-members.js';
import { type Script, scripts } from './scripts.js';
import { field, forLabel, forMessages, inAgreements, inEpochs, isMessage, patch, zeroed } from './plant.js';
import type { Bug, WorldOptions } from './world.js';

export interface PlantedBug extends Bug {
  /** Worlds that provoke it. */
  readonly worlds?: WorldOptions;
  /** A seed before one that shows it: some bugs take many worlds. */
  readonly from?: number;
  /** Where it shows first; without it, in both. */
  readonly in?: 'all' | 'half';
  /** A script in which it makes a difference. */
  readonly script?: Script;
  /** The same bug in a member of the vectors. */
  readonly vectors?: VectorPlant;
}

const honest: WorldOptions = {
  mode: 'group',
  answers: 'same',
  hostile: 'none',
  hasRekeys: false,
  daemons: 3,
  repeatsIds: false,
};
const rekeying: WorldOptions = { ...honest, hasRekeys: true };
const liars: WorldOptions = { ...honest, hostile: 'member' };
const badDaemon: WorldOptions = { ...honest, hostile: 'daemon' };

const LABELS = { context: label('context').length, aad: label('aad').length };
/** Length of the label and of a hash. */
const withoutCheck = (bytes: Buffer): Buffer => bytes.subarray(0, bytes.length - 32);

/** Keeps nothing. */
function forget(): void {}

/** In the binding of messages: label, id, sender, then the service word. */
function withoutService(aad: Uint8Array): Buffer {
  const at = LABELS.aad + 32;
  const service = at + 2 + Buffer.from(aad).readUInt16LE(at);
  return zeroed(aad, service, service + 4);
}

const copyOf = (keys: ViewKeys): ViewKeys => ({ ...keys, viewSecret: Uint8Array.from(keys.viewSecret) });

const passes = (agreement: Agreement, seal: Seal): OpenTest => {
  const { members } = (
    field(agreement, 'options') as { readonly scope: { readonly members: readonly string[] } }
  ).scope;
  return { kind: 'passes', insiders: seal.boxes.map(({ index }) => members[index] as string) };
};

/** Lets SEALs through that fail for one reason. */
const accepting =
  (...reasons: readonly string[]) =>
  (agreement: Agreement): void =>
    patch<[string, Seal], OpenTest>(agreement, 'test', (test) => (sender, seal) => {
      const result = test(sender, seal);
      return result.kind === 'fails' && reasons.includes(result.reason) ? passes(agreement, seal) : result;
    });

/** Messages and what follows from them. */
const inVectors: readonly PlantedBug[] = [
  {
    name: 'the context has no members',
    vectors: { provider: forLabel('context', (bytes, from) => bytes.subarray(0, from + 2 + 3 + 16)) },
  },
  {
    name: 'the context has no mode',
    vectors: {
      provider: forLabel('context', (bytes) => zeroed(bytes, LABELS.context + 1, LABELS.context + 2)),
    },
  },
  {
    name: 'the transcript has no shares',
    vectors: { provider: forLabel('transcript', (bytes, from) => bytes.subarray(0, from + 32)) },
  },
  { name: 'the check is not in the key of a box', vectors: { provider: forLabel('seal', withoutCheck) } },
  {
    name: 'the binding of a message has no id',
    vectors: {
      provider: forMessages((nonce, aad) => [
        nonce,
        isMessage(aad) ? zeroed(aad, LABELS.aad, LABELS.aad + 32) : aad,
      ]),
    },
  },
  {
    name: 'the binding of a message has no service',
    vectors: { provider: forMessages((nonce, aad) => [nonce, isMessage(aad) ? withoutService(aad) : aad]) },
  },
  { name: 'a SEAL of one that is no insider is accepted', vectors: { agreement: accepting('sealer') } },
  { name: 'a SEAL over other shares is accepted', vectors: { agreement: accepting('transcript') } },
  { name: 'a SEAL without its signature is accepted', vectors: { agreement: accepting('signature') } },
  {
    name: 'a SHARE of another view is accepted',
    vectors: {
      provider: (provider) => ({ ...provider, verify: () => true }),
    },
  },
  {
    name: 'the flag of a message decides whether it is signed',
    vectors: { modeOf: (body) => (((body[3] ?? 0) & 1) === 0 ? 'group' : 'member') },
  },
  {
    name: 'a counter moves before tag and signature are checked',
    vectors: {
      keys: (keys) =>
        patch<[Frame, DataHeader], Opened>(keys, 'open', (open) => (frame, header) => {
          const opened = open(frame, header);
          const from = (field(keys, 'receiving') as ReadonlyMap<string, object>).get(frame.sender);
          const count = field(keys, 'count') as (from: object, stream: number, counter: number) => number;
          if (opened.kind === 'fault' && from) count.call(keys, from, header.stream, header.counter);
          return opened;
        }),
    },
  },
];

const inWorlds: readonly PlantedBug[] = [
  {
    name: 'the key of the first view is used in all',
    worlds: honest,
    plant(member) {
      let first: ViewKeys | null = null;
      inEpochs(member, (keys) => {
        first ??= copyOf(keys);
        return { ...copyOf(first), id: keys.id };
      });
    },
  },
  {
    name: 'the counter is not in the nonce',
    worlds: honest,
    provider: forMessages((nonce, aad) => [isMessage(aad) ? Buffer.alloc(12) : nonce, aad]),
  },
  {
    name: 'both streams have one key',
    worlds: honest,
    provider: forLabel('data', (bytes, from) => zeroed(bytes, from, from + 1)),
  },
  {
    name: 'counters are not reset in a new epoch',
    worlds: rekeying,
    plant(member) {
      let last: EpochKeys | null = null;
      inEpochs(
        member,
        (keys) => keys,
        (keys) => {
          const counts = (field(keys, 'sending') as { messages: number }[])[0];
          if (last && counts && keys.epoch > 0) counts.messages = last.sent;
          last = keys;
        },
      );
    },
  },
  {
    name: 'the check of a SEAL is not compared',
    from: 5,
    worlds: liars,
    plant: (member) =>
      inAgreements(member, (agreement) =>
        patch<[string, Seal], ViewKeys | null>(agreement, 'open', (open) => (sender, seal) => {
          const { provider } = member.options;
          let derived: Uint8Array | null = null;
          const real = field(agreement, 'provider') as object;
          // The view secret that comes of the box, whatever the check says.
          Object.defineProperty(agreement, 'provider', {
            value: {
              ...real,
              hkdf: (...args: Parameters<typeof provider.hkdf>) => {
                const key = provider.hkdf(...args);
                if (label('view').equals(args[2])) derived = Uint8Array.from(key);
                return key;
              },
            },
            configurable: true,
          });
          const keys = open(sender, seal);
          if (keys || !derived) return keys;
          const id = provider.hash(Buffer.concat([label('id'), seal.transcript, seal.check]));
          return { viewSecret: derived, check: seal.check, id };
        }),
      ),
  },
  {
    name: 'a member seals twice',
    worlds: honest,
    plant: (member) =>
      inAgreements(member, (agreement) =>
        Object.defineProperty(agreement, 'hasSealed', { get: () => false, set: forget }),
      ),
  },
  {
    name: 'the last SEAL wins',
    worlds: honest,
    plant: ({ machine }) =>
      patch<[string, Seal], void>(machine, 'lateSeal', (lateSeal) => (sender, seal) => {
        const decision = field(machine, 'decision') as { readonly keying: Keying } | null;
        const { agreement } = decision?.keying ?? {};
        const test = agreement?.test(sender, seal);
        if (decision && test?.kind === 'passes' && sender !== machine.confirmed.values().next().value) {
          const decided = field(machine, 'decided') as (decision: unknown, now: number) => void;
          decided.call(
            machine,
            { keying: decision.keying, sealer: sender, seal, insiders: test.insiders },
            0,
          );
        } else lateSeal(sender, seal);
      }),
  },
  {
    name: 'a SEAL counts that came to some only',
    from: 20,
    in: 'half',
    worlds: liars,
    plant: ({ machine }) =>
      patch<[object, SecureFrame, number], void>(
        machine,
        'sealArrived',
        (sealArrived) => (view, frame, now) => {
          sealArrived(view, { ...frame, service: 16, groups: frame.groups.slice(-1) }, now);
        },
      ),
  },
  {
    name: 'the agreement continues after a transitional signal',
    from: 22,
    in: 'all',
    worlds: honest,
    plant: ({ machine }) =>
      patch<[], void>(machine, 'transition', (transition) => () => {
        const keying = field(machine, 'keying') as Keying | null;
        const phase = machine.state;
        if (keying && phase === 'keying') Object.assign(machine, { phase: 'dead' });
        transition();
        if (keying && phase === 'keying') Object.assign(machine, { phase });
      }),
  },
  {
    name: 'a rekey continues after a transitional signal',
    from: 570,
    in: 'all',
    worlds: rekeying,
    plant: ({ machine }) =>
      patch<[], void>(machine, 'transition', (transition) => () => {
        const isRekey = machine.state === 'rekeying';
        if (isRekey) Object.assign(machine, { phase: 'secure' });
        transition();
        if (isRekey) Object.assign(machine, { phase: 'rekeying' });
      }),
  },
  {
    name: 'who came along in the last flush view alone counts',
    from: 60,
    in: 'half',
    worlds: honest,
    plant: ({ machine }) => {
      const previous = field(machine, 'previous') as object;
      patch<[readonly string[], readonly string[] | null], void>(
        previous,
        'flushed',
        (flushed) => (came, insiders) => {
          flushed(came, insiders ?? came);
        },
      );
    },
  },
  {
    name: 'nobody proves the last key',
    worlds: badDaemon,
    provider: (provider) => ({
      ...provider,
      hmac: (key, bytes) =>
        label('previous').equals(bytes.subarray(0, label('previous').length))
          ? new Uint8Array(32)
          : provider.hmac(key, bytes),
    }),
  },
  {
    name: 'answers on members are kept for later views',
    from: 8,
    in: 'all',
    worlds: { ...honest, answers: 'revoking' },
    plant(member) {
      const known = new Map<string, unknown>();
      patch<[{ readonly member: string }], unknown>(member, 'authorize', (authorize) => (request) => {
        const answer = known.get(request.member) ?? authorize(request);
        known.set(request.member, answer);
        return answer;
      });
    },
  },
  {
    name: 'certificates of a SEAL are judged by the own clock',
    from: 8,
    worlds: { ...honest, answers: 'expiring' },
    plant: (member) =>
      inAgreements(member, (agreement) =>
        patch<[string, Seal], OpenTest>(
          agreement,
          'test',
          (test) => (sender, seal) => test(sender, { ...seal, now: BigInt(member.clock()) }),
        ),
      ),
  },
  {
    name: 'the ephemeral key of the view is used again in a rekey',
    worlds: rekeying,
    provider(provider) {
      let first: Pair | null = null;
      return { ...provider, ephemeral: () => (first ??= provider.ephemeral()) };
    },
  },
  {
    name: 'clear messages are handed out',
    worlds: badDaemon,
    plant: ({ machine }) =>
      patch<[SecureFrame, number], void>(machine, 'data', (data) => (frame, now) => {
        const { sender, service, groups, type, body } = frame;
        if (type === SECURE_TYPE) data(frame, now);
        else {
          const sink = field(machine, 'sink') as { deliver(event: unknown): void };
          sink.deliver({ kind: 'data', sender, service, groups, type, body: Buffer.from(body) });
        }
      }),
  },
  {
    name: 'a message that may not go out now goes out in the next view as it is',
    worlds: honest,
    plant(member) {
      patch<[number, number], unknown>(member.machine, 'sendRefusal', (refusal) => (service, bytes) => {
        const why = refusal(service, bytes);
        return why === 'flushed' ? null : why;
      });
      const late: [number, readonly string[] | null, Uint8Array][] = [];
      patch<[number, readonly string[] | null, Uint8Array], void>(
        member,
        'transmit',
        (transmit) =>
          (...message) => {
            const view = field(member.machine, 'view') as {
              readonly id: readonly [number, number, number];
            } | null;
            if (view && member.maySend(view.id))
              for (const each of [...late.splice(0), message]) transmit(...each);
            else late.push(message);
          },
      );
    },
  },
  {
    name: 'a message after a SEAL that waits is dropped',
    from: 20,
    in: 'all',
    worlds: { ...honest, answers: 'slow' },
    plant: (member) => inAgreements(member, (_, keying) => patch(keying, 'hold', () => () => undefined)),
  },
  {
    name: 'another member gets what was sent to some',
    from: 100,
    worlds: { ...badDaemon, daemons: 1 },
    plant: ({ machine, id }) =>
      patch<[SecureFrame, number], void>(machine, 'data', (data) => (frame, now) => {
        const options = field(machine, 'options') as { self: string };
        const isForOthers = frame.groups.length > 1 && !frame.groups.includes(id);
        if (isForOthers) Object.assign(machine, { options: { ...options, self: frame.groups[0] } });
        data(frame, now);
        Object.assign(machine, { options });
      }),
  },
];

const inScripts: readonly PlantedBug[] = [
  {
    name: 'a rekey may leave a member out',
    script: scripts.partialRekey,
    plant: (member) => inAgreements(member, accepting('insiders')),
  },
  {
    name: 'a box that does not open is taken for zeros',
    script: scripts.wrongBox,
    plant: (member) =>
      inAgreements(member, (agreement) =>
        patch<[string, Seal], ViewKeys | null>(agreement, 'open', (open) => (sender, seal) => {
          const keys = open(sender, seal);
          const viewSecret = new Uint8Array(32);
          return keys ?? { viewSecret, check: viewSecret, id: viewSecret };
        }),
      ),
  },
  {
    name: 'an old epoch is never closed',
    script: scripts.closedEpoch,
    plant: ({ machine }) =>
      patch<readonly unknown[], void>(machine, 'rekeyed', (rekeyed) => (...args) => {
        rekeyed(...args);
        patch(field(machine, 'epochs') as object, 'close', () => () => undefined);
      }),
  },
];

export const bugs: readonly PlantedBug[] = [...inVectors, ...inWorlds, ...inScripts];
