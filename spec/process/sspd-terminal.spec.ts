/** The log of `sspd` at a terminal. */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { TemporaryDirectory } from '../support/temporary.js';
import { eventually } from '../support/wait.js';

const MAIN = fileURLToPath(new URL('../../daemon/cli/main.js', import.meta.url));
const LIMIT = 15_000;
const CONTROL_C = '\u0003';

describe('sspd at a terminal', () => {
  it('writes short lines, the last one included, and colours only where they are wanted', async function () {
    const [script] = spawnSync('sh', ['-c', 'command -v script'], { encoding: 'utf8' }).stdout.split('\n');
    if (process.platform !== 'linux' || !script) return this.skip();
    await using folder = await TemporaryDirectory.make();
    const command = `"${process.execPath}" "${MAIN}" --name one --port 0 --unix-dir ""`;
    const environment = { ...process.env, NO_COLOR: '1', TERM: 'xterm', FORCE_COLOR: undefined };
    const terminal = spawn(script, ['-q', '-e', '-c', command, folder.file('record')], { env: environment });
    const ended = once(terminal, 'close');
    let screen = '';
    terminal.stdout.on('data', (text) => (screen += text));
    try {
      await eventually(() => screen.includes(' listening '), 'the first line', LIMIT);
      terminal.stdin.write(CONTROL_C);
      await ended;
    } finally {
      terminal.kill('SIGKILL');
    }
    const lines = screen.split('\r\n').filter((line) => line.includes(' INFO '));
    expect(
      lines.map((line) => line.replace(/^.*?(?=\d\d:)[\d:.]+/, 'TIME').replace(/\d{4,}/, 'PORT')),
    ).to.deep.equal([
      'TIME INFO  listening  name=one addresses=[{"host":"127.0.0.1","port":PORT}] unix=null',
      'TIME INFO  stopping  signal=SIGINT',
      'TIME INFO  stopped  name=one',
    ]);
    return undefined;
  });
});
