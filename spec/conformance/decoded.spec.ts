/** Every `decoded` entry of the recordings is an expected result of lib/wire, in both directions. */
import type { Buffer } from 'node:buffer';
import { createHash } from 'node:crypto';
import { expect } from 'chai';
import { type FaultReason, FrameFault } from '../../lib/wire/fault.js';
import { FrameReader } from '../../lib/wire/frame-reader.js';
import { readAccept, readCode } from '../../lib/wire/handshake/accept.js';
import { CHOICE_BYTES, readMethodChoice, readMethodList } from '../../lib/wire/handshake/authentication.js';
import {
  FIRST_WITH_METHODS,
  FIRST_WITH_PATCH,
  type Version,
  readConnectRequest,
  versionNumber,
} from '../../lib/wire/handshake/connect-request.js';
import { nameField } from '../../lib/wire/name.js';
import { checkGroupField, checkRequest } from '../../lib/wire/request.js';
import { JOIN_MESS, LEAVE_MESS } from '../../lib/wire/service.js';
import { versionText } from '../../lib/wire/version.js';
import {
  type Decoded,
  type Direction,
  type Trace,
  allTraces,
  decodedOf,
  firstOf,
  framesOf,
  handshakeLength,
  isDecodedFrame,
  privateGroupOf,
  recordings,
  streamOf,
  traceOf,
} from '../support/recordings.js';
import { deliveryUnits, requestUnit, requestUnits } from '../wire/units.js';

/** The check of 4.6 that ends each of these sessions, most of them with their first frame. */
const faults: ReadonlyMap<string, { reason: FaultReason; legal: number }> = new Map(
  (
    [
      ['api-connection-loss/bob', 'kind'],
      ['illegal-frames-raw/two_service_bits', 'kind'],
      ['illegal-frames-raw/no_service_bit', 'kind'],
      ['illegal-frames-raw/self_discard_only', 'kind'],
      ['illegal-frames-raw/join_and_leave', 'kind'],
      ['illegal-frames-raw/join_and_agreed', 'kind'],
      ['illegal-frames-raw/other_sender', 'sender'],
      ['illegal-frames-raw/other_daemon', 'sender'],
      ['illegal-frames-raw/sender_not_private', 'sender'],
      ['illegal-frames-raw/num_groups_negative', 'groups-count'],
      ['illegal-frames-raw/num_groups_101', 'groups-count'],
      ['illegal-frames-raw/data_len_negative', 'data-length'],
      ['illegal-frames-raw/data_len_143921', 'size'],
      ['illegal-frames-raw/hint_low_bit', 'hint'],
      ['illegal-frames-raw/hint_bit_24', 'hint'],
      ['illegal-frames-raw/membership_request_type', 'kind'],
      ['illegal-frames-raw/member_then_illegal', 'kind', 1],
    ] as const
  ).map(([id, reason, legal = 0]) => [id, { reason, legal }]),
);

/** Requests that the reference refused for the segments they came in, or for what came behind them [session 3.9]. */
const tolerated = {
  short: 'reject-name-length/short',
  long: 'reject-name-length/long',
  pipelined: 'reject-name-length/pipelined',
};

/** Units as parsers see them: `chunk` tells about the recorder and not about the bytes. */
const unplaced = (units: readonly Decoded[]): object[] =>
  units.map((unit) => Object.fromEntries(Object.entries(unit).filter(([key]) => key !== 'chunk')));

const handshakeUnits = (trace: Trace, dir: Direction): Decoded[] =>
  decodedOf(trace, dir).filter(
    (unit) => !isDecodedFrame(unit) && unit.what !== 'incomplete or malformed frame',
  );

const hexByte = (value: number): string => `0x${value.toString(16).padStart(2, '0')}`;

const recordedVersion = (version: Version): string =>
  versionNumber(version) < FIRST_WITH_PATCH ? `${version.major}.${version.minor}` : versionText(version);

