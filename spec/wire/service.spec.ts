import { expect } from 'chai';
import * as service from '../../lib/wire/service.js';

const { AGREED_MESS, CAUSED_BY_LEAVE, CAUSED_BY_NETWORK, REG_MEMB_MESS, REJECT_MESS, TRANSITION_MESS } =
  service;

const all = new Map<string, unknown>(Object.entries(service));

const predicates = {
  isRegular: service.isRegular,
  isMembership: service.isMembership,
  isRegularMembership: service.isRegularMembership,
  isTransition: service.isTransition,
  isSelfLeave: service.isSelfLeave,
  isReject: service.isReject,
};

/** The names of the predicates that hold. */
const kinds = (word: number): string[] =>
  Object.entries(predicates).flatMap(([name, holds]) => (holds(word) ? [name] : []));

describe('wire: service words', () => {
  /** The table of [session 4.3] and [receive 1]. */
  for (const [name, value] of [
    ['UNRELIABLE_MESS', 0x00000001],
    ['RELIABLE_MESS', 0x00000002],
    ['FIFO_MESS', 0x00000004],
    ['CAUSAL_MESS', 0x00000008],
    ['AGREED_MESS', 0x00000010],
    ['SAFE_MESS', 0x00000020],
    ['REGULAR_MESS', 0x0000003f],
    ['SELF_DISCARD', 0x00000040],
    ['CAUSED_BY_JOIN', 0x00000100],
    ['CAUSED_BY_LEAVE', 0x00000200],
    ['CAUSED_BY_DISCONNECT', 0x00000400],
    ['CAUSED_BY_NETWORK', 0x00000800],
    ['REG_MEMB_MESS', 0x00001000],
    ['TRANSITION_MESS', 0x00002000],
    ['MEMBERSHIP_MESS', 0x00003f00],
    ['JOIN_MESS', 0x00010000],
    ['LEAVE_MESS', 0x00020000],
    ['KILL_MESS', 0x00040000],
    ['RESERVED', 0x003fc000],
    ['REJECT_MESS', 0x00400000],
    ['DROP_RECV', 0x01000000],
    ['ENCRYPT_MESS', 0x08000000],
    ['DONT_BLOCK', 0x10000000],
    ['FLUSH_REQ_MESS', 0x20000000],
    ['SUBGROUP_CAST', 0x40000000],
    ['ENDIAN_RESERVED', 0x80000080 | 0],
    ['FORBIDDEN_REQUEST_BITS', 0x0078ff00],
    ['REQUEST_KIND', 0x0007003f],
  ] as const) {
    it(`have ${name} = 0x${(value >>> 0).toString(16)}`, () => {
      expect(all.get(name)).to.equal(value);
    });
  }

  for (const [what, word, expected] of [
    ['data', AGREED_MESS, ['isRegular']],
    ['data with other bits', AGREED_MESS | service.SELF_DISCARD | service.SUBGROUP_CAST, ['isRegular']],
    ['a join', REG_MEMB_MESS | service.CAUSED_BY_JOIN, ['isMembership', 'isRegularMembership']],
    ["another member's leave", REG_MEMB_MESS | CAUSED_BY_LEAVE, ['isMembership', 'isRegularMembership']],
    ['a network change', REG_MEMB_MESS | CAUSED_BY_NETWORK, ['isMembership', 'isRegularMembership']],
    ['a transition', TRANSITION_MESS, ['isMembership', 'isTransition']],
    ['a transition with a leave bit', TRANSITION_MESS | CAUSED_BY_LEAVE, ['isMembership', 'isTransition']],
    ['a self-leave', CAUSED_BY_LEAVE, ['isMembership', 'isSelfLeave']],
    ['a cause alone other than leave', service.CAUSED_BY_JOIN, ['isMembership']],
    ['refused data', AGREED_MESS | REJECT_MESS, ['isReject']],
    ['a refused join', service.CAUSED_BY_JOIN | REJECT_MESS, ['isReject']],
    ['a refused leave', CAUSED_BY_LEAVE | REJECT_MESS, ['isReject']],
    ['a refused word with every membership bit', service.MEMBERSHIP_MESS | REJECT_MESS, ['isReject']],
    ['nothing', 0, []],
  ] as const) {
    it(`tell ${what}`, () => {
      expect(kinds(word)).to.deep.equal(expected);
    });
  }
});
