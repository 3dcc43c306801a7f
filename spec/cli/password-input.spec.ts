/** A password at a terminal: what is typed is not shown. The terminal is one of the spec. */
import { PassThrough } from 'node:stream';
import { expect } from 'chai';
import { InterruptedError, readPassword } from '../../daemon/cli/password-input.js';

class Terminal extends PassThrough {
  readonly isTTY = true;
  readonly modes: boolean[] = [];

  setRawMode(isRaw: boolean): void {
    this.modes.push(isRaw);
  }
}

async function typed(
  ...keys: readonly string[]
): Promise<{ password: string; shown: string; modes: boolean[] }> {
  const terminal = new Terminal();
  const screen = new PassThrough();
  const password = readPassword(terminal, screen);
  for (const key of keys) terminal.write(key);
  const read = await password;
  return { password: read, shown: String(screen.read()), modes: terminal.modes };
}

describe('a password at a terminal', () => {
  it('is not shown: the terminal echoes nothing, and neither do we', async () => {
    const { password, shown, modes } = await typed('s', 'e', 'cret\r');
    expect([password, shown, modes]).to.deep.equal(['secret', 'Password: \n', [true, false]]);
  });

  it('is not shown either when it comes as soon as the question does', async () => {
    const terminal = new Terminal();
    const atQuestion: boolean[][] = [];
    const screen = new PassThrough();
    screen.write = (text: unknown): boolean => {
      if (text === 'Password: ') atQuestion.push([...terminal.modes]);
      return true;
    };
    terminal.write('secret\r');
    expect(await readPassword(terminal, screen)).to.equal('secret');
    expect(atQuestion).to.deep.equal([[true]]);
  });

  it('may be corrected: a letter, or all of it', async () => {
    expect((await typed('secrer\u007ft\n')).password).to.equal('secret');
    expect((await typed('\b\u007fa\u0008b\r')).password).to.equal('b');
    expect((await typed('wrong\u0015right\r')).password).to.equal('right');
  });

  it('ends with Ctrl-D as with Enter, and with the input', async () => {
    expect((await typed('secret\u0004more')).password).to.equal('secret');
    const terminal = new Terminal();
    terminal.end('secret');
    expect(await readPassword(terminal, new PassThrough())).to.equal('secret');
  });

  it('has characters of more bytes, though they come apart', async () => {
    const terminal = new Terminal();
    const password = readPassword(terminal, new PassThrough());
    for (const byte of Buffer.from('\u00fc\r')) terminal.write(Buffer.from([byte]));
    expect(await password).to.equal('\u00fc');
  });

  it('is given up with Ctrl-C, and the terminal echoes again', async () => {
    const terminal = new Terminal();
    const reading = readPassword(terminal, new PassThrough()).catch((error: unknown) => error);
    terminal.write('sec\u0003');
    expect(await reading).to.be.instanceOf(InterruptedError);
    expect(terminal.modes).to.deep.equal([true, false]);
  });

  it('is the first line of what comes from elsewhere, without a question', async () => {
    const input = new PassThrough();
    const screen = new PassThrough();
    input.end('secret\r\nnext\n');
    expect([await readPassword(input, screen), screen.read()]).to.deep.equal(['secret', null]);
  });
});
