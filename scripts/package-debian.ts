/** `npm run package:debian`: the Debian package, in `build/packages` unless `--folder` names another place. */
import { fileURLToPath } from 'node:url';
import { Command, Option } from 'commander';
import { type DebianOptions, buildDebianPackage } from './packages/debian.js';

const root = fileURLToPath(new URL('../..', import.meta.url));

const command = new Command('package:debian')
  .description('Build the Debian package from this clone, with dpkg-deb.')
  .option('--folder <folder>', 'where the package goes', `${root}build/packages`)
  .option('--version <version>', 'version of the package (default: that of package.json)')
  .addOption(new Option('--compression <how>', 'none is quick').choices(['xz', 'none']).default('xz'))
  .allowExcessArguments(false)
  .parse();
console.log(await buildDebianPackage({ root, ...command.opts<Omit<DebianOptions, 'root'>>() }));
