import { readFile } from 'node:fs/promises';
import { expect } from 'chai';
import { createProgram } from '../../lib/cli/program.js';
import { cliReference, cliReferencePath, helpOf } from '../../scripts/generate-cli-reference.js';

const { commands } = await createProgram();

describe('docs/reference/cli.md', () => {
  it('is what the commands give: else run build/scripts/generate-cli-reference.js', async () => {
    expect(await readFile(cliReferencePath, 'utf8')).to.equal(await cliReference());
  });

  for (const command of commands) {
    const name = command.name();

    it(`has an example of ${name}, and says what --json prints`, async () => {
      const page = await readFile(cliReferencePath, 'utf8');
      const section = page.split('\n## ').find((part) => part.startsWith(`ssp ${name}\n`)) ?? '';
      expect(section)
        .to.include(helpOf(command))
        .and.to.match(/\nExample:\n {2}\S/);
      const takesJson = command.options.some(({ long }) => long === '--json');
      expect(section.includes('\nWith `--json`: ')).to.equal(takesJson);
    });
  }
});
