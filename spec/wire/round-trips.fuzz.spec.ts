/** What is written and read again is the same. */
import { Buffer } from 'node:buffer';
import { expect } from 'chai';
import * as fc from 'fast-check';
import { Delivery, checkDelivery } from '../../lib/wire/delivery.js';
import { readGroupId } from '../../lib/wire/group-id.js';
import { encodeAccept, readAccept } from '../../lib/wire/handshake/accept.js';
import {
  encodeMethodChoice,
  encodeMethodList,
  readMethodChoice,
  readMethodList,
} from '../../lib/wire/handshake/authentication.js';
import {
  PROTOCOL_VERSION,
  encodeConnectRequest,
  readConnectRequest,
} from '../../lib/wire/handshake/connect-request.js';
import { normalizeHeader, readHeader, writeHeader } from '../../lib/wire/header.js';
import {
  encodeRegularMembership,
  encodeSspBody,
  encodeTransition,
  readMembershipBody,
  readSspBody,
  readVsSet,
} from '../../lib/wire/membership.js';
import { isPrivateGroup, nameField, parsePrivateGroup, privateGroup, readName } from '../../lib/wire/name.js';
import { encodeReject, rejectedService } from '../../lib/wire/reject.js';
import { checkRequest, encodeMessage } from '../../lib/wire/request.js';
import { CAUSED_BY_NETWORK, ENDIAN_RESERVED, REG_MEMB_MESS } from '../../lib/wire/service.js';
import { bytes, groupId, name } from './arbitraries.js';

const messType = fc.integer({ min: -32_768, max: 32_767 });
const session = fc.tuple(name(10), name(19)).map(([own, daemon]) => privateGroup(own, daemon));
const service = fc
  .tuple(fc.constantFrom(1, 2, 4, 8, 16, 32), fc.constantFrom(0, 0x40), fc.integer({ min: 0, max: 0x7f }))
  .map(([kind, discard, high]) => kind | discard | (high << 24));
const groups = fc.array(fc.oneof(name(31), session), { maxLength: 12 });
const message = fc.record({ service, session, groups, messType, data: bytes(100) });

