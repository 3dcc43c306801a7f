/** `npm run release`: writes the version of a release into the files that name it, and makes its packages. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Command } from 'commander';
import { firstSection, released } from './release/changelog.js';
import { commitOf, makeRelease } from './release/make.js';
import { isAfter, PLACES, withVersion } from './release/versions.js';

const root = fileURLToPath(new URL('../..', import.meta.url));
const read = (path: string): string => readFileSync(join(root, path), 'utf8');
const current = (JSON.parse(read('package.json')) as { readonly version: string }).version;

/** The next version: the one that package.json has already, or one after it. */
function prepare(version: string): void {
  commitOf(root);
  if (version !== current && !isAfter(version, current))
    throw new Error(`expected ${current} or a version after it, got ${version}`);
  const today = new Date().toISOString().slice(0, 10);
  const changelog = released(read('CHANGELOG.md'), version, today);
  const texts = PLACES.map((place) => [place, withVersion(place, read(place), version)] as const);
  // Nothing is written before everything is known to fit.
  for (const [place, text] of [...texts, ['CHANGELOG.md', changelog] as const])
    writeFileSync(join(root, place), text);
  console.log(`${version}, ${firstSection(changelog).date}. Look at the changes, run .ci/run, then:`);
  console.log(
    `  git commit --all --message "Release ${version}" && git tag v${version} && npm run release -- make`,
  );
}

const command = new Command('release')
  .description('Prepare a release, and make its files.')
  .allowExcessArguments(false);
command
  .command('prepare')
  .description('give the changelog a date, and write the version where it is named')
  .argument('<version>', 'such as 1.2.3')
  .action(prepare);
command
  .command('make')
  .description('build both packages, check what is in them, and write sums, provenance and notes')
  .option('--folder <folder>', 'where the files go', join(root, 'build/release', current))
  .action(async ({ folder }: { readonly folder: string }) => {
    for (const file of await makeRelease(root, folder)) console.log(join(folder, file));
  });
try {
  await command.parseAsync();
} catch (error) {
  console.error(`release: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
}
