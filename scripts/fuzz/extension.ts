/** The extension between client and daemon under bytes that are whole, damaged, and cut anywhere. */
import { Buffer } from 'node:buffer';
import * as fc from 'fast-check';
import { openToken, sealToken } from '../../daemon/access/tokens.js';
import { checkDelivery } from '../../lib/wire/delivery.js';
import { readDaemonFrame } from '../../lib/wire/extension/daemon-frames.js';
import { checkExtensionRequest, isExtensionFrame } from '../../lib/wire/extension/frame.js';
import { type Hello, encodeHello } from '../../lib/wire/extension/hello.js';
import { readToClient, readToDaemon } from '../../lib/wire/extension/read.js';
import { type Welcome, encodeWelcome } from '../../lib/wire/extension/welcome.js';
import { FrameFault } from '../../lib/wire/fault.js';
import type { FrameHandler } from '../../lib/wire/frame-reader.js';
import { encodeAccept } from '../../lib/wire/handshake/accept.js';
import { encodeMethodChoice, encodeMethodList } from '../../lib/wire/handshake/authentication.js';
import { encodeConnectRequest, PROTOCOL_VERSION } from '../../lib/wire/handshake/connect-request.js';
import { HEADER_BYTES } from '../../lib/wire/limits.js';
import { nameField } from '../../lib/wire/name.js';
import { checkRequest } from '../../lib/wire/request.js';
import { bytes, damaged, fractions, frames, positions } from '../../spec/wire/arbitraries.js';
import {
  betweenDaemons,
  hello,
  toClient,
  toDaemon,
  token,
  welcome,
} from '../../spec/wire/extension/arbitraries.js';
import { clientHears, cutAt, daemonHears, Frames } from '../../spec/wire/handshake-pair.js';

const NAME = '#alice#dmn1';
const own = nameField(NAME);

/** Frames of the extension among those of a recording, one after the other. */
const streamOf = (
  written: fc.Arbitrary<{ readonly frame: Buffer }>,
  direction: 'c2d' | 'd2c',
): fc.Arbitrary<Buffer> => {
  const one = fc.oneof(
    { weight: 5, arbitrary: written.map(({ frame }) => frame) },
    { weight: 1, arbitrary: frames(direction) },
  );
  return fc.array(one, { minLength: 1, maxLength: 5 }).map((list) => Buffer.concat(list));
};

const spoiled = (original: fc.Arbitrary<Buffer>): fc.Arbitrary<Buffer> =>
  fc.oneof({ weight: 1, arbitrary: original }, { weight: 4, arbitrary: damaged(original) });

/** What comes of a call; a fault of the protocol is a result, everything else is thrown. */
function resultOf<T>(act: () => T): T | 'fault' {
  try {
    return act();
  } catch (error) {
    if (error instanceof FrameFault) return 'fault';
    throw error;
  }
}

/** The two must be the same. Big integers have no text in JSON. */
function same(a: unknown, b: unknown): void {
  const text = (value: unknown): string =>
    JSON.stringify(value, (_, each: unknown) => (typeof each === 'bigint' ? String(each) : each));
  const [first, second] = [text(a), text(b)];
  if (first !== second) throw new Error(`at any cut: ${first} is not ${second}`);
}

type Read = (frame: Buffer, start: number, end: number) => unknown;

/** What a side that reads the extension makes of a stream. */
function heard(header: FrameHandler['header'], read: Read, pieces: readonly Buffer[]): unknown[] {
  const side = new Frames(header);
  for (const piece of pieces) side.push(piece);
  const said = side.list.map((hex) => {
    const frame = Buffer.from(hex, 'hex');
    return isExtensionFrame(frame, 0) ? resultOf(() => read(frame, 0, frame.length)) : hex;
  });
  return [said, side.fault, side.pending];
}

const ofClient = (bytesOf: Buffer, at: number): number =>
  isExtensionFrame(bytesOf, at)
    ? checkExtensionRequest(bytesOf, at)
    : checkRequest(bytesOf, at, own, NAME.length);

/** Reads a stream whole and in pieces. */
const frameStreams = (
  written: fc.Arbitrary<{ readonly frame: Buffer }>,
  direction: 'c2d' | 'd2c',
  header: FrameHandler['header'],
  read: Read,
) =>
  fc.property(spoiled(streamOf(written, direction)), fractions, (whole, cuts) => {
    same(heard(header, read, [whole]), heard(header, read, cutAt(whole, positions(whole.length, cuts))));
  });

const granted = (answer: Welcome) => ({
  allowed: ['NULL'],
  required: [],
  reserve: () => NAME,
  passes: () => true,
  extension: { welcome: () => answer },
});

const request = encodeConnectRequest({
  version: PROTOCOL_VERSION,
  membership: true,
  priority: 0,
  name: 'alice',
  offers: true,
});

const atDaemon = fc.property(
  fc.tuple(hello, toDaemon).chain(([wanted, { frame }]) => {
    const whole = Buffer.concat([request, encodeMethodChoice(['NULL', 'SSPX1']), encodeHello(wanted), frame]);
    return spoiled(fc.constant(whole));
  }),
  welcome,
  fractions,
  (whole, answer, cuts) => {
    const policy = granted(answer);
    // What it has written before an invalid HELLO depends on when that came.
    const outcome = (pieces: readonly Buffer[]): unknown => {
      const result = resultOf(() => daemonHears(policy, pieces));
      return result === 'fault' ? result : [result.written, result.outcome];
    };
    same(outcome([whole]), outcome(cutAt(whole, positions(whole.length, cuts))));
  },
);

const wanted: Hello = { features: 0x1f, holdMs: 0, heartbeatMs: 2000, attempt: 0, resume: null };

const atClient = fc.property(
  fc.tuple(welcome, toClient).chain(([answer, { frame }]) => {
    const list = encodeMethodList(['NULL', 'SSPX1']);
    const whole = Buffer.concat([list, encodeWelcome(answer), encodeAccept(PROTOCOL_VERSION, NAME), frame]);
    return spoiled(fc.constant(whole));
  }),
  fractions,
  (whole, cuts) => {
    const options = { name: 'alice', membership: true, priority: 0, hello: wanted };
    const outcome = (pieces: readonly Buffer[]): unknown => {
      const { outcome: found, frames: list, fault } = clientHears(options, pieces);
      return [found, list, fault];
    };
    same(outcome([whole]), outcome(cutAt(whole, positions(whole.length, cuts))));
  },
);

const KEY = Buffer.alloc(32, 7);

export const extensionProperties = {
  'extension handshake at the daemon': atDaemon,
  'extension handshake at a client': atClient,
  'extension frames to the daemon': frameStreams(toDaemon, 'c2d', ofClient, readToDaemon),
  'extension frames to a client': frameStreams(toClient, 'd2c', checkDelivery, readToClient),
  'frames between daemons': fc.property(spoiled(betweenDaemons.map(({ frame }) => frame)), (frame) => {
    if (frame.length >= HEADER_BYTES) resultOf(() => readDaemonFrame(frame, 0, frame.length));
  }),
  tokens: fc.property(
    token,
    spoiled(token.map((each) => sealToken(each, KEY))),
    bytes(130),
    (each, sealed, garbage) => {
      const found = openToken(sealed, () => KEY);
      if (found && !sealToken(found, KEY).equals(sealed)) throw new Error('another token was opened');
      for (const other of [garbage, sealToken(each, Buffer.alloc(32, 8))]) {
        if (openToken(other, () => KEY)) throw new Error('a token of somebody else was opened');
      }
    },
  ),
};
