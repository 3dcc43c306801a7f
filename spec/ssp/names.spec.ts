/** The names that `ssp-toolkit/ssp` gives: constants, predicates, texts. */
import { expect } from 'chai';
import * as ssp from '../../lib/ssp/index.js';

/** By name, since the constants are looked up in a table. */
const exported = new Map<string, unknown>(Object.entries(ssp));

describe('constants', () => {
  const values: Readonly<Record<string, number>> = {
    UNRELIABLE_MESS: 1,
    RELIABLE_MESS: 2,
    FIFO_MESS: 4,
    CAUSAL_MESS: 8,
    AGREED_MESS: 0x10,
    SAFE_MESS: 0x20,
    REGULAR_MESS: 0x3f,
    SELF_DISCARD: 0x40,
    CAUSED_BY_JOIN: 0x100,
    CAUSED_BY_LEAVE: 0x200,
    CAUSED_BY_DISCONNECT: 0x400,
    CAUSED_BY_NETWORK: 0x800,
    REG_MEMB_MESS: 0x1000,
    TRANSITION_MESS: 0x2000,
    MEMBERSHIP_MESS: 0x3f00,
    REJECT_MESS: 0x400000,
    DROP_RECV: 0x01000000,
    ENCRYPT_MESS: 0x08000000,
    DONT_BLOCK: 0x10000000,
    FLUSH_REQ_MESS: 0x20000000,
    SUBGROUP_CAST: 0x40000000,
    REG_MESSAGE: 0x3f,
    MEMB_MESSAGE: 0x3f00,
    TRANS_MESS: 0x2000,
    TRANS_MEMB_MESS: 0x2000,
    ACCEPT_SESSION: 1,
    CONNECTION_CLOSED: -8,
    ILLEGAL_SESSION: -11,
    BUFFER_TOO_SHORT: -15,
    WOULD_BLOCK: -25,
    INVALID_PARAM: -57,
    MAX_GROUP_NAME: 32,
    MAX_PRIVATE_NAME: 10,
    MAX_PROC_NAME: 20,
    MAX_CLIENT_SCATTER_ELEMENTS: 100,
    FL_MAX_SCATTER_ELEMENTS: 99,
    DEFAULT_SPREAD_PORT: 4803,
    MAX_MESSAGE_BODY_LEN: 144_000,
    LOW_PRIORITY: 0,
    MEDIUM_PRIORITY: 1,
    HIGH_PRIORITY: 2,
  };
  for (const [name, value] of Object.entries(values)) {
    it(`${name} is ${value}`, () => {
      expect(exported.get(name)).to.equal(value);
    });
  }
});

describe('predicates', () => {
  const all: Readonly<Record<string, (service: number) => boolean>> = {
    Is_unreliable_mess: ssp.Is_unreliable_mess,
    Is_reliable_mess: ssp.Is_reliable_mess,
    Is_fifo_mess: ssp.Is_fifo_mess,
    Is_causal_mess: ssp.Is_causal_mess,
    Is_agreed_mess: ssp.Is_agreed_mess,
    Is_safe_mess: ssp.Is_safe_mess,
    Is_regular_mess: ssp.Is_regular_mess,
    Is_self_discard: ssp.Is_self_discard,
    Is_reg_memb_mess: ssp.Is_reg_memb_mess,
    Is_transition_mess: ssp.Is_transition_mess,
    Is_caused_join_mess: ssp.Is_caused_join_mess,
    Is_caused_leave_mess: ssp.Is_caused_leave_mess,
    Is_caused_disconnect_mess: ssp.Is_caused_disconnect_mess,
    Is_caused_network_mess: ssp.Is_caused_network_mess,
    Is_membership_mess: ssp.Is_membership_mess,
    Is_reject_mess: ssp.Is_reject_mess,
    Is_self_leave: ssp.Is_self_leave,
  };
  const holds: readonly (readonly [number, readonly string[]])[] = [
    [0, []],
    [0x01, ['Is_regular_mess', 'Is_unreliable_mess']],
    [0x02, ['Is_regular_mess', 'Is_reliable_mess']],
    [0x04, ['Is_regular_mess', 'Is_fifo_mess']],
    [0x08, ['Is_regular_mess', 'Is_causal_mess']],
    [0x10, ['Is_regular_mess', 'Is_agreed_mess']],
    [0x60, ['Is_regular_mess', 'Is_safe_mess', 'Is_self_discard']],
    [0x1100, ['Is_membership_mess', 'Is_reg_memb_mess', 'Is_caused_join_mess']],
    [0x1200, ['Is_membership_mess', 'Is_reg_memb_mess', 'Is_caused_leave_mess']],
    [0x1400, ['Is_membership_mess', 'Is_reg_memb_mess', 'Is_caused_disconnect_mess']],
    [0x1800, ['Is_membership_mess', 'Is_reg_memb_mess', 'Is_caused_network_mess']],
    [0x2000, ['Is_membership_mess', 'Is_transition_mess']],
    [0x0200, ['Is_membership_mess', 'Is_caused_leave_mess', 'Is_self_leave']],
    [0x00400010, ['Is_reject_mess']],
    [0x00400200, ['Is_reject_mess']],
  ];
  for (const [service, expected] of holds) {
    it(`0x${service.toString(16)}: ${expected.join(', ') || 'none'}`, () => {
      const found = Object.entries(all).filter(([, holdsFor]) => holdsFor(service));
      expect(found.map(([name]) => name).toSorted()).to.deep.equal(expected.toSorted());
    });
  }

  it('Is_private_group: a name with #', () => {
    expect(ssp.Is_private_group('#a#d1')).to.equal(true);
    expect(ssp.Is_private_group('group')).to.equal(false);
  });
});

describe('texts and versions', () => {
  it('SSP_strerror and SP_strerror say what a result means', () => {
    expect(ssp.SSP_strerror(-11)).to.equal('no such mailbox, or it was disconnected');
    expect(ssp.SP_strerror(-999)).to.equal('unknown result');
  });

  it('SSP_error and SP_error print one line on standard output and return it', () => {
    const written: string[] = [];
    const write = process.stdout.write.bind(process.stdout);
    process.stdout.write = (text: string | Uint8Array): boolean => written.push(String(text)) > 0;
    try {
      const lines = [ssp.SSP_error(-8), ssp.SP_error(-25)];
      expect(written).to.deep.equal(lines.map((line) => `${line}\n`));
      expect(lines).to.deep.equal([
        'SSP_error: (-8) CONNECTION_CLOSED: the connection to the daemon broke',
        'SP_error: (-25) WOULD_BLOCK: no message is waiting',
      ]);
    } finally {
      process.stdout.write = write;
    }
  });

  it('SSP_version is that of the toolkit, SP_version that of the protocol', () => {
    expect(ssp.SSP_version()).to.deep.equal({ ret: 1, major: 0, minor: 2, patch: 0 });
    expect(ssp.SP_version()).to.deep.equal({ ret: 1, major: 5, minor: 0, patch: 1 });
  });
});
