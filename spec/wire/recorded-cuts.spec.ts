/** A byte stream says the same however the network cuts it, from the first byte of the handshake on. */
import type { Buffer } from 'node:buffer';
import { expect } from 'chai';
import { allTraces, framesOf, privateGroupOf, streamOf } from '../support/recordings.js';
import { optionsOf, policyOf } from './recorded.js';
import { clientHears, cutAt, daemonHears, type Heard, inPieces } from './handshake-pair.js';

/** Bytes up to which a stream is cut at every one; behind them it is cut in this many places more. */
const EVERY_BYTE = 8000;
const PLACES = 40;

function cuts(length: number): number[] {
  const all = Array.from({ length: Math.min(length, EVERY_BYTE) }, (_, i) => i + 1);
  if (length <= EVERY_BYTE) return all;
  // A stream as long as that is one long frame from here on.
  const few = all.slice(0, 400);
  for (let i = 0; i <= PLACES; i++) few.push(length - 1 - Math.floor((i * (length - 400)) / (PLACES + 1)));
  return few;
}

/** Hears the bytes whole and in many other ways; returns what the whole says. */
function heardAlike(bytes: Buffer, hear: (pieces: readonly Buffer[]) => Heard): Heard {
  const whole = hear([bytes]);
  const text = JSON.stringify(whole);
  const compare = (pieces: readonly Buffer[], how: string): void => {
    const heard = hear(pieces);
    // Comparing texts is fast; the assertion is for its message.
    if (JSON.stringify(heard) !== text) expect(heard, how).to.deep.equal(whole);
  };
  for (const cut of cuts(bytes.length)) compare(cutAt(bytes, [cut]), `cut at ${cut}`);
  for (const size of [1, 7, 48, 1460]) compare(inPieces(bytes, size), `pieces of ${size}`);
  return whole;
}

describe('wire: streams cut anywhere', () => {
  for (const { id, recording, trace } of allTraces) {
    const client = streamOf(trace, 'c2d');
    const daemon = streamOf(trace, 'd2c');

    // The daemon's half speaks no PWORD, so it would take the credentials for frames.
    if (client.length > 0 && recording.id !== 'auth-password') {
      it(`say the same to the daemon of ${id}`, () => {
        const whole = heardAlike(client, (pieces) => daemonHears(policyOf(recording, trace), pieces));
        if (whole.fault !== null || typeof whole.outcome !== 'string') return;
        expect(whole.frames).to.have.length(framesOf(trace, 'c2d').length);
      });
    }

    const options = optionsOf(trace);
    if (daemon.length > 0 && options !== null) {
      it(`say the same to the client of ${id}`, () => {
        const whole = heardAlike(daemon, (pieces) => {
          const heard = clientHears(options, pieces);
          // Nothing is written along with a refusal, so it depends on the cut what was written before it.
          return typeof heard.outcome === 'number' ? { ...heard, written: '' } : heard;
        });
        const group = privateGroupOf(trace);
        if (group !== '') expect(whole).to.include({ outcome: group, pending: 0, fault: null });
        expect(whole.frames).to.have.length(framesOf(trace, 'd2c').length);
      });
    }
  }
});
