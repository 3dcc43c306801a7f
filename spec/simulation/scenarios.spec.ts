import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { repositoryRoot } from '../support/recordings.js';
import { parseScenario, playScenario } from './scenario.js';

const folder = join(repositoryRoot, 'spec/simulation/scenarios');
const files = readdirSync(folder).filter((file) => file.endsWith('.txt'));

describe('simulation: written scenarios', () => {
  for (const file of files) {
    it(`come out as written: ${file.replace('.txt', '').replaceAll('-', ' ')}`, () => {
      const scenario = parseScenario(readFileSync(join(folder, file), 'utf8'));
      const expected = scenario.paragraphs.map((paragraph) => paragraph.expected);
      expect(playScenario(scenario)).to.deep.equal(expected);
    });
  }

  it('are one for each row of the table and each case behind it', () => {
    expect(files).to.have.length.of.at.least(18);
  });
});
