import { expect } from 'chai';
import { IpRules } from '../../daemon/access/ip-rules.js';
import { refusalOf } from './refusal.js';

const rules = (...lines: readonly string[]): IpRules => IpRules.parse(lines.join('\n'), 'rules');
/** Those of the addresses that the rules let in; `unix` is the local socket. */
const letIn = (list: IpRules, ...addresses: readonly string[]): string[] =>
  addresses.filter((address) => list.allows(address === 'unix' ? { unix: true } : { unix: false, address }));
const refusal = (...lines: readonly string[]): string =>
  refusalOf((text, file) => IpRules.parse(text, file), lines.join('\n'));

describe('access: rules of IP', () => {
  it('without a rule let nobody in', () => {
    expect(letIn(new IpRules(), 'unix', '127.0.0.1', '::1', '10.0.0.1')).to.deep.equal([]);
    expect(letIn(rules(''), 'unix', '127.0.0.1', '::1', '10.0.0.1')).to.deep.equal([]);
  });

  it('name the local socket by `unix`, and nothing else', () => {
    expect(letIn(rules('unix'), 'unix', '127.0.0.1', '::1')).to.deep.equal(['unix']);
  });

  it('name this machine by `local`, in both families, but not the local socket', () => {
    expect(
      letIn(rules('local'), 'unix', '127.0.0.1', '127.255.255.255', '::1', '::2', '126.255.255.255'),
    ).to.deep.equal(['127.0.0.1', '127.255.255.255', '::1']);
  });

  it('name one address', () => {
    expect(letIn(rules('192.0.2.7'), '192.0.2.7', '192.0.2.6', '192.0.2.8')).to.deep.equal(['192.0.2.7']);
  });

  it('of one family say nothing of the other', () => {
    expect(letIn(rules('::/0'), '::1', '10.0.0.1', '::ffff:10.0.0.1')).to.deep.equal(['::1']);
    expect(letIn(rules('0.0.0.0/0'), '::1', '10.0.0.1', '::ffff:10.0.0.1')).to.deep.equal([
      '10.0.0.1',
      '::ffff:10.0.0.1',
    ]);
  });

  it('name a network by its prefix', () => {
    const addresses = ['10.1.1.255', '10.1.2.0', '10.1.2.255', '10.1.3.0'];
    expect(letIn(rules('10.1.2.0/24'), ...addresses)).to.deep.equal(['10.1.2.0', '10.1.2.255']);
  });

  it('name a network whose prefix ends within a byte', () => {
    const addresses = ['10.1.15.255', '10.1.16.0', '10.1.31.255', '10.1.32.0'];
    expect(letIn(rules('10.1.16.0/20'), ...addresses)).to.deep.equal(['10.1.16.0', '10.1.31.255']);
  });

  it('name everybody by a prefix of 0, the local socket left out', () => {
    expect(letIn(rules('0.0.0.0/0'), 'unix', '0.0.0.0', '255.255.255.255')).to.deep.equal([
      '0.0.0.0',
      '255.255.255.255',
    ]);
  });

  it('take a prefix of all bits for one address', () => {
    expect(
      letIn(rules('192.0.2.7/32', '2001:db8::1/128'), '192.0.2.7', '192.0.2.6', '2001:db8::1'),
    ).to.have.length(2);
  });

  for (const [rule, inside, outside] of [
    ['2001:db8::1', '2001:db8::1', '2001:db8::2'],
    ['2001:db8::/32', '2001:db8:ffff::1', '2001:db9::1'],
    ['2001:db8:8000::/33', '2001:db8:8000::1', '2001:db8:7fff::1'],
    ['2001:DB8:0:1:0:0:0:0/64', '2001:db8:0:1::5', '2001:db8:0:2::5'],
    ['fe80::/10', 'fe80::1%lo', 'fec0::1'],
    ['2001:db8:1:2:3:4:5:6/127', '2001:db8:1:2:3:4:5:7', '2001:db8:1:2:3:4:5:8'],
    ['::/96', '::1.2.3.4', '1::'],
  ] as const) {
    it(`know IPv6: ${rule}`, () => {
      expect(letIn(rules(rule), inside, outside)).to.deep.equal([inside]);
    });
  }

  it('take an IPv4 address in the form of IPv6 for what it is', () => {
    expect(
      letIn(rules('10.0.0.0/8', 'local'), '::ffff:10.1.2.3', '::ffff:127.0.0.1', '::ffff:11.1.2.3'),
    ).to.deep.equal(['::ffff:10.1.2.3', '::ffff:127.0.0.1']);
  });

  it('do not let IPv6 in by rules of IPv4', () => {
    expect(letIn(rules('0.0.0.0/0'), '2001:db8::1', '::1')).to.deep.equal([]);
  });

  it('add up', () => {
    expect(
      letIn(rules('unix', '10.0.0.0/8', '192.0.2.7'), 'unix', '10.9.9.9', '192.0.2.7', '::1'),
    ).to.deep.equal(['unix', '10.9.9.9', '192.0.2.7']);
  });

  it('continue after blank lines, where Spread 5.0.1 stops reading', () => {
    expect(
      letIn(rules('', '10.0.0.1', '', '  ', '\t', '10.0.0.2', ''), '10.0.0.1', '10.0.0.2'),
    ).to.deep.equal(['10.0.0.1', '10.0.0.2']);
  });

  it('go on behind comments', () => {
    expect(
      letIn(rules('# all of us', '#10.0.0.9', '  # local', '10.0.0.2'), '10.0.0.9', '10.0.0.2'),
    ).to.deep.equal(['10.0.0.2']);
  });

  it('may have blanks around them and lines that end as on Windows', () => {
    expect(letIn(rules('  10.0.0.1  \r', '\tunix\r', ''), '10.0.0.1', 'unix')).to.have.length(2);
  });

  describe('that are none', () => {
    for (const rule of [
      'localhost',
      'Unix',
      '10.0.0',
      '10.0.0.256',
      '10.0.0.1 10.0.0.2',
      '10.0.0.1 # mine',
      '10.0.0.0/8/9',
      '*',
      '/8',
      '010.0.0.1',
      '[::1]',
      'fe80::1%eth0',
      '10.0.0.1:4803',
    ]) {
      it(`name file and line: ${rule}`, () => {
        expect(refusal('local', '', rule)).to.equal(
          `3: expected unix, local, an address or address/prefix, got "${rule}"`,
        );
      });
    }

    for (const [rule, most] of [
      ['10.0.0.0/33', 32],
      ['10.0.0.0/', 32],
      ['10.0.0.0/x', 32],
      ['10.0.0.0/-8', 32],
      ['10.0.0.0/ 8', 32],
      ['10.0.0.0/255.0.0.0', 32],
      ['::/129', 128],
    ] as const) {
      it(`have a prefix that is none: ${rule}`, () => {
        expect(refusal(rule)).to.equal(`1: "${rule}": expected a prefix from 0 to ${most}`);
      });
    }

    for (const rule of [
      '10.0.0.1/8',
      '10.1.16.0/19',
      '255.255.255.255/0',
      '2001:db8::1/64',
      '2001:db8:4000::/33',
      '::ffff:1.2.3.4/96',
      '::1/127',
    ]) {
      it(`have bits behind the prefix: ${rule}`, () => {
        expect(refusal('#', rule)).to.equal(`2: "${rule}": the bits after the prefix must be zero`);
      });
    }
  });
});
