/**
 * Every recording whose daemon side is ours to play: the clients' bytes are sent in their recorded order, and each
 * client must get the recorded bytes, no more and no fewer. The fixtures' README allows for group id words 0 and 1 and
 * for made-up names. Where our daemon is to differ, the difference is written down here with its section.
 */
import { Buffer } from 'node:buffer';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { hashPassword } from '../../daemon/access/passwords.js';
import { createDaemon, type DaemonOptions } from '../../daemon/index.js';
import { encodeAccept } from '../../lib/wire/handshake/accept.js';
import { PROTOCOL_VERSION } from '../../lib/wire/handshake/connect-request.js';
import { HEADER_BYTES, NAME_BYTES } from '../../lib/wire/limits.js';
import {
  firstOf,
  isDecodedFrame,
  recordings,
  type Recording,
  streamOf,
  type Trace,
  traceOf,
  unitBytes,
} from '../support/recordings.js';
import { inDaemonOrder } from './daemon-order.js';
import { replay, stageOf } from './replay.js';

/** Recordings whose daemon side one daemon cannot play. */
const leftOut: Readonly<Record<string, string>> = {
  'network-partition-and-merge': 'several daemons: played in spec/cluster',
  'network-two-sided-partition': 'several daemons: played in spec/cluster',
  'three-daemons-order': 'several daemons: played in spec/cluster',
  'flush-network-crash': 'several daemons: played in spec/cluster',
  'flush-network-partition': 'several daemons: played in spec/cluster',
  'reject-message-experimental':
    'a rebuilt daemon with an access policy; encodeReject is checked against it elsewhere',
};

/** Settings of the recordings; files are put into the folder. */
const settings: Readonly<Record<string, (folder: string) => DaemonOptions | Promise<DaemonOptions>>> = {
  'auth-empty-list': () => ({ allowedAuthMethods: [] }),
  'reject-quota': () => ({ limits: { maxSessions: 0 } }),
  'handshake-incomplete': () => ({ limits: { handshakeTimeoutMs: 200 } }),
  'reject-name-length': () => ({ limits: { handshakeTimeoutMs: 200 } }),
  'auth-choice-variants': () => ({ limits: { handshakeTimeoutMs: 200 } }),
  'auth-ip-accepted': async (folder) => ({
    allowedAuthMethods: ['NULL', 'IP'],
    requiredAuthMethods: ['IP'],
    ipFile: await file(folder, 'local\n'),
  }),
  'auth-ip-refused': async (folder) => ({
    allowedAuthMethods: ['IP'],
    ipFile: await file(folder, '10.1.2.0/24\n'),
  }),
  'auth-ip-unix-refused': async (folder) => ({
    allowedAuthMethods: ['NULL', 'IP'],
    requiredAuthMethods: ['IP'],
    ipFile: await file(folder, 'local\nunix\n'),
  }),
  'auth-password': async (folder) => ({
    allowedAuthMethods: ['NULL', 'PWORD'],
    requiredAuthMethods: ['PWORD'],
    passwordFile: await file(folder, `spuser:${await hashPassword('secret')}\n`),
    limits: { authFailureDelayMs: 10 },
  }),
};

async function file(folder: string, text: string): Promise<string> {
  const path = join(folder, 'access');
  await writeFile(path, text);
  return path;
}

const upToAccept = (trace: Trace): Buffer => {
  const accept = firstOf(trace, 'accept');
  if (!accept) throw new Error(`${trace.id} was not accepted`);
  return streamOf(trace, 'd2c').subarray(0, accept.offset + accept.length);
};
const methodList = Buffer.from('054e554c4c20', 'hex');
const accepted = (name: string): Buffer => encodeAccept(PROTOCOL_VERSION, `#${name}#dmn1`);

/** What our daemon sends where it is to differ from the reference, by `recording/trace`. */
const differences: Readonly<Record<string, { why: string; bytes: (trace: Trace) => Buffer }>> = {
  ...Object.fromEntries(
    ['hash', 'private_form', 'space', 'empty', 'high'].map((trace) => [
      `join-illegal-names-raw/${trace}`,
      { why: 'joins of illegal names are ignored [session 13]', bytes: upToAccept },
    ]),
  ),
  'multigroup-43-and-44/bob': {
    why: '44 and 100 destinations are delivered too [session 13]',
    bytes: (trace) => {
      const sent = traceOf('multigroup-43-and-44', 's');
      const messages = sent.decoded.filter(({ what, dir }) => what === 'data message' && dir === 'c2d');
      const firstData = trace.decoded.find(({ what }) => what === 'data message');
      const start = streamOf(trace, 'd2c').subarray(0, firstData?.offset);
      return Buffer.concat([start, ...messages.map((unit) => unitBytes(sent, unit))]);
    },
  },
  'handshake-incomplete/split': {
    why: 'missing bytes are waited for [session 3.9]',
    bytes: () => methodList,
  },
  'reject-name-length/short': {
    why: 'missing bytes are waited for [session 3.9]',
    bytes: () => Buffer.alloc(0),
  },
  'reject-name-length/long': {
    why: 'what follows the name is the beginning of the choice [session 3.9]',
    bytes: () => methodList,
  },
  'reject-name-length/pipelined': {
    why: 'pipelining is accepted [session 3.9]',
    bytes: () => Buffer.concat([methodList, accepted('abc')]),
  },
  'auth-method-not-offered/notoff': {
    why: 'the client closed instead of choosing: the reference still sends it a code, to nobody',
    bytes: () => methodList,
  },
  'auth-ip-refused/noip': {
    why: 'the client closed instead of choosing: the reference still sends it a code, to nobody',
    bytes: () => Buffer.from('03495020', 'hex'),
  },
  'auth-ip-unix-refused/ipunix': {
    why: 'the rule `unix` is honoured [session 13]',
    bytes: () => Buffer.concat([Buffer.from('084e554c4c20495020', 'hex'), accepted('ipunix')]),
  },
  'auth-choice-variants/short': {
    why: 'missing bytes are waited for [session 3.9]',
    bytes: () => methodList,
  },
  'auth-choice-variants/split': {
    why: 'the rest of the choice is waited for [session 3.9]',
    bytes: () => Buffer.concat([methodList, accepted('au0')]),
  },
};

