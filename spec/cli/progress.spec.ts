import { expect } from 'chai';
import { bar, showProgress, type Terminal } from '../../lib/cli/flood/report.js';

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
    const terminal: Terminal = { isTTY: false, write: () => expect.fail('written') };
    showProgress(() => expect.fail('looked'), terminal)();
  });

  it('goes away at the end', async () => {
    const written: string[] = [];
    let done: () => void = () => undefined;
    await new Promise<void>((resolve) => {
      const write = (text: string): boolean => {
        written.push(text);
        resolve();
        return true;
      };
      done = showProgress(() => ({ share: 0.1, messages: 1 }), { isTTY: true, write });
    });
    done();
    const [shown, cleared] = written;
    expect(cleared).to.equal('\r\u001B[K');
    expect(shown?.replace('\r\u001B[K', '')).to.match(/^\[###-+\] {2}10% {2}1 message {2}\d+\/s$/);
  });
});