describe('wire: round trips', () => {
  it('of connect requests', () => {
    const byte = fc.integer({ min: 0, max: 99 });
    const version = fc.oneof(
      fc.record({ major: fc.integer({ min: 4, max: 127 }), minor: byte, patch: byte }),
      fc.record({ major: fc.constant(3), minor: fc.integer({ min: 15, max: 99 }), patch: byte }),
      fc.record({ major: fc.constant(3), minor: fc.integer({ min: 1, max: 14 }), patch: fc.constant(0) }),
    );
    const request = fc.record({
      version,
      membership: fc.boolean(),
      priority: fc.constantFrom(0, 1),
      name: fc.oneof(name(10), fc.constant('')),
      offers: fc.boolean(),
    });
    fc.assert(
      fc.property(request, bytes(5), (each, rest) => {
        const written = encodeConnectRequest(each);
        const read = readConnectRequest(Buffer.concat([written, rest]));
        expect(read).to.deep.equal({ request: each, length: written.length });
      }),
      { numRuns: 1000 },
    );
  });

  it('of accepts', () => {
    fc.assert(
      fc.property(session, bytes(5), fc.constantFrom(0, 1), (group, rest, priority) => {
        const written = encodeAccept(PROTOCOL_VERSION, group);
        expect(readAccept(Buffer.concat([written, rest]), priority)).to.deep.equal({
          accept: { version: PROTOCOL_VERSION, privateGroup: group },
          length: written.length,
        });
      }),
      { numRuns: 500 },
    );
  });

  it('of method lists and choices', () => {
    fc.assert(
      fc.property(fc.array(name(29), { minLength: 1, maxLength: 3 }), (methods) => {
        expect(readMethodChoice(encodeMethodChoice(methods))).to.deep.equal(methods);
        const list = encodeMethodList(methods);
        expect(list[0]).to.equal(list.length - 1);
        expect(readMethodList(list.toString('latin1', 1))).to.deep.equal(methods);
      }),
      { numRuns: 500 },
    );
  });

  it('of headers, in both orders', () => {
    const word = fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 });
    const header = fc.record({
      service: word.map((value) => value & ~ENDIAN_RESERVED),
      name: fc.oneof(name(31), fc.constant('')),
      numGroups: word,
      messType,
      dataLength: word,
    });
    fc.assert(
      fc.property(header, fc.boolean(), fc.nat(9), (each, little, at) => {
        const written = Buffer.alloc(60, 0x55);
        writeHeader(written, at, each, little);
        expect(readHeader(written, at)).to.deep.equal({ ...each, little, senderLittle: little });
      }),
      { numRuns: 2000 },
    );
  });

  it('of messages, through the checks of daemon and client', () => {
    fc.assert(
      fc.property(message, (each) => {
        const frame = encodeMessage(each.service, each.session, each.groups, each.messType, [each.data]);
        const own = nameField(each.session);
        expect(checkRequest(frame, 0, own, each.session.length)).to.equal(frame.length);
        normalizeHeader(frame, 0);
        expect(checkDelivery(frame, 0)).to.equal(frame.length);
        const delivery = new Delivery(frame, 0, frame.length);
        expect(delivery).to.include({ service: each.service, messType: each.messType, name: each.session });
        expect(delivery.names()).to.deep.equal(each.groups);
        expect(delivery.body.equals(each.data)).to.equal(true);
      }),
      { numRuns: 1000 },
    );
  });

  it('of refused messages', () => {
    fc.assert(
      fc.property(message, (each) => {
        const frame = encodeMessage(each.service, each.session, each.groups, each.messType, [each.data]);
        const reject = encodeReject(frame, 0, frame.length);
        expect(checkDelivery(reject, 0)).to.equal(reject.length);
        const delivery = new Delivery(reject, 0, reject.length);
        expect(delivery.service).to.equal(rejectedService(each.service));
        expect(delivery.names()).to.deep.equal([...each.groups, each.session]);
        expect(delivery.body.equals(each.data)).to.equal(true);
      }),
      { numRuns: 500 },
    );
  });

  it('of views', () => {
    const sets = fc.array(fc.array(session, { maxLength: 5 }), { minLength: 1, maxLength: 5 });
    fc.assert(
      fc.property(name(31), groupId, sets, fc.nat(4), (group, id, each, own) => {
        const ownSet = own % each.length;
        const members = each.flat();
        const frame = encodeRegularMembership(
          group,
          CAUSED_BY_NETWORK,
          members.map(nameField),
          id,
          each.map((set) => set.map(nameField)),
          ownSet,
        );
        expect(checkDelivery(frame, 0)).to.equal(frame.length);
        const delivery = new Delivery(frame, 0, frame.length);
        expect(delivery).to.include({ service: REG_MEMB_MESS | CAUSED_BY_NETWORK, name: group, messType: 0 });
        expect(delivery.names()).to.deep.equal(members);
        const { body } = delivery;
        const read = readMembershipBody(body, 0, body.length, true);
        expect([read.id, read.ownSet]).to.deep.equal([id, ownSet]);
        expect(read.sets.map((set) => readVsSet(body, 0, set))).to.deep.equal(each);
      }),
      { numRuns: 1000 },
    );
  });

  it('of transitions', () => {
    fc.assert(
      fc.property(name(31), groupId, (group, id) => {
        const frame = encodeTransition(group, id);
        const delivery = new Delivery(frame, 0, checkDelivery(frame, 0));
        expect([delivery.name, readGroupId(delivery.body, 0, delivery.little)]).to.deep.equal([group, id]);
      }),
      { numRuns: 500 },
    );
  });

  it('of bodies of SSP', () => {
    fc.assert(
      fc.property(groupId, fc.array(session, { maxLength: 8 }), (id, names) => {
        expect(readSspBody(encodeSspBody(id, names))).to.deep.equal({ id, names });
      }),
      { numRuns: 500 },
    );
  });

  it('of private groups and their fields', () => {
    fc.assert(
      fc.property(name(10), name(19), (own, daemon) => {
        const group = readName(nameField(privateGroup(own, daemon)), 0);
        expect(isPrivateGroup(group)).to.equal(true);
        expect(parsePrivateGroup(group)).to.deep.equal({ name: own, daemon });
      }),
      { numRuns: 500 },
    );
  });
});
