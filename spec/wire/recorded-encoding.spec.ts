/** What our encoders can write, they write with the bytes that were recorded. */
import { Buffer } from 'node:buffer';
import { expect } from 'chai';
import { Delivery } from '../../lib/wire/delivery.js';
import { readGroupId } from '../../lib/wire/group-id.js';
import { encodeAccept, encodeCode } from '../../lib/wire/handshake/accept.js';
import {
  CHOICE_BYTES,
  encodeMethodChoice,
  encodeMethodList,
  passwordAuthenticator,
  readMethodList,
} from '../../lib/wire/handshake/authentication.js';
import { type Version, encodeConnectRequest } from '../../lib/wire/handshake/connect-request.js';
import { NAME_AT, normalizeHeader, readHeader, writeHeader } from '../../lib/wire/header.js';
import { HEADER_BYTES, NAME_BYTES } from '../../lib/wire/limits.js';
import {
  encodeRegularMembership,
  encodeSelfLeave,
  encodeTransition,
  readMembershipBody,
  readVsSet,
} from '../../lib/wire/membership.js';
import { fieldLength, isPrivateName, nameField } from '../../lib/wire/name.js';
import { encodeReject } from '../../lib/wire/reject.js';
import { encodeMessage, encodeRequest } from '../../lib/wire/request.js';
import { REG_MEMB_MESS } from '../../lib/wire/service.js';
import {
  type DecodedFrame,
  type Trace,
  allTraces,
  firstOf,
  framesOf,
  recordings,
  traceOf,
  unitBytes,
} from '../support/recordings.js';

const versionOf = (text: string): Version => {
  const [major = 0, minor = 0, patch = 0] = text.split('.').map(Number);
  return { major, minor, patch };
};

/** A frame with zeros behind the NUL of every name; the C library leaves stack bytes there in a disconnect. */
function padded(frame: Buffer): Buffer {
  const copy = Buffer.from(frame);
  const fields = [NAME_AT];
  for (let i = 0; i < readHeader(copy, 0).numGroups; i++) fields.push(HEADER_BYTES + i * NAME_BYTES);
  for (const at of fields) copy.fill(0, at + fieldLength(copy, at), at + NAME_BYTES);
  return copy;
}

/** Traces of a direction's frames that a client with the C library wrote. */
const cTraces = allTraces.filter(({ trace }) => trace.client === 'C 5.0.1');

const hex = (bytes: Buffer): string => bytes.toString('hex');

/** A membership frame out of what was read from the recorded one. */
function encodedAgain(bytes: Buffer, unit: DecodedFrame): Buffer {
  const delivery = new Delivery(bytes, 0, bytes.length);
  const { body } = delivery;
  if (unit.what === 'self-leave notification') return encodeSelfLeave(delivery.name);
  if (unit.what === 'transitional membership message') {
    return encodeTransition(delivery.name, readGroupId(body, 0, true));
  }
  const { id, sets, ownSet } = readMembershipBody(body, 0, body.length, true);
  return encodeRegularMembership(
    delivery.name,
    delivery.service & ~REG_MEMB_MESS,
    delivery.names().map(nameField),
    id,
    sets.map((set) => readVsSet(body, 0, set).map(nameField)),
    ownSet,
  );
}

/** Recorded frames of a client with stack bytes zeroed, and the same frames from our encoders. */
function clientFrames(trace: Trace): { recorded: string[]; encoded: string[] } {
  const recorded: string[] = [];
  const encoded: string[] = [];
  for (const unit of framesOf(trace, 'c2d')) {
    const bytes = padded(unitBytes(trace, unit));
    const { service, name } = readHeader(bytes, 0);
    const data = bytes.subarray(bytes.length - unit.data_len);
    recorded.push(hex(bytes));
    encoded.push(
      hex(
        unit.what === 'data message'
          ? encodeMessage(service, name, unit.groups, unit.mess_type, [data])
          : encodeRequest(service, name, unit.groups),
      ),
    );
  }
  return { recorded, encoded };
}

