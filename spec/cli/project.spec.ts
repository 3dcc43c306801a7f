import { expect } from 'chai';
import { defaultDependency, packageName } from '../../lib/cli/init/project.js';
import { TOOLKIT_VERSION, versionText } from '../../lib/wire/version.js';

describe('command: a new project', () => {
  for (const [path, name] of [
    ['/home/ann/importer', 'importer'],
    ['/home/ann/My Importer', 'my-importer'],
    ['/home/ann/.hidden', 'hidden'],
    ['/home/ann/_a.b_c-', 'a.b_c'],
    ['/home/ann/größe', 'gr-e'],
    ['/home/ann/日本', 'worker'],
    ['/home/ann/node_modules', 'worker'],
    ['/home/ann/ssp-toolkit', 'worker'],
    [`/home/${'a'.repeat(300)}`, 'a'.repeat(214)],
  ] as const) {
    it(`in ${path.slice(0, 30)} has the name ${name.slice(0, 30)}`, () => {
      expect(packageName(path)).to.equal(name);
    });
  }

  it('asks for this version where the package is installed, for the folder in a clone', () => {
    expect(defaultDependency('/home/ann/a/node_modules/ssp-toolkit/')).to.equal(
      `^${versionText(TOOLKIT_VERSION)}`,
    );
    expect(defaultDependency('/home/ann/ssp-toolkit/')).to.equal('file:/home/ann/ssp-toolkit/');
  });
});
