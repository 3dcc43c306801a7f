/** `ssp-toolkit/keyv` under the tests that Keyv publishes for stores, with both majors of Keyv. */
import { expect } from 'chai';
import { skip } from '../../support/skip.js';
import { HostProject, isNode22There, NODE_22 } from './host-project.js';

const suite = `
  import * as vitest from 'vitest';
  import { Keyv } from 'keyv';
  import keyvTestSuite, { keyvIteratorTests } from '@keyv/test-suite';
  import { createDaemon } from 'ssp-toolkit/daemon';
  import { keyvStore } from 'ssp-toolkit/keyv';

  const daemon = await createDaemon({ listen: [{ host: '127.0.0.1', port: 0 }] });
  const addresses = [daemon.port + '@127.0.0.1'];
  const [first, second] = [await keyvStore({ addresses }), await keyvStore({ addresses })];
  const all = [first, second];
  const sibling = (store) => {
    all.push(store.sibling());
    return all.at(-1);
  };
  vitest.afterAll(async () => {
    await Promise.all(all.map((store) => store.disconnect()));
    vitest.expect(daemon.sessions).toBe(0);
    await daemon.stop();
  });
  const store = () => sibling(first);

  // Keyv 6 answers for each key, as its own stores do; the tests are of Keyv 5.
  const ofFive = '.deleteMany([keys]) with nonexistent keys resolves to false';
  const it = (title, test) => (IS_SIX && title === ofFive ? vitest.it.skip : vitest.it)(title, test);
  keyvTestSuite({ ...vitest, it }, Keyv, store);
  vitest.describe('iterators', () => keyvIteratorTests(vitest, Keyv, store));
  vitest.it('another member reads what one has written, as Keyv gives it', async () => {
    const [a, b] = [first, second].map((each) => new Keyv({ store: sibling(each), namespace: 'two' }));
    await a.set('k', { list: [1, 'x'] }, 60_000);
    await vitest.vi.waitFor(async () => vitest.expect(await b.get('k')).toEqual({ list: [1, 'x'] }));
    vitest.expect(await b.has('k')).toBe(true);
    vitest.expect(await b.deleteMany(['k'])).toEqual(IS_SIX ? [true] : true);
  });
`;

/** What both majors make of the type of the store. */
const types = `
  import { Keyv } from 'keyv';
  import { keyvStore } from 'ssp-toolkit/keyv';
  const store = await keyvStore({ addresses: ['4803@a', '4803@b'] }, { quorum: 2 });
  export const keyv = new Keyv({ store, namespace: 'n' });
  // @ts-expect-error A slip.
  await keyvStore({ addresses: [] }, { quorums: 2 });
`;

/** The tests under the Keyv that is in a folder of the packages of spec/hosts. */
async function tested(folder: string, node: string): Promise<string> {
  const suites = '@keyv/test-suite';
  await using project = await HostProject.make({ vitest: 'vitest', keyv: folder, [suites]: suites });
  project.write('suite.test.mjs', `const IS_SIX = ${folder === 'keyv-6'};\n${suite}`);
  return project.vitest(node);
}

describe('hosts: Keyv', () => {
  it('5 passes its own tests of stores, and has members with the same values', async () => {
    expect(await tested('keyv', process.execPath)).to.match(/Tests +43 passed \(43\)/);
  });

  it('6 passes them, too', async function () {
    if (!isNode22There) return skip(this, 'npm has no Node 22 for this platform');
    expect(await tested('keyv-6', NODE_22)).to.match(/Tests +42 passed \| 1 skipped \(43\)/);
    return undefined;
  });

  for (const folder of ['keyv', 'keyv-6']) {
    it(`has a type for which the store of this toolkit will do: ${folder}`, async () => {
      await using project = await HostProject.make({ keyv: folder });
      expect(project.compile(types)).to.equal('');
    });
  }

  it('does what its page says', async () => {
    await using project = await HostProject.make({ keyv: 'keyv' });
    await project.showsPage('keyv');
  });
});
