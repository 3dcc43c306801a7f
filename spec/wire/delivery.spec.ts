import { Buffer } from 'node:buffer';
import { expect } from 'chai';
import { checkDelivery, Delivery } from '../../lib/wire/delivery.js';
import { type FaultReason, FrameFault } from '../../lib/wire/fault.js';
import { writeHeader } from '../../lib/wire/header.js';
import { MAX_DELIVERY_DATA, MAX_VIEW_MEMBERS } from '../../lib/wire/limits.js';
import { encodeSelfLeave } from '../../lib/wire/membership.js';
import { nameField } from '../../lib/wire/name.js';
import { encodeMessage } from '../../lib/wire/request.js';
import { AGREED_MESS, CAUSED_BY_LEAVE, REJECT_MESS, SUBGROUP_CAST } from '../../lib/wire/service.js';

function header(numGroups: number, dataLength: number, service = AGREED_MESS, little = true): Buffer {
  const bytes = Buffer.alloc(48);
  writeHeader(bytes, 0, { service, name: '#a#d', numGroups, messType: 0, dataLength }, little);
  return bytes;
}

function verdict(bytes: Buffer, at = 0): FaultReason | number {
  try {
    return checkDelivery(bytes, at);
  } catch (error) {
    if (error instanceof FrameFault) return error.reason;
    throw error;
  }
}

/** Data as a daemon passes it on from a big-endian sender: only the hint is big-endian. */
const fromJava = Buffer.concat([
  Buffer.from(`90000080${nameField('#jay#dmn1').toString('hex')}010000000001020009000000`, 'hex'),
  nameField('foo'),
  Buffer.from('from java'),
]);

/** Data of a big-endian daemon. */
const fromBigDaemon = Buffer.concat([
  Buffer.from(`40000010${nameField('#jay#dmn1').toString('hex')}000000028002018000000003`, 'hex'),
  nameField('one'),
  nameField('two'),
  Buffer.from('abc'),
]);

const delivery = (bytes: Buffer): Delivery => new Delivery(bytes, 0, bytes.length);

/** Made by hand after [session 4.9]: a refused SAFE message with SELF_DISCARD. */
const refused = (type: string, count: string, length: string, old: string): Buffer =>
  Buffer.concat([
    Buffer.from(`${type}${nameField('#a#d').toString('hex')}${count}80050080${length}${old}`, 'hex'),
    nameField('g'),
    nameField('#a#d'),
    Buffer.from('xyz'),
  ]);

describe('wire: delivered frames', () => {
  describe('check', () => {
    it('gives the length of the frame', () => {
      expect(verdict(header(3, 10))).to.equal(48 + 96 + 10);
    });

    it('reads the counts of a big-endian daemon', () => {
      expect(verdict(header(3, 10, AGREED_MESS, false))).to.equal(48 + 96 + 10);
    });

    it('counts the extra word of a reject frame', () => {
      expect(verdict(header(2, 0, REJECT_MESS))).to.equal(48 + 4 + 64);
    });

    it('works at any place of a chunk', () => {
      expect(verdict(Buffer.concat([Buffer.alloc(3, 0xff), header(1, 1)]), 3)).to.equal(81);
    });

    it('passes views of more than 100 members', () => {
      expect(verdict(header(150, 56))).to.equal(48 + 150 * 32 + 56);
    });

    it('passes the largest view', () => {
      expect(verdict(header(MAX_VIEW_MEMBERS, MAX_DELIVERY_DATA))).to.be.a('number');
    });

    for (const little of [true, false]) {
      const order = little ? 'little' : 'big';
      for (const groups of [-1, -2_147_483_648, MAX_VIEW_MEMBERS + 1, 2_147_483_647]) {
        it(`refuses ${groups} groups in ${order}-endian order`, () => {
          expect(verdict(header(groups, 0, AGREED_MESS, little))).to.equal('groups-count');
        });
      }
      for (const length of [-1, -2_147_483_648, MAX_DELIVERY_DATA + 1, 2_147_483_647]) {
        it(`refuses ${length} bytes of data in ${order}-endian order`, () => {
          expect(verdict(header(0, length, AGREED_MESS, little))).to.equal('data-length');
        });
      }
    }
  });

  describe('of data', () => {
    it('has the sender, the destinations, the type and the body', () => {
      const frame = delivery(
        encodeMessage(AGREED_MESS | SUBGROUP_CAST, '#a#d', ['g', '#b#d'], -7, [Buffer.from('hi')]),
      );
      expect(frame).to.include({
        service: AGREED_MESS | SUBGROUP_CAST,
        numGroups: 2,
        messType: -7,
        length: 114,
      });
      expect([frame.name, ...frame.names(), frame.body.toString()]).to.deep.equal([
        '#a#d',
        'g',
        '#b#d',
        'hi',
      ]);
    });

    it('of a big-endian sender keeps that sender apart from the daemon', () => {
      expect(delivery(fromJava)).to.include({
        little: true,
        senderLittle: false,
        messType: 258,
        numGroups: 1,
      });
      expect(delivery(fromJava).body.toString()).to.equal('from java');
    });

    it('of a big-endian daemon is read as well', () => {
      const frame = delivery(fromBigDaemon);
      expect(frame).to.include({ service: 0x40000010, little: false, senderLittle: true, messType: 258 });
      expect([...frame.names(), frame.body.toString()]).to.deep.equal(['one', 'two', 'abc']);
    });

    it('is read where it lies in a longer buffer', () => {
      const bytes = Buffer.concat([Buffer.alloc(9, 0xff), fromJava, Buffer.alloc(9, 0xff)]);
      const frame = new Delivery(bytes, 9, 9 + fromJava.length);
      expect([frame.name, frame.length, ...frame.names(), frame.body.toString()]).to.deep.equal([
        '#jay#dmn1',
        fromJava.length,
        'foo',
        'from java',
      ]);
    });

    it('gives as many names as asked for and there are', () => {
      const frame = delivery(fromBigDaemon);
      expect([0, 1, 2, 3].map((count) => frame.names(count).length)).to.deep.equal([0, 1, 2, 2]);
    });

    it('gives a body that is not copied', () => {
      const bytes = Buffer.from(fromJava);
      const { body } = delivery(bytes);
      bytes[bytes.length - 1] = 0x21;
      expect(body.toString()).to.equal('from jav!');
    });
  });

  it('of a self-leave has no names and no body', () => {
    const frame = delivery(encodeSelfLeave('foo'));
    expect(frame).to.include({ service: CAUSED_BY_LEAVE, name: 'foo', numGroups: 0, length: 48 });
    expect(frame.body).to.have.length(0);
  });

  describe('of a refused request', () => {
    for (const [order, bytes] of [
      ['little', refused('c0004080', '02000000', '03000000', 'e0000080')],
      ['big', refused('00400040', '00000002', '00000003', '00000060')],
    ] as const) {
      it(`has the refused service with REJECT, from a ${order}-endian daemon`, () => {
        expect(verdict(bytes)).to.equal(bytes.length);
        expect(delivery(bytes)).to.include({ service: 0x00400060, numGroups: 2, messType: 5, name: '#a#d' });
      });

      it(`has names and data behind the extra word, from a ${order}-endian daemon`, () => {
        const frame = delivery(bytes);
        expect([...frame.names(), frame.body.toString()]).to.deep.equal(['g', '#a#d', 'xyz']);
      });
    }

    it('reads the extra word in the order that the type word tells', () => {
      const bytes = refused('c0004080', '02000000', '03000000', '60000000');
      expect(delivery(bytes).service).to.equal(0x00400060);
    });
  });
});
