/** Membership bodies from any bytes: read whole and within their length, or a FrameFault. */
import { Buffer } from 'node:buffer';
import { expect } from 'chai';
import * as fc from 'fast-check';
import { Delivery } from '../../lib/wire/delivery.js';
import { FrameFault } from '../../lib/wire/fault.js';
import {
  encodeRegularMembership,
  encodeSspBody,
  type MembershipBody,
  readMembershipBody,
  readSspBody,
  readVsSet,
} from '../../lib/wire/membership.js';
import { nameField } from '../../lib/wire/name.js';
import { CAUSED_BY_NETWORK } from '../../lib/wire/service.js';
import { bytes, damaged, groupId, name } from './arbitraries.js';

const regular: fc.Arbitrary<Buffer> = fc
  .tuple(groupId, fc.array(fc.array(name(31), { maxLength: 4 }), { minLength: 1, maxLength: 4 }), fc.nat(3))
  .map(([id, sets, own]) => {
    const fields = sets.map((set) => set.map(nameField));
    const frame = encodeRegularMembership('g', CAUSED_BY_NETWORK, [], id, fields, own % sets.length);
    return Buffer.from(new Delivery(frame, 0, frame.length).body);
  });

const ssp: fc.Arbitrary<Buffer> = fc
  .tuple(groupId, fc.array(name(31), { maxLength: 5 }))
  .map(([id, names]) => encodeSspBody(id, names));

/** What `act` gives, or null for a FrameFault. */
function orFault<T>(act: () => T): T | null {
  try {
    return act();
  } catch (error) {
    if (error instanceof FrameFault) return null;
    throw error;
  }
}

function expectWithin(body: MembershipBody, buffer: Buffer, at: number, length: number): void {
  expect(body.ownSet).to.be.within(0, body.sets.length - 1);
  let end = 20;
  for (const set of body.sets) {
    expect(set.membersOffset).to.equal(end + 4);
    end = set.membersOffset + 32 * set.numMembers;
    expect(readVsSet(buffer, at, set)).to.have.length(set.numMembers);
  }
  expect(end).to.be.at.most(length);
}

describe('wire: membership bodies from damaged bytes', () => {
  it('of a view stay within their length', () => {
    const input = fc.oneof(bytes(200), damaged(regular));
    fc.assert(
      fc.property(input, fc.boolean(), fc.nat(20), (buffer, little, before) => {
        const shifted = Buffer.concat([Buffer.alloc(before, 0xff), buffer, Buffer.alloc(40, 1)]);
        const body = orFault(() => readMembershipBody(shifted, before, buffer.length, little));
        if (body !== null) expectWithin(body, shifted, before, buffer.length);
      }),
      { numRuns: 4000 },
    );
  });

  it('of a view are read when they are not damaged', () => {
    fc.assert(
      fc.property(regular, (buffer) => {
        expectWithin(readMembershipBody(buffer, 0, buffer.length, true), buffer, 0, buffer.length);
      }),
      { numRuns: 500 },
    );
  });

  it('of SSP have as many names as they count', () => {
    const input = fc.oneof(bytes(120), damaged(ssp));
    fc.assert(
      fc.property(input, (buffer) => {
        const body = orFault(() => readSspBody(buffer));
        if (body !== null) expect(body.names).to.have.length(buffer.readInt32LE(12));
      }),
      { numRuns: 3000 },
    );
  });
});
