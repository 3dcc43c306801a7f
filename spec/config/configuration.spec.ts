import { expect } from 'chai';
import { daemonId } from '../../daemon/config/index.js';
import { itRefuses, parse } from './support.js';

const repeat = (count: number, make: (i: number) => string): string =>
  Array.from({ length: count }, (_, i) => make(i)).join('\n');

const daemons = (count: number, from = 0): string =>
  repeat(count, (i) => `d${from + i} 10.0.${Math.floor((from + i) / 200)}.${((from + i) % 200) + 1}`);
const segment = (body: string): string => `Spread_Segment 10.0.0.255 {\n${body}\n}`;
const segments = (count: number): string =>
  repeat(count, (i) => `Spread_Segment 10.${i}.0.255 { d${i} 10.${i}.0.1 }`);
const addresses = (count: number): string => repeat(count, (i) => `225.0.0.${i}`);
const interfaces = (count: number): string => `{\nD 10.0.0.1\n${repeat(count - 1, (i) => `10.0.1.${i}`)}\n}`;

const ofOneFamily = (family: number): string =>
  `is not an IPv${family} address: all addresses of a file are of one family`;

/** Two names with the same FNV-1a hash. */
const COLLISION = ['costarring', 'liquid'] as const;

describe('parseConfiguration', () => {
  it('gives segments, daemons in the order of the file, and the family', () => {
    const parsed = parse(`
      Spread_Segment 225.0.1.1:4900 { beta 10.0.0.2 alpha 10.0.0.1 VirtualID = 9 }
      Spread_Segment 10.1.0.255     { 10.1.0.1 }`);
    expect(parsed.family).to.equal(4);
    expect(parsed.segments).to.deep.equal([
      { addresses: ['225.0.1.1'], port: 4900 },
      { addresses: ['10.1.0.255'], port: 4803 },
    ]);
    expect(
      parsed.daemons.map(({ name, address, id, segment: index }) => [name, address, id, index]),
    ).to.deep.equal([
      ['beta', '10.0.0.2', daemonId('beta'), 0],
      ['alpha', '10.0.0.1', 9, 0],
      ['10.1.0.1', '10.1.0.1', daemonId('10.1.0.1'), 1],
    ]);
  });

  it('accepts everything at its limit', () => {
    expect(parse(segments(20)).segments).to.have.length(20);
    expect(parse(segment(daemons(128))).daemons).to.have.length(128);
    expect(parse(`Spread_Segment ${addresses(5)} { a 10.0.0.1 }`).segments[0]?.addresses).to.have.length(5);
    expect(parse(segment(`a 10.0.0.1 ${interfaces(10)}`)).daemons[0]?.interfaces).to.have.length(10);
  });

  it('cuts a name after 19 characters and keeps the host name whole', () => {
    const [long] = parse(segment('a.name.of.more.than.19.characters')).daemons;
    expect(long?.name).to.equal('a.name.of.more.than');
    expect(long?.id).to.equal(daemonId('a.name.of.more.than'));
    expect(long?.host).to.equal('a.name.of.more.than.19.characters');
    expect(parse('Spread_Segment ff02::1 { fd00:1111:2222:3333::1 }').daemons[0]?.name).to.equal(
      'fd00:1111:2222:3333',
    );
  });

  it('takes the sample segment of IPv6, [::1] for one daemon, with a warning', () => {
    const {
      family,
      segments: found,
      warnings,
    } = parse('Spread_Segment [::1]:25000\n{\n\tlocalhost\t\t::1\n}\n');
    expect([family, found]).to.deep.equal([6, [{ addresses: ['::1'], port: 25_000 }]]);
    expect(warnings).to.deep.equal([
      'spread.conf:1:17: "::1" is not a multicast address: a segment of one daemon ignores it',
    ]);
  });

  it('reads all spellings of an IPv6 address as one', () => {
    const [daemon] = parse('Spread_Segment FF02::0:1 { a FD00:0:0::0001 { D fd00::1 C :: } }').daemons;
    expect(daemon?.address).to.equal('fd00::1');
  });

  it('takes as a daemon`s own interface the unspecified address too', () => {
    expect(parse(segment('a 10.0.0.1 { C 10.0.0.1 D 0.0.0.0 }')).daemons).to.have.length(1);
    expect(parse(segment('a 10.0.0.1 { 0.0.0.0 }')).daemons).to.have.length(1);
    expect(parse(segment('a 10.0.0.1 { M D 10.0.0.1 C 127.0.0.1 }')).daemons).to.have.length(1);
  });

  it('leaves the interfaces of a daemon without address for later', () => {
    expect(parse(segment('a { D 10.0.0.7 }')).daemons[0]?.address).to.equal(undefined);
  });

  describe('family', () => {
    it('is that of the first daemon', () => {
      expect(parse('Spread_Segment ff02::1 { a ::1 }').family).to.equal(6);
    });

    it('is that of ActiveIPVersion before the first daemon, the later one of two', () => {
      expect(
        parse('ActiveIPVersion = IPv4 ActiveIPVersion = IPv6 Spread_Segment ff02::1 { a }').family,
      ).to.equal(6);
    });

    it('is that of the segment when the first daemon has only a name', () => {
      expect(parse('Spread_Segment ff02::1 { a }').family).to.equal(6);
    });

    it('may be stated again behind the daemons', () => {
      expect(parse('Spread_Segment ff02::1 { a ::1 } ActiveIPVersion = IPv6').family).to.equal(6);
    });
  });

  itRefuses([
    ['a file without segment', '# nothing\nWindow = 30\n', '3:1', 'the file has no segment'],
    [
      'a segment without daemon',
      `${segments(1)}\n Spread_Segment 10.0.0.255 { }`,
      '2:2',
      'the segment has no daemon',
    ],
    ['21 segments', segments(21), '21:1', 'more than 20 segments'],
    [
      'six segment addresses',
      `Spread_Segment ${addresses(6)} { a }`,
      '6:1',
      'more than 5 addresses in one segment',
    ],
    ['129 daemons', segment(daemons(129)), '130:1', 'more than 128 daemons'],
    [
      '129 daemons in two segments',
      `${segment(daemons(65))} ${segment(daemons(64, 65))}`,
      '131:1',
      'more than 128 daemons',
    ],
    [
      '11 interfaces',
      segment(`a 10.0.0.1 ${interfaces(11)}`),
      '13:1',
      'more than 10 interfaces of one daemon',
    ],

    ['a name twice', segment('a 10.0.0.1\n "a" 10.0.0.2'), '3:2', 'a daemon named "a" is already on line 2'],
    [
      'names that are the same when cut',
      segment(`${'a'.repeat(19)}b 10.0.0.1 ${'a'.repeat(19)}c 10.0.0.2`),
      '2:31',
      `a daemon named "${'a'.repeat(19)}" is already on line 2`,
    ],
    ['an empty name', segment('"" 10.0.0.1'), '2:1', 'the daemon name "" cannot be used: it is empty'],
    [
      'a name that clients cannot use',
      segment('"a#b" 10.0.0.1'),
      '2:1',
      'the daemon name "a#b" cannot be used: only the characters from "$" to "~" can be in it',
    ],
    [
      'a name with letters of other languages',
      segment('m\u00fcnchen 10.0.0.1'),
      '2:1',
      'the daemon name "m\u00fcnchen" cannot be used: only the characters from "$" to "~" can be in it',
    ],
    ['VirtualID 0', segment('a 10.0.0.1 VirtualID = 0'), '2:24', 'a VirtualID is greater than 0'],
    [
      'a VirtualID twice',
      segment('a 10.0.0.1 VirtualID = 5\nb 10.0.0.2 VirtualID = 5'),
      '3:24',
      'the id 5 is that of "a" on line 2: choose another VirtualID',
    ],
    [
      'names with the same id',
      segment(`${COLLISION[0]} 10.0.0.1\n${COLLISION[1]} 10.0.0.2`),
      '3:1',
      `the id ${daemonId(COLLISION[0])} is that of "${COLLISION[0]}" on line 2: choose another VirtualID`,
    ],

    [
      'an address twice',
      segment('a 10.0.0.1\nb 10.0.0.1'),
      '3:3',
      '"10.0.0.1" is already the address of "a" on line 2',
    ],
    [
      'an address twice in two spellings',
      'Spread_Segment ff02::1 { a fd00::1\nb fd00:0::1 }',
      '2:3',
      '"fd00::1" is already the address of "a" on line 1',
    ],
    [
      'a multicast daemon',
      segment('a 225.0.0.1'),
      '2:3',
      '"225.0.0.1" is a multicast address and cannot be a daemon',
    ],
    [
      'a multicast daemon of IPv6',
      'Spread_Segment ff02::1 { ff02::2 }',
      '1:26',
      '"ff02::2" is a multicast address and cannot be a daemon',
    ],
    [
      'an unspecified daemon',
      segment('a 0.0.0.0'),
      '2:3',
      '"0.0.0.0" is the unspecified address and cannot be a daemon',
    ],
    [
      'an unspecified daemon of IPv6',
      'Spread_Segment ff02::1 { 0::0 }',
      '1:26',
      '"::" is the unspecified address and cannot be a daemon',
    ],
    [
      'an unspecified segment',
      'Spread_Segment 0.0.0.0 { a }',
      '1:16',
      '"0.0.0.0": a segment needs a broadcast or multicast address',
    ],
    [
      'an unspecified segment of IPv6',
      'Spread_Segment :: { a }',
      '1:16',
      '"::": a segment needs a multicast address',
    ],
    [
      'an IPv6 segment of several daemons that is not multicast',
      'Spread_Segment fd00::9 { a b }',
      '1:16',
      '"fd00::9": a segment needs a multicast address',
    ],

    ['a daemon of another family', segment('a 10.0.0.1\nb ::1'), '3:3', `"::1" ${ofOneFamily(4)}`],
    [
      'a segment of another family than its daemon',
      'Spread_Segment 10.0.0.255 { a ::1 }',
      '1:16',
      `"10.0.0.255" ${ofOneFamily(6)}`,
    ],
    [
      'a further address of another family',
      'Spread_Segment 10.0.0.255 ff02::1 { a 10.0.0.1 }',
      '1:27',
      `"ff02::1" ${ofOneFamily(4)}`,
    ],
    [
      'an interface of another family',
      segment('a 10.0.0.1 { D 10.0.0.1 C ::1 }'),
      '2:27',
      `"::1" ${ofOneFamily(4)}`,
    ],
    [
      'another ActiveIPVersion before',
      `ActiveIPVersion = IPv6 ${segment('a 10.0.0.1')}`,
      '1:39',
      `"10.0.0.255" ${ofOneFamily(6)}`,
    ],
    [
      'another ActiveIPVersion behind',
      `${segment('a 10.0.0.1')} ActiveIPVersion = IPv6`,
      '3:21',
      'the addresses of this file are IPv4',
    ],

    [
      'interfaces without one for daemons',
      segment('a 10.0.0.1 { C 10.0.0.1 M 0.0.0.0 }'),
      '2:16',
      'no interface of "a" carries daemon traffic (D) on its address 10.0.0.1',
    ],
    [
      'daemon traffic on another address only',
      segment('a 10.0.0.1 { D 10.0.0.2 C 10.0.0.1 }'),
      '2:16',
      'no interface of "a" carries daemon traffic (D) on its address 10.0.0.1',
    ],
  ]);
});

describe('daemonId', () => {
  it('is FNV-1a of 32 bit, unsigned', () => {
    expect(daemonId('')).to.equal(0x811c9dc5);
    expect(daemonId('a')).to.equal(0xe40c292c);
    expect(daemonId('foobar')).to.equal(0xbf9cf968);
    expect(daemonId('d1')).to.equal(2283607014);
  });

  it('differs between like names, and collides where FNV-1a does', () => {
    expect(daemonId('d1')).to.not.equal(daemonId('d2'));
    expect(daemonId(COLLISION[0])).to.equal(daemonId(COLLISION[1]));
  });
});
