/** `ssp init`: a program to begin with, its test, and what runs it. */
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { type Command, Option } from 'commander';
import { Failure, interruption, print } from '../failure.js';
import { exampleText } from '../text.js';
import { plural } from '../units.js';
import { defaultDependency, projectFiles } from './project.js';

interface Flags {
  readonly package: string;
}

const examples = [
  'ssp init importer',
  'ssp init importer --package ../ssp-toolkit-0.2.0.tgz',
  'cd importer && npm install && npm test',
];

/** What somebody types after that. */
const NEXT = [
  'npm install',
  'npm test',
  'npx sspd --name one   # in one terminal',
  'npm start             # in others',
];

export const initCommand = (command: Command): Command =>
  command
    .addHelpText('after', exampleText(examples))
    .argument('<folder>', 'new or empty folder; its name becomes that of the package')
    .addOption(
      new Option(
        '--package <what>',
        'ssp-toolkit for package.json: a version, an archive or a folder',
      ).default(defaultDependency(), 'the one that runs'),
    )
    .action(async (folder: string, flags: Flags) => {
      const path = resolve(folder);
      await makeEmpty(folder, path);
      const files = await projectFiles(path, flags.package);
      try {
        for (const [name, text] of files) await writeFile(join(path, name), text, { flag: 'wx' });
      } catch (error) {
        throw failed(folder, error);
      }
      const made = `made ${plural(files.length, 'file')} in ${folder}; next:`;
      await print([made, `cd ${folder}`, ...NEXT].join('\n  '), interruption(true));
    });

/** What somebody has in a folder is never mixed with this. */
async function makeEmpty(folder: string, path: string): Promise<void> {
  try {
    await mkdir(path, { recursive: true });
    if ((await readdir(path)).length === 0) return;
  } catch (error) {
    throw failed(folder, error);
  }
  throw new Failure(`expected a new or empty folder, got ${JSON.stringify(folder)}, which has files`);
}

const failed = (folder: string, error: unknown): Failure =>
  new Failure(`cannot write to ${JSON.stringify(folder)}: ${(error as Error).message}`, undefined, {
    cause: error,
  });
