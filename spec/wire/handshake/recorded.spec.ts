/** Both halves of the handshake answer the recorded other half as Spread 5.0.1 did, byte for byte. */
import { Buffer } from 'node:buffer';
import { expect } from 'chai';
import {
  allTraces,
  firstOf,
  handshakeLength,
  streamOf,
  traceOf,
  recording,
} from '../../support/recordings.js';
import { connectResult, optionsOf, policyOf } from '../recorded.js';
import { clientHears, daemonHears, type Heard, inPieces } from '../handshake-pair.js';

/** Our daemon waits for missing bytes and takes early ones; Spread 5.0.1 refused these [session 3.9, 13]. */
const tolerated = new Set([
  'auth-choice-variants/short',
  'auth-choice-variants/split',
  'handshake-incomplete/split',
  'reject-name-length/short',
  'reject-name-length/long',
  'reject-name-length/pipelined',
]);

/** What our daemon says to the recorded client, its frames included, when every method passes. */
const hear = (recordingId: string, traceId: string): Heard => {
  const trace = traceOf(recordingId, traceId);
  const policy = { ...policyOf(recording(recordingId), trace), passes: () => true };
  return daemonHears(policy, [streamOf(trace, 'c2d')]);
};

describe('server handshake: recorded clients', () => {
  for (const { id, recording: each, trace } of allTraces) {
    const bytes = streamOf(trace, 'c2d').subarray(0, handshakeLength(trace, 'c2d'));
    const refusedByClient = id === 'auth-method-not-offered/notoff' || id === 'auth-ip-refused/noip';
    if (bytes.length === 0 || each.id === 'auth-password' || tolerated.has(id) || refusedByClient) continue;
    it(`answers ${id} with the recorded bytes`, () => {
      const answer = streamOf(trace, 'd2c').subarray(0, handshakeLength(trace, 'd2c'));
      const { written, outcome } = daemonHears(policyOf(each, trace), inPieces(bytes, bytes.length));
      expect(written).to.equal(answer.toString('hex'));
      expect(outcome).to.equal(
        firstOf(trace, 'accept')?.private_group ?? firstOf(trace, 'reject')?.code ?? null,
      );
    });
  }

  it('waits for the rest of a choice of 30 bytes', () => {
    expect(hear('auth-choice-variants', 'short')).to.include({ outcome: null, written: '054e554c4c20' });
  });

  it('accepts a choice that comes in two segments', () => {
    expect(hear('auth-choice-variants', 'split').outcome).to.equal('#au0#dmn1');
  });

  it('sends the list to a request that comes in two segments', () => {
    expect(hear('handshake-incomplete', 'split')).to.include({ outcome: null, written: '054e554c4c20' });
  });

  it('waits for the rest of a name that is shorter than its length', () => {
    expect(hear('reject-name-length', 'short')).to.include({ outcome: null, written: '' });
  });

  it('takes the bytes behind a name for the beginning of the choice', () => {
    expect(hear('reject-name-length', 'long')).to.include({ outcome: null, written: '054e554c4c20' });
  });

  it('accepts request and choice in one segment', () => {
    expect(hear('reject-name-length', 'pipelined').outcome).to.equal('#abc#dmn1');
  });

  for (const id of ['notoff', 'noip']) {
    it(`sends its list to ${id}, who leaves without a choice`, () => {
      const each = id === 'notoff' ? 'auth-method-not-offered' : 'auth-ip-refused';
      const list = firstOf(traceOf(each, id), 'authentication method list')?.list ?? '';
      const { written, outcome } = hear(each, id);
      expect(outcome).to.equal(null);
      expect(Buffer.from(written, 'hex').toString('latin1', 1)).to.equal(list);
    });
  }
});

describe('client handshake: the recorded daemon', () => {
  for (const { id, trace } of allTraces) {
    const options = optionsOf(trace);
    if (options === null || trace.client !== 'C 5.0.1') continue;
    it(`connects as the C library did in ${id}`, () => {
      const daemon = streamOf(trace, 'd2c').subarray(0, handshakeLength(trace, 'd2c'));
      const client = streamOf(trace, 'c2d').subarray(0, handshakeLength(trace, 'c2d'));
      const { written, outcome } = clientHears(options, inPieces(daemon, 1));
      expect(outcome).to.equal(connectResult(trace));
      expect(written).to.equal(client.toString('hex'));
    });
  }
});
