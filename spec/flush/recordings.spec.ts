/**
 * Every recorded client of the flush library, run again with our flush calls against the recorded bytes of its daemon: its
 * calls must give the recorded results, and must send the recorded bytes. Where ours are to differ, the difference is
 * written down here with its reason.
 */
import { Buffer } from 'node:buffer';
import { tmpdir } from 'node:os';
import { expect } from 'chai';
import { FL_lib_init } from '../../lib/flush/index.js';
import { BUFFER_TOO_SHORT, ILLEGAL_GROUP } from '../../lib/wire/codes.js';
import { HEADER_BYTES, NAME_BYTES } from '../../lib/wire/limits.js';
import { nameField, readName } from '../../lib/wire/name.js';
import { RecordedDaemon } from '../conformance/recorded-daemon.js';
import {
  type CallResult,
  type Decoded,
  decodedOf,
  isDecodedFrame,
  type Recording,
  recordings,
  streamOf,
  type Trace,
  unitBytes,
} from '../support/recordings.js';
import { until } from '../support/wait.js';
import { RecordedFlushProgram } from './recorded-flush-program.js';

/** What our call answers in the place of the recorded result. */
interface Difference {
  /** Outputs that are others; null: the call is left out. */
  readonly result?: Partial<CallResult> | null;
  /** Ours hands out a transitional signal before it. */
  readonly isBehindTransition?: true;
}

const flushRequest: Partial<CallResult> = {
  ret: 0,
  service: '0x20000000',
  num_groups: 0,
  groups: [],
  mess_type: 0,
  endian_mismatch: 0,
  body_hex: '',
};

const transition: CallResult = { ...flushRequest, service: '0x00002000', sender: 'fg' };

/** By trace and number of the call. */
const differences: Readonly<Record<string, Readonly<Record<number, Difference>>>> = {
  // A name with `#` that is not a private name reaches nobody.
  'flush-errors/anna': { 36: { result: { ret: ILLEGAL_GROUP } }, 37: { result: { ret: ILLEGAL_GROUP } } },
  // What arrives is handled at once.
  'flush-join/anna': { 7: { result: { ret: 0 } } },
  // The C library swallows the signal in the steady state [flush-layer D2].
  'flush-network-partition/anna': { 14: { isBehindTransition: true }, 26: { isBehindTransition: true } },
  'flush-network-partition/bert': { 10: { isBehindTransition: true }, 20: { isBehindTransition: true } },
  'flush-network-partition/carl': { 8: { isBehindTransition: true } },
  // Buffers are judged by what is handed out [flush-layer D10, D11]: a flush request wants no room ...
  'flush-receive-options/anna': {
    21: { result: flushRequest },
    22: { result: null },
    23: { result: null },
    24: { result: null },
    26: { result: { sender: 'fg', groups: [], body_hex: '' } },
  },
  // ... one name fits into one place, and a message to some members has no bytes but its own.
  'flush-receive-options/bert': {
    6: { result: { ret: BUFFER_TOO_SHORT, num_groups: 0 } },
    13: { result: null },
    15: { result: { body_hex: `30313233343536373839${'55'.repeat(90)}` } },
    17: { result: null },
  },
};

/** Messages that the C library sends and ours refuses. */
const unsent: Readonly<Record<string, (groups: readonly string[]) => boolean>> = {
  'flush-errors/anna': ([group]) => group === '#nobody' || group === 'g#x',
};

/**
 * Chunks of the daemon that are played after the next one of the client: it had not received what they say when it sent.
 */
const late: Readonly<Record<string, number>> = { 'flush-join/anna': 12, 'flush-library/anna': 26 };

const isPlayed = ({ id }: Recording, trace: Trace): boolean =>
  id.startsWith('flush-') && trace.client !== 'hand-built bytes';

/** The client's chunks without what ours does not send, and without the bytes that C leaves behind names. */
function ourTrace(trace: Trace, isUnsent: (groups: readonly string[]) => boolean): Trace {
  const units = decodedOf(trace, 'c2d').filter((unit) => !(isDecodedFrame(unit) && isUnsent(unit.groups)));
  const chunks = trace.chunks.map((chunk, i) => {
    if (chunk.dir === 'd2c') return chunk;
    const own = units.filter((unit) => unit.chunk === i).map((unit) => cleaned(trace, unit));
    return { ...chunk, hex: Buffer.concat(own).toString('hex') };
  });
  return { ...trace, chunks };
}

function withLate(trace: Trace, seq: number | undefined): Trace {
  const at = trace.chunks.findIndex((chunk) => chunk.seq === seq);
  if (at < 0) return trace;
  const chunks = trace.chunks.toSpliced(at, 2, ...trace.chunks.slice(at, at + 2).toReversed());
  return { ...trace, chunks };
}

function cleaned(trace: Trace, unit: Decoded): Buffer {
  const bytes = Buffer.from(unitBytes(trace, unit));
  if (!isDecodedFrame(unit)) return bytes;
  for (let i = 0; i < unit.num_groups; i++) {
    const at = HEADER_BYTES + i * NAME_BYTES;
    nameField(readName(bytes, at)).copy(bytes, at);
  }
  return bytes;
}

/** What the daemon has sent is in the kernel; the client reads it in one of the next turns. */
async function settled(daemon: RecordedDaemon): Promise<void> {
  await until(() => daemon.isWaiting, 'the daemon waits for the client');
  for (let turn = 0; turn < 3; turn++) await new Promise((resolve) => setImmediate(resolve));
}

describe('recordings of the flush library, played to our flush calls', () => {
  before(() => {
    FL_lib_init();
  });

  for (const recording of recordings) {
    for (const recorded of recording.traces.filter((trace) => isPlayed(recording, trace))) {
      const title = `${recording.id}/${recorded.id}`;
      it(title, async () => {
        const trace = withLate(ourTrace(recorded, unsent[title] ?? (() => false)), late[title]);
        const daemon = await RecordedDaemon.start(trace, tmpdir());
        const program = new RecordedFlushProgram(`${daemon.port}@127.0.0.1`, () => settled(daemon));
        try {
          for (const [i, call] of (trace.calls ?? []).entries()) {
            const { result, isBehindTransition } = differences[title]?.[i] ?? {};
            if (isBehindTransition) await program.run({ call: 'FL_receive', result: transition });
            if (result === null) continue;
            await program.run(result ? { ...call, result: { ...call.result, ...result } } : call);
          }
          const expected = streamOf(trace, 'c2d');
          await until(() => daemon.received.length >= expected.length, `${expected.length} bytes`);
          expect(daemon.received.toString('hex')).to.equal(expected.toString('hex'));
        } finally {
          await program.end();
          await daemon.stop();
        }
      });
    }
  }
});
