import { expect } from 'chai';
import { startDaemon } from '../support/local-daemon.js';
import { Program } from '../support/program.js';

const SCRIPT = 'spec/process/late-member.js';

describe('process: a member that is busy when the group begins', () => {
  afterEach(() => Program.endAll());

  for (const [title, quorum, others] of [
    ['without a quorum', [], []],
    ['with a quorum of 3 of 5', ['3'], ['one', 'two']],
  ] as const) {
    it(`has everything that the others have, though another one ends meanwhile (${title})`, async () => {
      await using daemon = await startDaemon();
      const address = `${daemon.port}@127.0.0.1`;
      const start = (name: string, role: string): Program =>
        Program.start(SCRIPT, [name, address, role, ...quorum]);
      const late = start('late', 'late');
      await late.prints(/joining/);
      const [leaver, writer] = [start('leaver', 'leaver'), start('writer', 'writer')];
      const all = [leaver, writer, ...others.map((each) => start(each, 'member'))];
      await Promise.all(all.map((each) => each.prints(/ready/)));
      writer.write('write\n');
      leaver.eof();
      await leaver.end();
      await late.prints(/ready/);
      writer.write('stop\n');
      await writer.prints(/stopped/);
      const shown = async (program: Program): Promise<string[]> => {
        program.write('show\n');
        const [, text] = (await program.prints(/(\[.*\]);/)) as unknown as [string, string];
        return JSON.parse(text) as string[];
      };
      const mine = await shown(late);
      const theirs = await shown(writer);
      // Written while it was busy.
      expect(mine[0]).to.equal('writer 0');
      expect(mine).to.deep.equal(theirs.slice(0, -1));
    }).timeout(30_000);
  }
});
