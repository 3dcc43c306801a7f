/** `ssp` where a policy of the daemon refuses: it says so, and ends with status 1. */
import { expect } from 'chai';
import { createDaemon, type Daemon } from '../../daemon/index.js';
import { connect } from '../../lib/client/connect.js';
import { withRules } from '../support/permissions.js';
import { Program } from '../support/program.js';

describe('process: ssp, refusals by permission', () => {
  let daemon: Daemon;
  let address: string;

  before(async () => {
    daemon = await withRules(['* join,send open', '* join quiet'], (options) =>
      createDaemon({ name: 'one', listen: [{ host: '127.0.0.1', port: 0 }], ...options }),
    );
    address = `${daemon.port}@127.0.0.1`;
  });
  after(async () => {
    await Program.endAll();
    await daemon.stop();
  });

  const ssp = (...args: readonly string[]): Program =>
    Program.start('lib/cli/main.js', args, { SSP_ADDRESS: address });

  for (const [args, refused] of [
    [['send', 'room', 'x'], 'send to room'],
    [['send', 'open,room', '-'], 'send to open, room'],
    [['ping', 'quiet', '--count', '1'], 'send to quiet'],
  ] as const) {
    it(`"${args.join(' ')}" fails with it`, async () => {
      const { status, out, err } = await ssp(...args)
        .write('a line\n')
        .eof()
        .end();
      expect([status, out, err]).to.deep.equal([
        1,
        '',
        `ssp: permission denied: ${refused} (PERMISSION_DENIED)\n`,
      ]);
    });
  }

  it('"user" shows it and fails', async () => {
    const { status, out, err } = await ssp('user').write('j open\ns open x\ns room y\n').eof().end();
    expect([status, err]).to.deep.equal([1, 'ssp: 1 command failed\n']);
    expect(out).to.match(/reject {2}room {2}permission denied: send to room/);
  });

  it('"send" ends well where it may send, also if it may send nothing to itself', async () => {
    await using connection = await connect({ address });
    const group = await connection.join('open');
    const { status, err } = await ssp('send', 'open', '-').write('one\ntwo\n').eof().end();
    expect([status, err]).to.deep.equal([0, '']);
    const texts: string[] = [];
    for await (const event of group) {
      if (event.kind === 'data') texts.push(event.text);
      if (texts.length === 2) break;
    }
    expect(texts).to.deep.equal(['one', 'two']);
  });
});
