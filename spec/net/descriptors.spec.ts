import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { descriptorLimit } from '../../daemon/net/listener.js';

describe('descriptor limit', () => {
  it('is read as the system tells it', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'limits-'));
    const file = join(folder, 'limits');
    await writeFile(
      file,
      'Limit  Soft Limit  Hard Limit  Units\nMax open files            1024   4096   files\n',
    );
    expect(await descriptorLimit(file)).to.equal(1024);
    await rm(folder, { recursive: true });
  });

  it('is unknown where the system does not tell', async () => {
    expect(await descriptorLimit('/nowhere/limits')).to.equal(null);
  });
});
