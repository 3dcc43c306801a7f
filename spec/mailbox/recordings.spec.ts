/**
 * Every recorded connection of the C library played again with the SP calls: same bytes to the daemon, same results.
 */
import type { Buffer } from 'node:buffer';
import { expect } from 'chai';
import { until } from '../support/fake-daemon-mailbox.js';
import { allTraces, type CallResult, decodedOf, streamOf, type Trace } from '../support/recordings.js';
import { RecordedClient, RecordedDaemon } from './replay.js';

/** The flush library is another one. */
const isFlush = ({ calls }: Trace): boolean => calls?.some(({ call }) => call.startsWith('FL_')) ?? false;

const played = allTraces.filter(
  ({ trace }) => trace.client === 'C 5.0.1' && trace.calls !== undefined && !isFlush(trace),
);

/**
 * What the recording holds, no more: the recorder left out long bodies and what it did not ask. It shows as much of the
 * buffer as the call stored, or all of it.
 */
function comparable(ours: CallResult, theirs: CallResult): Record<string, unknown> {
  const kept: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(ours)) {
    if (!(key in theirs)) continue;
    kept[key] = key === 'body_hex' ? String(value).slice(0, theirs.body_hex?.length) : value;
  }
  return kept;
}

/** Behind the name in its disconnect request the C library sends what lay on its stack; ours are zeros (13). */
function withoutStackBytes(trace: Trace): Buffer {
  const stream = streamOf(trace, 'c2d');
  for (const unit of decodedOf(trace, 'c2d')) {
    if (unit.what !== 'disconnect request') continue;
    stream.fill(0, unit.offset + 48 + (unit.groups[0]?.length ?? 0), unit.offset + unit.length);
  }
  return stream;
}

describe('recordings of the C library', () => {
  for (const { id, trace } of played) {
    it(id, async () => {
      const daemon = await RecordedDaemon.start(trace);
      const client = new RecordedClient(daemon);
      try {
        for (const { call, result } of trace.calls ?? []) {
          const ours = await client.call(call);
          if (result === undefined || ours === undefined) continue;
          expect(comparable(ours, result), call).to.deep.equal(result);
        }
        const expected = withoutStackBytes(trace);
        await until(() => daemon.received.length >= expected.length, 'what the C library sent');
        expect(daemon.received.toString('hex')).to.equal(expected.toString('hex'));
      } finally {
        client.end();
        await daemon.stop();
      }
    });
  }

  it('are many', () => {
    expect(played.length).to.be.greaterThan(50);
  });
});
