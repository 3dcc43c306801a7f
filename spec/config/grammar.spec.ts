import { expect } from 'chai';
import { optionNames } from '../../daemon/config/options.js';
import { failureOf, itRefuses, parse, withDaemon } from './support.js';

const names = (text: string): string[] => parse(text).daemons.map(({ name }) => name);
const segment = (body: string): string => `Spread_Segment 127.0.0.255 {\n${body}\n}`;

const port = (address: string): number | undefined =>
  parse(`Spread_Segment ${address} { a ${address.includes('[') ? '::1' : '10.0.0.1'} }`).segments[0]?.port;
const keyword = (word: string): string => `${word} is a keyword: a daemon of this name is written in quotes`;

describe('configuration grammar', () => {
  describe('segments', () => {
    it('reads segments and options in any order, and on one line', () => {
      const { daemons, options } = parse(
        'Window = 10 PersonalWindow = 5 Spread_Segment 10.0.0.255 { a 10.0.0.1 } Spread_Segment 10.0.1.255 { b 10.0.1.1 } Window = 30',
      );
      expect(daemons.map(({ name, segment: index }) => [name, index])).to.deep.equal([
        ['a', 0],
        ['b', 1],
      ]);
      expect(options.Window).to.equal(30);
    });

    it('takes the port of the first address, 4803 without one and for 0', () => {
      expect(port('10.0.0.255:4999')).to.equal(4999);
      expect(port('10.0.0.255:0')).to.equal(4803);
      expect(port('10.0.0.255')).to.equal(4803);
      expect(port('10.0.0.255:65535')).to.equal(65_535);
      expect(port('[ff02::1]:5000')).to.equal(5000);
      expect(port('[ ff02::1 ] :5000')).to.equal(5000);
    });

    it('reads a bare IPv6 address and further addresses', () => {
      expect(parse('Spread_Segment FF02:0::1 ff02::2 { a ::1 }').segments[0]).to.deep.equal({
        addresses: ['ff02::1', 'ff02::2'],
        port: 4803,
      });
    });
  });

  describe('daemons', () => {
    it('takes a name and the address behind it as one daemon, across a line end too', () => {
      const { daemons } = parse(segment('a\n127.0.0.1 b 127.0.0.2'));
      expect(daemons.map(({ name, address }) => [name, address])).to.deep.equal([
        ['a', '127.0.0.1'],
        ['b', '127.0.0.2'],
      ]);
    });

    it('separates a name from an address by a free-standing ";"', () => {
      const { daemons } = parse(segment('a ; 127.0.0.1'));
      expect(daemons.map(({ name, host, address }) => [name, host, address])).to.deep.equal([
        ['a', 'a', undefined],
        ['127.0.0.1', '127.0.0.1', '127.0.0.1'],
      ]);
    });

    it('names a daemon by its address text when that stands alone', () => {
      expect(names(segment('127.0.0.1 127.0.0.2'))).to.deep.equal(['127.0.0.1', '127.0.0.2']);
      expect(names('Spread_Segment ff02::1 { 0::0:1 }')).to.deep.equal(['0::0:1']);
    });

    it('takes a ";" glued to a name as part of it, with a warning', () => {
      const { daemons, warnings } = parse(segment('a; 127.0.0.1\n"b;" 127.0.0.2'));
      expect(daemons.map(({ name }) => name)).to.deep.equal(['a;', 'b;']);
      expect(warnings).to.deep.equal([
        'spread.conf:2:1: ";" belongs to the name "a;", because no blank stands before it',
      ]);
    });

    it('takes keywords in quotes as names', () => {
      expect(
        names(segment(`"C" 127.0.0.1 'on' 127.0.0.2 "Window" 127.0.0.3 "127.0.0.9" 127.0.0.4`)),
      ).to.deep.equal(['C', 'on', 'Window', '127.0.0.9']);
    });

    it('reads VirtualID, interfaces and ";" behind a daemon', () => {
      const [daemon] = parse(
        segment('a 127.0.0.1 VirtualID = 7 { D 127.0.0.1 C M 10.0.0.1\n127.0.0.2 } ; b 127.0.0.3'),
      ).daemons;
      expect(daemon?.id).to.equal(7);
      expect(daemon?.interfaces?.map(({ address, uses }) => [address, [...uses].join('')])).to.deep.equal([
        ['127.0.0.1', 'D'],
        ['10.0.0.1', 'CM'],
        ['127.0.0.2', 'DCM'],
      ]);
    });

    it('reads VirtualID and interfaces behind a name or an address alone', () => {
      const { daemons } = parse(
        segment('a VirtualID = 7 { 127.0.0.1 } 127.0.0.2 VirtualID = 8 { 127.0.0.2 }'),
      );
      expect(daemons.map(({ name, id }) => [name, id])).to.deep.equal([
        ['a', 7],
        ['127.0.0.2', 8],
      ]);
    });
  });

  it('refuses every option and keyword as a bare daemon name, and takes it in quotes', () => {
    for (const word of [
      ...optionNames,
      'Spread_Segment',
      'VirtualID',
      'D',
      'ACM',
      'IPv6',
      'FATAL',
      'OFF',
      'No',
    ]) {
      expect(failureOf(() => parse(segment(`${word} 127.0.0.1`))).message).to.contain(`${word} is a keyword`);
      expect(parse(segment(`'${word}' 127.0.0.1`)).daemons).to.have.length(1);
    }
  });

  describe('what does not fit', () => {
    const unknown = 'expected Spread_Segment or an option, found';
    itRefuses([
      [
        'an unknown keyword',
        `${withDaemon()}\n  Windows = 5`,
        '5:3',
        `${unknown} "Windows"; did you mean "Window"?`,
      ],
      [
        'a keyword in another case',
        'spread_segment 1.2.3.4 { a 1.2.3.4 }',
        '1:1',
        `${unknown} "spread_segment"; did you mean "Spread_Segment"?`,
      ],
      ['a keyword in quotes', '"Window" = 5', '1:1', `${unknown} "Window" in quotes`],
      ['a stray brace', withDaemon('}'), '4:1', `${unknown} "}"`],
      [
        'an option without blanks around "="',
        withDaemon('Window=5'),
        '4:1',
        'blanks are required around "="',
      ],
      ['an unknown word with "="', withDaemon('Foo=5'), '4:1', `${unknown} "Foo=5"`],
      ['an option without "="', withDaemon('Window 5'), '4:8', 'expected "=" after Window, found "5"'],
      [
        'an option at the end',
        withDaemon('Window'),
        '4:7',
        'expected "=" after Window, found the end of the file',
      ],
      [
        'a missing value',
        withDaemon('RuntimeDir =\nWindow = 5'),
        '5:1',
        'expected a value for RuntimeDir, found "Window"',
      ],
      ['a brace as a value', withDaemon('Window = {'), '4:10', 'expected a value for Window, found "{"'],
      [
        'a value for a flag',
        withDaemon('EventPreciseTimeStamp = 1'),
        '4:23',
        'EventPreciseTimeStamp takes no value',
      ],
      [
        'a list without braces',
        withDaemon('DebugFlags = ALL'),
        '4:14',
        'expected "{" and the list of DebugFlags, found "ALL"',
      ],
      [
        'a list without end',
        withDaemon('DebugFlags = { ALL'),
        '4:19',
        'expected a value for DebugFlags, found the end of the file',
      ],

      [
        'a segment without address',
        'Spread_Segment { a 1.2.3.4 }',
        '1:16',
        'expected the address of the segment, found "{"',
      ],
      [
        'a name as segment address',
        'Spread_Segment lan { }',
        '1:16',
        'expected the address of the segment, found "lan"',
      ],
      ['an address that is none', 'Spread_Segment 300.0.0.1 { }', '1:16', '"300.0.0.1" is not an address'],
      [
        'such an address with a port',
        'Spread_Segment 300.0.0.1:9 { }',
        '1:16',
        '"300.0.0.1:9" is not an address',
      ],
      [
        'a port above 65535',
        'Spread_Segment 10.0.0.255:65536 {',
        '1:16',
        'the port 65536 is more than 65535',
      ],
      [
        'a port that is no number',
        'Spread_Segment 10.0.0.255:x {',
        '1:16',
        'expected a number of at most 9 digits, found "x"',
      ],
      [
        'a port of ten digits',
        'Spread_Segment 10.0.0.255:0000004803 {',
        '1:16',
        'expected a number of at most 9 digits, found "0000004803"',
      ],
      [
        'a port at a further address',
        'Spread_Segment 10.0.0.255 225.0.0.1:5 {',
        '1:27',
        '"225.0.0.1:5": only the first address of a segment has a port',
      ],
      [
        'brackets at a further address',
        'Spread_Segment [ff02::1]:5 [ff02::2]:5 {',
        '1:28',
        'no port and no brackets here: only the first address of a segment has a port',
      ],
      [
        'IPv4 in brackets',
        'Spread_Segment [10.0.0.1]:5 {',
        '1:17',
        'only an IPv6 address stands in brackets',
      ],
      ['a bracket without end', 'Spread_Segment [ff02::1 {', '1:25', 'expected "]", found "{"'],
      ['brackets without a port', 'Spread_Segment [ff02::1] {', '1:26', 'expected ":" and a port, found "{"'],
      ['brackets without ":"', 'Spread_Segment [ff02::1] 5 {', '1:26', 'expected ":" and a port, found "5"'],
      [
        'a zone',
        'Spread_Segment ff02::1%eth0 {',
        '1:16',
        '"ff02::1%eth0" has a zone, which is not supported',
      ],
      [
        'a segment without braces',
        'Spread_Segment 10.0.0.255',
        '1:26',
        'expected an address or "{", found the end of the file',
      ],
      [
        'a segment without end',
        'Spread_Segment 10.0.0.255 {',
        '1:28',
        'expected a daemon or "}", found the end of the file',
      ],
    ]);

    itRefuses([
      ['a flag letter as a daemon name', segment('C 1.2.3.4'), '2:1', keyword('C')],
      ['an option as a daemon name', segment('a 1.2.3.4\n Window 1.2.3.5'), '3:2', keyword('Window')],
      ['a boolean as a daemon name', segment('YES'), '2:1', keyword('YES')],
      ['a daemon inside a daemon', segment('{ a }'), '2:1', 'expected a daemon or "}", found "{"'],
      ['a ";" without a daemon', segment('a 1.2.3.4 ; ;'), '2:13', 'expected a daemon or "}", found ";"'],
      ['a free "="', segment('a = 1.2.3.4'), '2:3', 'expected a daemon or "}", found "="'],
      [
        'a port at a daemon',
        segment('a 10.0.0.1:4803'),
        '2:3',
        '"10.0.0.1:4803": only the first address of a segment has a port',
      ],
      [
        'an address in brackets',
        segment('a [::1]:4803'),
        '2:3',
        'no port and no brackets here: only the first address of a segment has a port',
      ],
      [
        'a ";" glued to an address',
        segment('a 10.0.0.1;'),
        '2:3',
        'a blank is missing before ";" in "10.0.0.1;"',
      ],
      ['an address out of range', segment('a 10.0.0.256'), '2:3', '"10.0.0.256" is not an address'],
      [
        'VirtualID without blanks',
        segment('a 10.0.0.1 VirtualID=5'),
        '2:12',
        'blanks are required around "="',
      ],
      [
        'VirtualID without "="',
        segment('a 10.0.0.1 VirtualID 5'),
        '2:22',
        'expected "=" after VirtualID, found "5"',
      ],
      [
        'a negative VirtualID',
        segment('a 10.0.0.1 VirtualID = -5'),
        '2:24',
        'expected a number of at most 9 digits, found "-5"',
      ],
      [
        'a VirtualID in quotes',
        segment('a 10.0.0.1 VirtualID = "5"'),
        '2:24',
        'expected a number, found "5" in quotes',
      ],
      [
        'a VirtualID of ten digits',
        segment('a 10.0.0.1 VirtualID = 1000000000'),
        '2:24',
        'expected a number of at most 9 digits, found "1000000000"',
      ],
      ['a second VirtualID', segment('a 1.2.3.4 VirtualID = 5 VirtualID = 5'), '2:25', keyword('VirtualID')],
      [
        'an empty interface block',
        segment('a 10.0.0.1 { }'),
        '2:14',
        'expected D, C, M or the address of an interface, found "}"',
      ],
      [
        'a letter without address',
        segment('a 10.0.0.1 { D }'),
        '2:16',
        'expected D, C, M or the address of an interface, found "}"',
      ],
      [
        'an unknown letter',
        segment('a 10.0.0.1 { CD 10.0.0.1 }'),
        '2:14',
        'expected D, C, M or the address of an interface, found "CD"',
      ],
    ]);
  });
});
