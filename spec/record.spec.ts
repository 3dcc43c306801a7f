/** The record of faults: each row names how the fault was found, and tests that exist. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { repositoryRoot } from './support/recordings.js';

const page = readFileSync(join(repositoryRoot, 'docs/reliability/record.md'), 'utf8');

const rows = page
  .split('\n')
  .filter((line) => line.startsWith('| '))
  .map((line) =>
    line
      .slice(2, -2)
      .split(' | ')
      .map((cell) => cell.trim()),
  );
const faults = rows.filter((row) => row.length === 4 && !/^(fault|-+)$/.test(row[0] as string));
const words = new Set(rows.filter((row) => row.length === 2).map(([word]) => word));

describe('the record of faults', () => {
  it('has its rows', () => expect(faults.length).to.be.greaterThan(70));

  it('says of each how it was found, in a word that is explained', () => {
    expect(faults.filter(([, foundBy]) => !words.has(foundBy)).map(([fault]) => fault)).to.deep.equal([]);
  });

  it('names a test of each, and no test that is not there', () => {
    for (const [fault, , , heldBy = ''] of faults) {
      const paths = [...heldBy.matchAll(/`(spec\/[^`]+)`/g)].map(([, path]) => path as string);
      expect(paths, fault).not.to.deep.equal([]);
      expect(
        paths.filter((path) => !existsSync(join(repositoryRoot, path))),
        fault,
      ).to.deep.equal([]);
    }
  });
});