describe('wire: encoders against the recordings', () => {
  it('write every connect request with a legal name', () => {
    let requests = 0;
    for (const { id, trace } of allTraces) {
      const unit = firstOf(trace, 'connect request');
      if (!unit || !isPrivateName(unit.name || 'made-up') || unit.name.length !== unit.name_length) continue;
      requests++;
      const { membership_wanted: membership, priority, name } = unit;
      const version = versionOf(unit.version);
      const request = encodeConnectRequest({ version, membership, priority, name });
      expect(hex(request), id).to.equal(hex(unitBytes(trace, unit)));
    }
    expect(requests).to.equal(168);
  });

  it('write every method list', () => {
    const lists = allTraces.filter(({ trace }) => firstOf(trace, 'authentication method list'));
    expect(lists).to.have.length(156);
    for (const { id, trace } of lists) {
      const unit = firstOf(trace, 'authentication method list');
      if (!unit) throw new Error(id);
      expect(hex(encodeMethodList(readMethodList(unit.list))), id).to.equal(hex(unitBytes(trace, unit)));
    }
  });

  it('write every whole method choice', () => {
    let choices = 0;
    for (const { id, trace } of allTraces) {
      const unit = firstOf(trace, 'authentication choice');
      if (unit?.length !== CHOICE_BYTES) continue;
      choices++;
      expect(hex(encodeMethodChoice(unit.methods)), id).to.equal(hex(unitBytes(trace, unit)));
    }
    expect(choices).to.equal(151);
  });

  it('write all password credentials', () => {
    let credentials = 0;
    for (const { id, trace } of allTraces) {
      const unit = firstOf(trace, 'password credentials');
      if (!unit) continue;
      credentials++;
      const ours = passwordAuthenticator(unit.username, unit.password).credentials;
      expect(ours?.toString('hex'), id).to.equal(hex(unitBytes(trace, unit)));
    }
    expect(credentials).to.equal(5);
  });

  it('write every accept, as short as the version of the client wants it', () => {
    let accepts = 0;
    for (const { id, trace } of allTraces) {
      const unit = firstOf(trace, 'accept');
      const request = firstOf(trace, 'connect request');
      if (!unit || !request) continue;
      accepts++;
      const accept = encodeAccept(versionOf(request.version), unit.private_group);
      expect(hex(accept), id).to.equal(hex(unitBytes(trace, unit)));
    }
    expect(accepts).to.equal(148);
  });

  it('write every reject code', () => {
    let rejects = 0;
    for (const { id, trace } of allTraces) {
      const unit = firstOf(trace, 'reject');
      if (!unit) continue;
      rejects++;
      expect(hex(encodeCode(unit.code)), id).to.equal(hex(unitBytes(trace, unit)));
    }
    expect(rejects).to.equal(31);
  });

  it('write every membership frame of the daemon', () => {
    let frames = 0;
    for (const { id, trace } of allTraces) {
      for (const unit of framesOf(trace, 'd2c')) {
        if (unit.what === 'data message' || unit.what === 'reject message') continue;
        frames++;
        const bytes = unitBytes(trace, unit);
        expect(hex(encodedAgain(bytes, unit)), `${id} at ${unit.offset}`).to.equal(hex(bytes));
      }
    }
    expect(frames).to.be.above(100);
  });

  for (const { id, trace } of cTraces) {
    if (framesOf(trace, 'c2d').length === 0) continue;
    it(`write the requests and messages of ${id}`, () => {
      const { recorded, encoded } = clientFrames(trace);
      expect(encoded).to.deep.equal(recorded);
    });
  }

  it('write the headers of the Java client, big-endian', () => {
    let headers = 0;
    for (const { trace } of allTraces.filter((each) => each.trace.client === 'Java 4.4.0')) {
      for (const unit of framesOf(trace, 'c2d')) {
        headers++;
        const bytes = unitBytes(trace, unit).subarray(0, HEADER_BYTES);
        const header = Buffer.alloc(HEADER_BYTES, 0x55);
        writeHeader(header, 0, readHeader(bytes, 0), false);
        expect(hex(header)).to.equal(hex(bytes));
      }
    }
    expect(headers).to.be.above(10);
  });

  it('turn the refused join into the reject frame that the daemon sent', () => {
    const trace = traceOf('reject-message-experimental', 'bob');
    const join = framesOf(trace, 'c2d')[0];
    const reject = framesOf(trace, 'd2c')[0];
    if (!join || !reject) throw new Error('no join or no reject in the recording');
    const bytes = unitBytes(trace, join);
    expect(hex(encodeReject(bytes, 0, bytes.length))).to.equal(hex(unitBytes(trace, reject)));
  });

  it('make every delivered data frame out of one that a client sent, changing what a daemon changes', () => {
    let delivered = 0;
    for (const recording of recordings) {
      const sent = new Set<string>();
      for (const trace of recording.traces) {
        for (const unit of framesOf(trace, 'c2d').filter(({ what }) => what === 'data message')) {
          const frame = Buffer.from(unitBytes(trace, unit));
          normalizeHeader(frame, 0);
          sent.add(hex(frame));
        }
      }
      for (const trace of recording.traces) {
        for (const unit of framesOf(trace, 'd2c').filter(({ what }) => what === 'data message')) {
          delivered++;
          expect(sent.has(hex(unitBytes(trace, unit))), `${recording.id}/${trace.id}`).to.equal(true);
        }
      }
    }
    expect(delivered).to.be.above(90);
  });
});
