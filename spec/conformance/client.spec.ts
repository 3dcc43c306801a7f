/**
 * Every recorded C client, run again with our plain Spread calls against the recorded bytes of its daemon: its calls must
 * give the recorded results, and must send the recorded bytes.
 */
import type { Buffer } from 'node:buffer';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { HEADER_BYTES, NAME_BYTES } from '../../lib/wire/limits.js';
import { nameField, readName } from '../../lib/wire/name.js';
import { type Recording, recordings, streamOf, type Trace } from '../support/recordings.js';
import { until } from '../support/wait.js';
import { RecordedDaemon } from './recorded-daemon.js';
import { RecordedProgram } from './recorded-program.js';

/** Name of the local socket in its directory, which the C library takes for a port. */
const SOCKET_NAME = '14803';

function leftOut(recording: Recording, trace: Trace): string | null {
  if (recording.id.startsWith('flush-')) return 'calls of the flush library: played in spec/flush';
  if (trace.client === 'Java 4.4.0') return 'another library: big-endian, version 4.4.0, calls of its own';
  if (trace.client === 'hand-built bytes') return 'no library sends these bytes';
  return null;
}

/** The C library leaves stack bytes behind the name's NUL in its disconnect request [session 13]. */
function withoutLeftovers(trace: Trace): Buffer {
  const bytes = streamOf(trace, 'c2d');
  for (const unit of trace.decoded) {
    if (unit.dir !== 'c2d' || unit.what !== 'disconnect request') continue;
    const at = unit.offset + HEADER_BYTES;
    if (at + NAME_BYTES <= bytes.length) nameField(readName(bytes, at)).copy(bytes, at);
  }
  return bytes;
}

describe('recordings, played to our client', () => {
  let folder = '';
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'ssp-'));
  });
  after(async () => {
    await rm(folder, { recursive: true });
  });

  for (const recording of recordings) {
    for (const trace of recording.traces) {
      const title = `${recording.id}: ${trace.id}`;
      const reason = leftOut(recording, trace);
      if (reason !== null) {
        it(`${title} (left out: ${reason})`, () => {
          expect(trace.client !== 'C 5.0.1' || recording.id.startsWith('flush-')).to.equal(true);
        });
        continue;
      }
      it(title, async () => {
        const daemon = await RecordedDaemon.start(trace, join(folder, SOCKET_NAME));
        const address = trace.transport === 'unix' ? SOCKET_NAME : `${daemon.port}@127.0.0.1`;
        const program = new RecordedProgram(address, folder);
        try {
          const calls = trace.calls ?? [];
          expect(calls).not.to.have.length(0);
          for (const call of calls) await program.run(call);
          const expected = withoutLeftovers(trace);
          await until(() => daemon.received.length >= expected.length, `${expected.length} bytes`);
          expect(daemon.received.toString('hex')).to.equal(expected.toString('hex'));
        } finally {
          program.end();
          await daemon.stop();
        }
      });
    }
  }
});
