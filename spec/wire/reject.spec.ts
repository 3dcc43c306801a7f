import { Buffer } from 'node:buffer';
import { expect } from 'chai';
import { checkDelivery, Delivery } from '../../lib/wire/delivery.js';
import { normalizeHeader } from '../../lib/wire/header.js';
import { encodeReject, REJECTED_BY_LIMIT, rejectedService } from '../../lib/wire/reject.js';
import { encodeMessage, encodeRequest } from '../../lib/wire/request.js';
import {
  AGREED_MESS,
  CAUSED_BY_JOIN,
  CAUSED_BY_LEAVE,
  JOIN_MESS,
  LEAVE_MESS,
  REJECT_MESS,
  SELF_DISCARD,
} from '../../lib/wire/service.js';

const OWN = '#bob#dmn1';
const field = (name: string): string => Buffer.from(name, 'latin1').toString('hex').padEnd(64, '0');

const rejectOf = (request: Buffer): Buffer => encodeReject(request, 0, request.length);

describe('wire: reject frames', () => {
  it('answer a join with the bytes that [session 4.9] describes', () => {
    expect(rejectOf(encodeRequest(JOIN_MESS, OWN, ['foo'])).toString('hex')).to.equal(
      ['80004080', field(OWN), '02000000', '80000080', '00000000', '80010080', field('foo'), field(OWN)].join(
        '',
      ),
    );
  });

  it('tell a limit that refused a join from a policy, in the message type that a join does not use', () => {
    const join = encodeRequest(JOIN_MESS, OWN, ['foo']);
    const limited = encodeReject(join, 0, join.length, REJECTED_BY_LIMIT);
    expect(new Delivery(limited, 0, limited.length)).to.include({ messType: REJECTED_BY_LIMIT });
    expect(limited.toString('hex', 40, 44)).to.equal('80010080');
    limited.set(rejectOf(join).subarray(40, 44), 40);
    expect(limited.equals(rejectOf(join)), 'the rest is the same').to.equal(true);
  });

  it('answer a leave with the leave cause', () => {
    expect(rejectOf(encodeRequest(LEAVE_MESS, OWN, ['foo'])).toString('hex', 48, 52)).to.equal('80020080');
  });

  it('answer a message with its type, its hint and its data', () => {
    const request = encodeMessage(AGREED_MESS | SELF_DISCARD, OWN, ['a', 'b'], -2, [Buffer.from('data')]);
    expect(rejectOf(request).toString('hex')).to.equal(
      [
        'c0004080',
        field(OWN),
        '03000000',
        '80feff80',
        '04000000',
        'd0000080',
        field('a'),
        field('b'),
        field(OWN),
        '64617461',
      ].join(''),
    );
  });

  it('leave the hint of a big-endian sender as it was', () => {
    const request = encodeMessage(AGREED_MESS, OWN, ['a'], 0, []);
    Buffer.from('00010200', 'hex').copy(request, 40);
    const reject = rejectOf(request);
    expect(reject.toString('hex', 40, 44)).to.equal('00010200');
    expect(new Delivery(reject, 0, reject.length)).to.include({ messType: 258, senderLittle: false });
    const chunk = Buffer.concat([Buffer.alloc(100, 0xff), request]);
    expect(encodeReject(chunk, 100, chunk.length)).to.deep.equal(reject);
  });

  it('are made of a request anywhere in a chunk', () => {
    const request = encodeMessage(AGREED_MESS, OWN, ['a'], 3, [Buffer.from('xyz')]);
    const chunk = Buffer.concat([Buffer.alloc(11, 0xff), request, Buffer.alloc(4, 0xff)]);
    expect(encodeReject(chunk, 11, 11 + request.length)).to.deep.equal(rejectOf(request));
  });

  it('are made of what a big-endian client sent, once it is normalized', () => {
    const request = encodeMessage(AGREED_MESS, OWN, ['a'], 0, [Buffer.from('xyz')]);
    const big = Buffer.from(request);
    big.writeInt32BE(AGREED_MESS, 0);
    big.writeInt32BE(1, 36);
    big.writeInt32BE(3, 44);
    normalizeHeader(big, 0);
    expect(rejectOf(big)).to.deep.equal(rejectOf(request));
  });

  it('have room for the sender behind 99 groups', () => {
    const groups = Array.from({ length: 99 }, (_, i) => `g${i}`);
    const reject = rejectOf(encodeMessage(AGREED_MESS, OWN, groups, 0, [Buffer.from('x')]));
    expect(new Delivery(reject, 0, reject.length).names()).to.deep.equal([...groups, OWN]);
  });

  it('give up the last of 100 groups for the sender', () => {
    const groups = Array.from({ length: 100 }, (_, i) => `g${i}`);
    const reject = rejectOf(encodeMessage(AGREED_MESS, OWN, groups, 0, [Buffer.from('x')]));
    const delivery = new Delivery(reject, 0, reject.length);
    expect(delivery.names()).to.deep.equal([...groups.slice(0, 99), OWN]);
    expect(delivery.body.toString()).to.equal('x');
  });

  it('answer a message to nobody with the sender alone', () => {
    const reject = rejectOf(encodeMessage(AGREED_MESS, OWN, [], 0, []));
    expect(new Delivery(reject, 0, reject.length).names()).to.deep.equal([OWN]);
  });

  for (const groups of [0, 1, 99, 100]) {
    it(`with ${groups} groups have the length that a client computes`, () => {
      const reject = rejectOf(
        encodeMessage(AGREED_MESS, OWN, Array<string>(groups).fill('g'), 0, [Buffer.alloc(9)]),
      );
      expect(checkDelivery(reject, 0)).to.equal(reject.length);
    });
  }

  for (const [what, service, reported] of [
    ['join', JOIN_MESS, REJECT_MESS | CAUSED_BY_JOIN],
    ['leave', LEAVE_MESS, REJECT_MESS | CAUSED_BY_LEAVE],
    ['message', AGREED_MESS | SELF_DISCARD, REJECT_MESS | AGREED_MESS | SELF_DISCARD],
  ] as const) {
    it(`of a ${what} are reported as 0x${reported.toString(16)}`, () => {
      const reject = rejectOf(encodeMessage(service, OWN, ['g'], 0, []));
      expect(new Delivery(reject, 0, reject.length).service).to.equal(reported);
      expect(rejectedService(service)).to.equal(reported);
    });
  }
});
