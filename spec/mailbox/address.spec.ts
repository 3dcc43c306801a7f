import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { addressFault, addressList, parseAddress, parseService } from '../../lib/mailbox/address.js';
import { repositoryRoot } from '../support/recordings.js';

describe('addresses of daemons', () => {
  const good: readonly (readonly [string, object])[] = [
    ['', { path: '/tmp/4803' }],
    ['4803', { path: '/tmp/4803' }],
    ['04803', { path: '/tmp/4803' }],
    ['0', { path: '/tmp/0' }],
    ['65535', { path: '/tmp/65535' }],
    ['4803@localhost', { port: 4803, host: 'localhost', tls: false }],
    ['4803@10.0.0.1', { port: 4803, host: '10.0.0.1', tls: false }],
    ['4803@::1', { port: 4803, host: '::1', tls: false }],
    ['4803@fe80::1%eth0', { port: 4803, host: 'fe80::1%eth0', tls: false }],
    [`4803@${'h'.repeat(65)}`, { port: 4803, host: 'h'.repeat(65), tls: false }],
    ['4803@[::1]', { port: 4803, host: '::1', tls: false }],
    ['localhost:4803', { port: 4803, host: 'localhost', tls: false }],
    ['10.0.0.1:4803', { port: 4803, host: '10.0.0.1', tls: false }],
    ['[::1]:4803', { port: 4803, host: '::1', tls: false }],
    ['[fe80::1%eth0]:4803', { port: 4803, host: 'fe80::1%eth0', tls: false }],
    ['tcp://db.example.org:1', { port: 1, host: 'db.example.org', tls: false }],
    ['tcp://[::1]:4803', { port: 4803, host: '::1', tls: false }],
    [`tcp://${'h'.repeat(253)}:4803`, { port: 4803, host: 'h'.repeat(253), tls: false }],
    ['unix:/run/spread/sock et', { path: '/run/spread/sock et' }],
    [`unix:/${'p'.repeat(106)}`, { path: `/${'p'.repeat(106)}` }],
    ['tls://localhost:4804', { port: 4804, host: 'localhost', tls: true }],
    ['tls://[::1]:4804', { port: 4804, host: '::1', tls: true }],
  ];
  for (const [name, address] of good) {
    it(`"${name}" is ${JSON.stringify(address)}`, () => {
      expect(parseAddress(name)).to.deep.equal(address);
    });
  }

  it('has its Unix sockets where the option says', () => {
    expect(parseAddress('', '/run/spread')).to.deep.equal({ path: '/run/spread/4803' });
    expect(parseAddress('12', '/run/spread')).to.deep.equal({ path: '/run/spread/12' });
  });

  const bad = [
    'abc',
    '4803x',
    '4803@',
    '@localhost',
    ' 4803',
    '4803 ',
    '-1',
    '65536',
    '99999999999@h',
    '4803@a b',
    'tls://localhost',
    'tls://localhost:65536',
    'tls://:4804',
    'tls://a b:4804',
    'https://localhost:4804',
    'localhost',
    '::1:4803',
    '::1',
    '4803:4803',
    'localhost:65536',
    'localhost:4803/',
    'a@b:4803',
    '[localhost]:4803',
    'tcp://localhost',
    `tcp://${'h'.repeat(254)}:4803`,
    'unix:',
    'unix:relative',
    'unix:/a\0b',
    `unix:/${'ü'.repeat(54)}`,
    '/tmp/4803',
  ];
  for (const name of [...bad, `4803@${'h'.repeat(66)}`]) {
    it(`"${name}" is none`, () => {
      expect(parseAddress(name)).to.equal(null);
    });
  }

  for (const [text, meant] of [
    ['localhost', 'localhost:4803'],
    ['/tmp/4803', 'unix:/tmp/4803'],
    ['https://localhost:4804/', 'tcp://localhost:4804'],
    [' 4803@localhost', '4803@localhost'],
  ] as const) {
    it(`"${text}" gets an error that says what was meant`, () => {
      expect(addressFault(text))
        .to.match(/^expected 4803@host, host:4803, .* got "/)
        .and.match(/; did you mean "/)
        .and.contain(`"${meant}"?`);
    });
  }

  it('nothing is guessed where nothing is near', () => {
    expect(addressFault('no address')).to.match(/, got "no address"$/);
  });

  it('are those that the guide lists', () => {
    const page = readFileSync(join(repositoryRoot, 'docs/guide/connect.md'), 'utf8');
    const [, table = ''] = /## Addresses\n([\s\S]*?)\n\nAll addresses/.exec(page) ?? [];
    const forms = table.split('\n').flatMap((line) => line.split('|')[1]?.match(/`[^`]+`/g) ?? []);
    expect(forms).to.have.length(9);
    for (const form of forms) expect(parseAddress(form.slice(1, -1)), form).not.to.equal(null);
  });

  it('stand in lists with commas', () => {
    expect(addressList('4803@a,tls://b:4843, srv:_sspd._tcp.example.org')).to.deep.equal([
      '4803@a',
      'tls://b:4843',
      'srv:_sspd._tcp.example.org',
    ]);
    expect(addressList('')).to.deep.equal(['']);
    expect(addressList('unix:/run/a,b')).to.deep.equal(['unix:/run/a,b']);
    expect(addressList('4803@a,what is this')).to.deep.equal(['4803@a', 'what is this']);
    expect(addressList('10,20')).to.deep.equal(['10', '20']);
  });

  it('are found by a service', () => {
    expect(parseService('srv:_sspd._tcp.example.org')).to.equal('_sspd._tcp.example.org');
    for (const text of [
      'srv:',
      'srv:example.org',
      'srv:_sspd._tcp',
      'srv:_sspd._tcp.a:1',
      '_sspd._tcp.a',
      'srv:_s._tcp.a,b',
    ])
      expect(parseService(text), text).to.equal(null);
  });
});
