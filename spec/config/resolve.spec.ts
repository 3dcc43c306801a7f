import { expect } from 'chai';
import { resolveDaemons, type Lookup } from '../../daemon/config/index.js';
import { parse, rejectionOf } from './support.js';

const hosts: Readonly<Record<string, readonly string[]>> = {
  a: ['10.0.0.1', '10.0.0.11'],
  six: ['fd00:0::1'],
  odd: ['225.0.0.1', '0.0.0.0', 'fd00::2', '10.0.0.2'],
  none: [],
  'a.name.of.more.than.19.characters': ['10.0.0.3'],
};

/** Answers from the table, and notes what was asked. */
function lookupInto(asked: unknown[]): Lookup {
  return async (host, options) => {
    asked.push([host, options]);
    const found = hosts[host];
    if (!found) throw new Error(`getaddrinfo\nENOTFOUND ${host}`);
    return found.map((address) => ({ address }));
  };
}

const resolve = (text: string, asked: unknown[] = []) => resolveDaemons(parse(text), lookupInto(asked));
const addressesOf = async (text: string): Promise<string[]> =>
  (await resolve(text)).daemons.map(({ address }) => address);

describe('resolveDaemons', () => {
  it('looks up only what has no address, in the family of the file', async () => {
    const asked: unknown[] = [];
    await resolve('Spread_Segment 10.0.0.255 { a b 10.0.0.9 }', asked);
    expect(asked).to.deep.equal([['a', { family: 4, all: true }]]);
  });

  it('takes the first suitable address', async () => {
    expect(await addressesOf('Spread_Segment 10.0.0.255 { a odd }')).to.deep.equal(['10.0.0.1', '10.0.0.2']);
    expect(await addressesOf('Spread_Segment ff02::1 { six }')).to.deep.equal(['fd00::1']);
  });

  it('asks for the whole host name, not the cut daemon name', async () => {
    const text = 'Spread_Segment 10.0.0.255 { a.name.of.more.than.19.characters }';
    expect(await addressesOf(text)).to.deep.equal(['10.0.0.3']);
  });

  it('refuses a name that is not found, in one line', async () => {
    const error = await rejectionOf(resolve('Spread_Segment 10.0.0.255 {\n  nowhere }'));
    expect(error.message).to.equal(
      'spread.conf:2:3: no address found for "nowhere": getaddrinfo ENOTFOUND nowhere',
    );
  });

  it('refuses a name without a suitable address', async () => {
    for (const [text, place, problem] of [
      ['Spread_Segment 10.0.0.255 { none }', '1:29', '"none" has no suitable IPv4 address'],
      ['Spread_Segment ff02::1 { a }', '1:26', '"a" has no suitable IPv6 address'],
    ] as const) {
      // oxlint-disable-next-line no-await-in-loop
      expect((await rejectionOf(resolve(text))).message).to.equal(`spread.conf:${place}: ${problem}`);
    }
  });

  it('refuses an address that another daemon has', async () => {
    const error = await rejectionOf(resolve('Spread_Segment 10.0.0.255 { b 10.0.0.1\na }'));
    expect(error.message).to.equal('spread.conf:2:1: "10.0.0.1" is already the address of "b" on line 1');
  });

  it('checks the interfaces of what it has looked up', async () => {
    const error = await rejectionOf(resolve('Spread_Segment 10.0.0.255 { a { D 10.0.0.7 } }'));
    expect(error.message).to.equal(
      'spread.conf:1:35: no interface of "a" carries daemon traffic (D) on its address 10.0.0.1',
    );
  });

  it('asks the system unless told otherwise', async () => {
    const [daemon] = (await resolveDaemons(parse('Spread_Segment 10.0.0.255 { localhost }'))).daemons;
    expect(daemon?.address).to.match(/^127\./);
  });
});
