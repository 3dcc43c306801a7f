import { expect } from 'chai';
import { placeOf, toldPlaces } from '../../../lib/client/resume/targets.js';

/** What a client that is at `teller` takes from what its daemon says. */
function taken(teller: string, ...texts: string[]): ReturnType<typeof toldPlaces> {
  const at = placeOf(teller);
  if (!at) throw new Error(`expected an address, got ${teller}`);
  return toldPlaces(texts, at);
}

const told = (teller: string, ...texts: string[]): string[] => taken(teller, ...texts).map(({ key }) => key);

describe('the addresses that a daemon tells', () => {
  const all = ['4803@10.0.0.1', 'tls://d2:4843', 'unix:/run/d3', '4803', '[::1]:4803', 'tcp://d4:4803'];

  it('are taken where they are reached as the daemon itself', () => {
    expect(told('4803@a', ...all)).to.deep.equal(['tcp://10.0.0.1:4803', 'tcp://::1:4803', 'tcp://d4:4803']);
    expect(told('tls://a:4843', ...all)).to.deep.equal(['tls://d2:4843']);
    expect(told('4803', ...all)).to.deep.equal(['unix:/run/d3', 'unix:/tmp/4803']);
  });

  it('are looked up, and keep the name for its certificate', () => {
    expect(taken('tls://10.0.0.1:4843', 'tls://d2:4843')[0]).to.deep.include({
      isFinal: false,
      address: { host: 'd2', port: 4843, tls: true },
    });
  });

  it('are neither services nor texts that are not addresses', () => {
    expect(told('4803@a', 'srv:_sspd._tcp.example.org', 'nonsense', '', '4803@b')).to.deep.equal(['4803@b']);
  });
});