/** Request and choice as the daemon reads them; a refused request is its code. */
function readFromClient(bytes: Buffer): unknown[] {
  const read = readConnectRequest(bytes);
  if (typeof read === 'number') return [read];
  if (read === null) {
    return [{ dir: 'c2d', offset: 0, length: bytes.length, what: 'incomplete connect request' }];
  }
  const { request, length } = read;
  const units: unknown[] = [
    {
      dir: 'c2d',
      offset: 0,
      length,
      what: 'connect request',
      version: recordedVersion(request.version),
      option: hexByte((request.membership ? 1 : 0) | (request.priority << 4)),
      membership_wanted: request.membership,
      priority: request.priority,
      name_length: request.name.length,
      name: request.name,
    },
  ];
  if (versionNumber(request.version) >= FIRST_WITH_METHODS && bytes.length >= length + CHOICE_BYTES) {
    const methods = readMethodChoice(bytes.subarray(length));
    units.push({ dir: 'c2d', offset: length, length: CHOICE_BYTES, what: 'authentication choice', methods });
  }
  return units;
}

/** List, results of password dialogues and the last word as the client reads them. */
function readFromDaemon(bytes: Buffer, passwordResults: number): unknown[] {
  const first = readCode(bytes[0] ?? 0);
  if (first < 0) return [{ dir: 'd2c', offset: 0, length: 1, what: 'reject', code: first }];
  const list = bytes.toString('latin1', 1, 1 + first);
  const units: unknown[] = [
    {
      dir: 'd2c',
      offset: 0,
      length: 1 + first,
      what: 'authentication method list',
      list_length: first,
      list: readMethodList(list)
        .map((method) => `${method} `)
        .join(''),
    },
  ];
  let offset = 1 + first;
  for (let i = 0; i < passwordResults; i++, offset++) {
    units.push({
      dir: 'd2c',
      offset,
      length: 1,
      what: 'password result',
      value: readCode(bytes[offset] ?? 0),
    });
  }
  const last = readAccept(bytes.subarray(offset), 0);
  if (typeof last === 'number')
    return [...units, { dir: 'd2c', offset, length: 1, what: 'reject', code: last }];
  if (last === null) return units;
  const { accept, length } = last;
  units.push({
    dir: 'd2c',
    offset,
    length,
    what: 'accept',
    code: 1,
    daemon_version: versionText(accept.version),
    private_group_length: accept.privateGroup.length,
    private_group: accept.privateGroup,
  });
  return units;
}

/** The frames that pass the daemon's checks, then the check that failed if one did. */
function readAsDaemon(bytes: Buffer, from: number, group: string): unknown[] {
  const heard: unknown[] = [];
  const own = nameField(group);
  let offset = from;
  const reader = new FrameReader({
    header: (chunk, at) => checkRequest(chunk, at, own, group.length),
    frame(chunk, start, end) {
      const unit = requestUnit(chunk, start, end, offset);
      if ((Number(unit.type) & (JOIN_MESS | LEAVE_MESS)) !== 0) {
        expect(checkGroupField(chunk, start)).to.equal(unit.groups[0]?.length);
      }
      heard.push(unit);
      offset += end - start;
    },
  });
  try {
    reader.push(bytes.subarray(from));
  } catch (error) {
    if (!(error instanceof FrameFault)) throw error;
    heard.push(error.reason);
  }
  return heard;
}

describe('decoded: the recordings', () => {
  it('are all 66 with their 183 connections', () => {
    expect([recordings.length, allTraces.length]).to.deep.equal([66, 183]);
  });

  it('have elided bytes of the recorded length and hash', () => {
    const elided = allTraces.flatMap(({ trace }) =>
      trace.chunks.flatMap(({ dir, then_elided }) => (then_elided ? [{ trace, dir, then_elided }] : [])),
    );
    expect(elided).to.have.length(2);
    for (const { trace, dir, then_elided } of elided) {
      const body = streamOf(trace, dir).subarray(-then_elided.length);
      expect(createHash('sha256').update(body).digest('hex')).to.equal(then_elided.sha256);
    }
  });
});

