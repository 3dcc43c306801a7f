import { Buffer } from 'node:buffer';
import { expect } from 'chai';
import { provenanceOf, sumsOf } from '../../scripts/release/provenance.js';

const ABC = 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad';
const EMPTY = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';
const artifacts = [
  { name: 'a.tgz', data: Buffer.from('abc') },
  { name: 'b.deb', data: Buffer.alloc(0) },
];
const origin = {
  version: '1.2.3',
  commit: '0123456789abcdef0123456789abcdef01234567',
  time: 1_795_953_753,
  lockFile: Buffer.from('abc'),
  tools: { node: '20.20.2' },
};

describe('the provenance of a release', () => {
  it('has the sum of each file, as sha256sum checks it', () => {
    expect(sumsOf(artifacts)).to.equal(`${ABC}  a.tgz\n${EMPTY}  b.deb\n`);
  });

  it('says what the files have been made of, and with', () => {
    const text = provenanceOf(artifacts, origin);
    expect(JSON.parse(text)).to.deep.include({
      _type: 'https://in-toto.io/Statement/v1',
      subject: [
        { name: 'a.tgz', digest: { sha256: ABC } },
        { name: 'b.deb', digest: { sha256: EMPTY } },
      ],
      predicateType: 'https://slsa.dev/provenance/v1',
    });
    const { buildDefinition } = (JSON.parse(text) as { predicate: { buildDefinition: object } }).predicate;
    expect(buildDefinition).to.deep.include({
      externalParameters: { version: '1.2.3' },
      internalParameters: { sourceDateEpoch: origin.time, tools: { node: '20.20.2' } },
      resolvedDependencies: [
        { name: 'source', digest: { gitCommit: origin.commit } },
        { name: 'package-lock.json', digest: { sha256: ABC } },
      ],
    });
    expect(provenanceOf(artifacts, origin)).to.equal(text);
  });
});
