import { expect } from 'chai';
import { bar, showProgress, type Terminal } from '../../lib/command/progress.js';

describe('command: a progress bar', () => {
  for (const [share, text] of [
    [0, '[------------------------------]   0%  1,234 messages  5,679/s'],
    [0.5, '[###############---------------]  50%  1,234 messages  5,679/s'],
    [0.999, '[##############################]  99%  1,234 messages  5,679/s'],
    [1, '[##############################] 100%  1,234 messages  5,679/s'],
    [1.2, '[##############################] 100%  1,234 messages  5,679/s'],
  ] as const) {
    it(`shows ${share}`, () => {
      expect(bar({ share, messages: 1_234, rate: 5_678.9 })).to.equal(text);
    });
  }

  it('is shown on terminals alone', () => {
    const terminal = { isTTY: false, write: () => expect.fail('written') };
    showProgress(() => expect.fail('looked'), terminal as unknown as Terminal)();
  });

  it('goes away at the end', async () => {
    let written = '';
    const shown = new Promise<void>((resolve) => {
      const write = (text: string): boolean => {
        written += text;
        resolve();
        return true;
      };
      const done = showProgress(() => ({ share: 0.1, messages: 1 }), { isTTY: true, write } as Terminal);
      void shown.then(done);
    });
    await shown;
    await Promise.resolve();
    expect(written).to.match(/^\r\u001B\[K\[###-+\] {2}10% {2}1 message .*\r\u001B\[K$/);
  });
});
