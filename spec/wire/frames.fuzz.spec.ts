/** Whatever bytes come: frames or a FrameFault, the same at every cut, and no memory for what is only announced. */
import { Buffer } from 'node:buffer';
import { expect } from 'chai';
import * as fc from 'fast-check';
import { Delivery, checkDelivery } from '../../lib/wire/delivery.js';
import { FrameFault } from '../../lib/wire/fault.js';
import { normalizeHeader } from '../../lib/wire/header.js';
import { MAX_MESSAGE_BYTES, NAME_BYTES } from '../../lib/wire/limits.js';
import { readMembershipBody, readVsSet } from '../../lib/wire/membership.js';
import { encodeReject } from '../../lib/wire/reject.js';
import { checkGroupField } from '../../lib/wire/request.js';
import { isRegularMembership } from '../../lib/wire/service.js';
import { bytes, damaged, fractions, frames, positions } from './arbitraries.js';
import { type Frames, clientFrames, cutAt, daemonFrames } from './handshake-pair.js';

const run = (side: Frames, pieces: readonly Buffer[]) => {
  for (const piece of pieces) side.push(piece);
  return { list: side.list, fault: side.fault, pending: side.pending };
};

/** The private group that the first frame of a client claims, so that many frames pass. */
const claimed = (stream: Buffer): string => {
  const field = stream.toString('latin1', 4, 35);
  const nul = field.indexOf('\0');
  return nul < 0 ? field : field.slice(0, nul);
};

/** Random bytes, recorded frames that were damaged, and undamaged ones behind garbage. */
const input = (dir: 'c2d' | 'd2c'): fc.Arbitrary<Buffer> =>
  fc.oneof(
    { weight: 1, arbitrary: bytes(600) },
    { weight: 6, arbitrary: damaged(frames(dir)) },
    { weight: 1, arbitrary: fc.tuple(frames(dir), bytes(100)).map((parts) => Buffer.concat(parts)) },
  );

/** Runs `act`; a FrameFault is a legal answer, anything else is not. */
function faultOr(act: () => void): void {
  try {
    act();
  } catch (error) {
    if (!(error instanceof FrameFault)) throw error;
  }
}

describe('wire: frames from damaged bytes', () => {
  it('are the same for a daemon at every cut', () => {
    fc.assert(
      fc.property(input('c2d'), fractions, (stream, cuts) => {
        const whole = run(daemonFrames(claimed(stream)), [stream]);
        const pieces = cutAt(stream, positions(stream.length, cuts));
        expect(run(daemonFrames(claimed(stream)), pieces)).to.deep.equal(whole);
      }),
      { numRuns: 5000 },
    );
  });

  it('are the same for a client at every cut', () => {
    fc.assert(
      fc.property(input('d2c'), fractions, (stream, cuts) => {
        const whole = run(clientFrames(), [stream]);
        expect(run(clientFrames(), cutAt(stream, positions(stream.length, cuts)))).to.deep.equal(whole);
      }),
      { numRuns: 5000 },
    );
  });

  it('are the stream itself, cut, up to the fault or to what is pending', () => {
    fc.assert(
      fc.property(input('d2c'), (stream) => {
        const { list, fault, pending } = run(clientFrames(), [stream]);
        const text = list.join('');
        expect(stream.toString('hex').startsWith(text)).to.equal(true);
        if (fault === null) expect(text.length / 2 + pending).to.equal(stream.length);
      }),
      { numRuns: 1000 },
    );
  });

  it('are never longer for a daemon than a message may be', () => {
    fc.assert(
      fc.property(input('c2d'), (stream) => {
        const { list, pending } = run(daemonFrames(claimed(stream)), [
          stream,
          Buffer.alloc(MAX_MESSAGE_BYTES + 1),
        ]);
        for (const frame of list) expect(frame.length / 2).to.be.at.most(MAX_MESSAGE_BYTES);
        expect(pending).to.be.below(MAX_MESSAGE_BYTES);
      }),
      { numRuns: 300 },
    );
  });

  it('can be read by a client, names, bodies and all', () => {
    fc.assert(
      fc.property(input('d2c'), (stream) => {
        for (const text of run(clientFrames(), [stream]).list) {
          const frame = Buffer.from(text, 'hex');
          const delivery = new Delivery(frame, 0, frame.length);
          expect(delivery.names()).to.have.length(delivery.numGroups);
          expect(delivery.name.length).to.be.below(NAME_BYTES);
          const { body, little } = delivery;
          if (!isRegularMembership(delivery.service)) continue;
          faultOr(() => {
            const { sets, ownSet } = readMembershipBody(body, 0, body.length, little);
            expect(sets[ownSet]).to.not.equal(undefined);
            for (const set of sets) expect(readVsSet(body, 0, set)).to.have.length(set.numMembers);
          });
        }
      }),
      { numRuns: 2000 },
    );
  });

  it('can be normalized and refused by a daemon', () => {
    fc.assert(
      fc.property(input('c2d'), (stream) => {
        for (const text of run(daemonFrames(claimed(stream)), [stream]).list) {
          const frame = Buffer.from(text, 'hex');
          normalizeHeader(frame, 0);
          if (frame.length >= 80) faultOr(() => void checkGroupField(frame, 0));
          const reject = encodeReject(frame, 0, frame.length);
          expect(checkDelivery(reject, 0)).to.equal(reject.length);
        }
      }),
      { numRuns: 1000 },
    );
  });
});