/** Clients that did not know of one another, of one name: a waiting one would keep it from the next. */
const oneByOne = new Set(['auth-choice-variants', 'reject-name-length']);

/** A group that became empty and is created again goes on counting: ids never come twice [daemon D6]. */
const otherCounters = new Set(['join-twice-leave-nonmember', 'receive-short-buffers']);

/** Blanks the words of group ids, and checks that equal ids stayed equal. */
function blankGroupIds(recording: Recording, trace: Trace, expected: Buffer, got: Buffer): void {
  const words = otherCounters.has(recording.id) ? 3 : 2;
  const pairs = new Map<string, string>();
  for (const unit of trace.decoded) {
    if (!isDecodedFrame(unit) || unit.dir !== 'd2c' || !unit.membership) continue;
    const at = unit.offset + HEADER_BYTES + unit.num_groups * NAME_BYTES;
    if (at + 4 * words > Math.min(expected.length, got.length)) continue;
    const key = expected.toString('hex', at, at + 8);
    const value = got.toString('hex', at, at + 8);
    expect(pairs.get(key) ?? value, 'equal group ids').to.equal(value);
    pairs.set(key, value);
    expected.fill(0, at, at + 4 * words);
    got.fill(0, at, at + 4 * words);
  }
}

/** The name the daemon made up, put in the place of the recorded one. */
function blankMadeUpName(trace: Trace, expected: Buffer, got: Buffer): [Buffer, Buffer] {
  if (firstOf(trace, 'connect request')?.name_length !== 0) return [expected, got];
  const form = /#[$-~]{1,10}#dmn1$/;
  expect(got.toString('latin1')).to.match(form);
  const cut = (bytes: Buffer): Buffer => bytes.subarray(0, bytes.lastIndexOf('#', bytes.length - 6) - 1);
  return [cut(expected), cut(got)];
}

describe('recordings, played to our daemon', () => {
  let folder = '';
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sspd-'));
  });
  after(async () => {
    await rm(folder, { recursive: true });
  });

  for (const recording of recordings) {
    const reason = leftOut[recording.id];
    if (reason !== undefined) {
      it(`${recording.id} (left out: ${reason})`, () => {
        expect(recordings).to.include(recording);
      });
      continue;
    }
    const parts = oneByOne.has(recording.id)
      ? recording.traces.map((trace) => ({ ...recording, traces: [trace] }))
      : [recording];
    for (const part of parts)
      it(`${part.id}${parts.length > 1 ? `: ${part.traces[0]?.id}` : ''}`, async () => {
        await using daemon = await createDaemon({
          name: 'dmn1',
          listen: [{ host: '127.0.0.1', port: 0 }],
          unixDir: folder,
          ...(await settings[recording.id]?.(folder)),
        });
        const ordered = part.id.startsWith('flush-') ? inDaemonOrder(part) : part;
        const players = await replay(ordered, stageOf(daemon), (trace) => {
          const difference = differences[`${recording.id}/${trace.id}`];
          return Buffer.from(difference ? difference.bytes(trace) : streamOf(trace, 'd2c'));
        });
        for (const { client, isRefused } of players) if (isRefused) await client?.end();
        await daemon.stop();
        for (const { client, trace, expected } of players) {
          await client?.end();
          const received = Buffer.from(client?.received ?? []);
          blankGroupIds(recording, trace, expected, received);
          const [wanted, got] = blankMadeUpName(trace, expected, received);
          expect(got.toString('hex'), trace.id).to.equal(wanted.toString('hex'));
        }
      });
  }

  it('differs only where a recording has that trace', () => {
    for (const key of Object.keys(differences)) {
      const [id = '', trace = ''] = key.split('/');
      expect(() => traceOf(id, trace)).not.to.throw();
    }
    for (const id of [...Object.keys(leftOut), ...Object.keys(settings)]) {
      expect(recordings.map((each) => each.id)).to.include(id);
    }
  });
});