describe('decoded: the daemon reads the handshake of', () => {
  for (const { id, trace } of allTraces) {
    const decoded = handshakeUnits(trace, 'c2d').filter(
      ({ what, length }) =>
        what !== 'password credentials' && (what !== 'authentication choice' || length === CHOICE_BYTES),
    );
    const code = firstOf(trace, 'reject')?.code;
    const refused = id !== tolerated.long && (code === -5 || code === -7);
    if (decoded.length === 0 || id === tolerated.short || id === tolerated.pipelined) continue;
    it(refused ? `${id}, refused with ${code}` : id, () => {
      expect(readFromClient(streamOf(trace, 'c2d'))).to.deep.equal(refused ? [code] : unplaced(decoded));
    });
  }

  it(`${tolerated.short}, and waits for the missing bytes`, () => {
    const trace = traceOf('reject-name-length', 'short');
    const { length } = streamOf(trace, 'c2d');
    expect(readFromClient(streamOf(trace, 'c2d'))).to.deep.equal([
      { dir: 'c2d', offset: 0, length, what: 'incomplete connect request' },
    ]);
  });

  it(`${tolerated.pipelined}, and the choice behind it`, () => {
    const trace = traceOf('reject-name-length', 'pipelined');
    expect(readFromClient(streamOf(trace, 'c2d'))).to.deep.equal([
      ...unplaced(handshakeUnits(trace, 'c2d')),
      { dir: 'c2d', offset: 8, length: 90, what: 'authentication choice', methods: ['NULL'] },
    ]);
  });
});

describe('decoded: the client reads the handshake of the daemon to', () => {
  for (const { id, trace } of allTraces) {
    const decoded = handshakeUnits(trace, 'd2c');
    const old =
      decodedOf(trace, 'c2d').length > 0 &&
      !decoded.some(({ what }) => what === 'authentication method list');
    const onlyAccept = old && decoded.some(({ what }) => what === 'accept');
    // Nobody of us announces a version below 3.16, whose handshake has no list.
    if (decoded.length === 0 || onlyAccept) continue;
    it(id, () => {
      const results = decoded.filter(({ what }) => what === 'password result').length;
      expect(readFromDaemon(streamOf(trace, 'd2c'), results)).to.deep.equal(unplaced(decoded));
    });
  }
});

describe('decoded: the daemon reads the frames of', () => {
  for (const { id, trace } of allTraces) {
    const frames = framesOf(trace, 'c2d');
    const from = handshakeLength(trace, 'c2d');
    const fault = faults.get(id);
    if (frames.length === 0 && !fault) continue;

    it(fault ? `${id} up to the one with a bad ${fault.reason}` : id, () => {
      const expected = fault ? [...unplaced(frames).slice(0, fault.legal), fault.reason] : unplaced(frames);
      expect(readAsDaemon(streamOf(trace, 'c2d'), from, privateGroupOf(trace))).to.deep.equal(expected);
    });

    it(`${id}, each with its fields, without the checks`, () => {
      const last = frames.at(-1);
      const whole = streamOf(trace, 'c2d').subarray(0, last ? last.offset + last.length : from);
      expect(requestUnits(whole, from)).to.deep.equal(unplaced(frames));
    });
  }

  it('all the sessions that the reference closed for a frame', () => {
    const ended = allTraces.filter(
      ({ id, trace }) => faults.has(id) && trace.first_close_seen_from === 'daemon',
    );
    expect(ended).to.have.length(faults.size);
  });
});

describe('decoded: the client reads the frames to', () => {
  for (const { id, trace } of allTraces) {
    const frames = framesOf(trace, 'd2c');
    if (frames.length === 0) continue;
    it(id, () => {
      const units = deliveryUnits(
        streamOf(trace, 'd2c'),
        handshakeLength(trace, 'd2c'),
        privateGroupOf(trace),
      );
      expect(units).to.deep.equal(unplaced(frames));
    });
  }
});
