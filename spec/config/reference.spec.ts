import { expect } from 'chai';
import { readFile } from 'node:fs/promises';
import { parseConfiguration } from '../../daemon/config/index.js';
import { configurationReference, referencePath } from '../../scripts/generate-configuration-reference.js';

describe('docs/reference/configuration.md', () => {
  it('is what the option table gives: else run build/scripts/generate-configuration-reference.js', async () => {
    expect(await readFile(referencePath, 'utf8')).to.equal(await configurationReference());
  });

  it('shows an example that can be read', async () => {
    const example =
      /```\n(?<text>#[^`]*)```/.exec(await readFile(referencePath, 'utf8'))?.groups?.['text'] ?? '';
    expect(parseConfiguration(example, 'example').daemons.map(({ name }) => name)).to.deep.equal(['alpha']);
  });
});
