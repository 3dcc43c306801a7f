import { endianness } from 'node:os';
import { expect } from 'chai';
import { readTcpLine, tableKey } from '../../lib/silence/tcp-table.js';
import { skip } from '../support/skip.js';

/** Lines as Linux 6.18 shows them. */
const HEAD =
  '  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode';
const lines = {
  idle: '   2: 014EE70A:A2DB 024EE70A:D2F6 01 00000000:00000000 02:0000012B 00000000     0        0 5781 1 0 20 4 30 10 -1',
  'idle, asked seven times':
    '   2: 014EE70A:A2DB 024EE70A:D2F6 01 00000000:00000000 02:0000012B 00000000     0        7 5781 1 0 20 4 30 10 -1',
  'data sent six times again':
    '1234567: 014EE70A:A2DB 024EE70A:D2F8 01 00000005:00000000 01:000004CB 00000006  1000        0 5782 2 0 20 4 30 1 7',
  'no room, asked once':
    '   4: 014EE70A:A2DB 024EE70A:D2FA 01 00008358:00000000 04:00000863 00000000     0        1 5783 2 0 20 4 30 1 7',
  'time wait':
    '   3: 0100007F:934D 0100007F:C5F4 06 00000000:00000000 03:000014EC 00000000     0        0 0 3 0',
  'over IPv6':
    '   0: B80D0120000000000000000001000000:12C3 B80D0120000000000000000002000000:0FA0 01 0000000A:00000000 01:00000014 00000002     0        0 1 1 0 20 4 30 10 -1',
} as const;

describe('silence: table of TCP connections', () => {
  for (const [what, line, expected] of [
    ['an idle connection', lines.idle, { queued: 0, awaits: 'life', unanswered: 0 }],
    ['a question for life', lines['idle, asked seven times'], { queued: 0, awaits: 'life', unanswered: 7 }],
    ['data', lines['data sent six times again'], { queued: 5, awaits: 'acknowledgement', unanswered: 6 }],
    ['a window of nothing', lines['no room, asked once'], { queued: 0x8358, awaits: 'room', unanswered: 1 }],
    ['a closed one', lines['time wait'], { queued: 0, awaits: 'nothing', unanswered: 0 }],
    ['IPv6', lines['over IPv6'], { queued: 10, awaits: 'acknowledgement', unanswered: 2 }],
  ] as const) {
    it(`is read: ${what}`, () => {
      const { key, ...rest } = readTcpLine(line) ?? {};
      expect(rest).to.deep.equal(expected);
      expect(line).to.include(key);
    });
  }

  it('has lines that say nothing: the head, an empty one, one that is cut', () => {
    expect([HEAD, '', lines.idle.slice(0, 40)].map(readTcpLine)).to.deep.equal([null, null, null]);
  });

  it('names a connection by its ends', function () {
    // The table shows words as they are in memory; these samples are of a little-endian machine.
    if (endianness() === 'BE') skip(this, 'the samples are of a little-endian machine');
    const named = (
      localAddress: string,
      localPort: number,
      remoteAddress: string,
      remotePort: number,
    ): string => tableKey({ localAddress, localPort, remoteAddress, remotePort });
    expect(named('10.231.78.1', 0xa2db, '10.231.78.2', 0xd2f6)).to.equal('014EE70A:A2DB 024EE70A:D2F6');
    expect(named('2001:db8::1', 4803, '2001:db8::2', 4000)).to.equal(
      'B80D0120000000000000000001000000:12C3 B80D0120000000000000000002000000:0FA0',
    );
    expect(named('::ffff:10.231.78.1', 1, 'fe80::5054:ff:fe12:3456%eth0', 65_535)).to.equal(
      '0000000000000000FFFF0000014EE70A:0001 000080FE00000000FF005450563412FE:FFFF',
    );
    expect(named('::1', 10, '1:2:3:4:5:6:7:8', 11)).to.equal(
      '00000000000000000000000001000000:000A 02000100040003000600050008000700:000B',
    );
  });
});
