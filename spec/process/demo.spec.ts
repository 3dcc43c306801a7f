import { expect } from 'chai';
import { Program } from '../support/program.js';

const DEMO = 'scripts/demo.js';

describe('process: the demo', () => {
  afterEach(() => Program.endAll());

  it('tells the same story in every run, and ends by itself', async () => {
    const [one, other] = await Promise.all([Program.start(DEMO, []).end(), Program.start(DEMO, []).end()]);
    expect([one.status, one.err]).to.deep.equal([0, '']);
    expect(other).to.deep.equal(one);
  });

  it('shows one order, the crash, and the new leader', async () => {
    const { out } = await Program.start(DEMO, []).end();
    const dialogue = 'saw anna "Who takes the night shift?", bert "I do.", carl "Then I sleep."';
    for (const name of ['anna', 'bert', 'carl']) {
      expect(out).to.include(`   ${name}: ${dialogue}\n`).and.to.include(`   ${name}: the leader is anna\n`);
    }
    expect(out).to.include('The three lists are equal');
    for (const name of ['bert', 'carl']) {
      expect(out).to.include(`   ${name}: lost anna; members are bert, carl; the leader is bert\n`);
    }
    expect(out.match(/^\d+\. /gm)).to.deep.equal(Array.from({ length: 7 }, (_, i) => `${i + 1}. `));
    expect(out).to.match(/\nShown: everybody sees the same messages in the same order, [^]*\.\n$/);
  });

  it('does not mind when nobody reads to its end', async () => {
    const { status, err } = await Program.start(DEMO, []).ignoreOutput().end();
    expect([status, err]).to.deep.equal([0, '']);
  });
});
