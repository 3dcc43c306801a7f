/** `sspd` with a port for browsers, as an operator configures it. */
import { Buffer } from 'node:buffer';
import { writeFile } from 'node:fs/promises';
import { expect } from 'chai';
import { TemporaryDirectory } from '../support/temporary.js';
import { eventually } from '../support/wait.js';
import { statusOf } from '../support/web-client.js';
import { claims, SECRET, secretToken } from '../support/web-tokens.js';
import { freePort, Sspd } from './sspd.js';

describe('sspd with a port for browsers', function () {
  this.timeout(30_000);

  it('says where it is, keeps secrets to itself, and reads them again at SIGHUP', async () => {
    await using folder = await TemporaryDirectory.make();
    const [file, secretFile] = [folder.file('spread.conf'), folder.file('secrets')];
    const other = Buffer.alloc(32, 'o');
    await writeFile(secretFile, SECRET.toString('base64url'));
    await writeFile(
      file,
      `Spread_Segment 127.0.0.255:${await freePort()} { one 127.0.0.1 { D 127.0.0.1 C 127.0.0.1 } }
       UnixSocketDir = ""  WebSocketPort = 0  WebSocketSecretFile = "${secretFile}"\n`,
    );
    const checked = await Sspd.run('-c', file, '--check');
    expect(JSON.parse(checked.stdout)).to.have.nested.include({
      'web.port': 0,
      'web.secretFile': secretFile,
    });
    expect(checked.stdout).to.not.contain(SECRET.toString('base64url'));

    await using sspd = new Sspd(['-c', file]);
    const [, port = ''] = /, for browsers on port (\d+)$/.exec(await sspd.greeting()) ?? [];
    const webPort = Number(port);
    expect(await statusOf(webPort, { token: secretToken(claims()) })).to.equal(101);
    await writeFile(secretFile, other.toString('base64url'));
    sspd.child.kill('SIGHUP');
    await eventually(
      async () => (await statusOf(webPort, { token: secretToken(claims(), {}, other) })) === 101,
      'the new secret',
    );
    expect(await statusOf(webPort, { token: secretToken(claims()) })).to.equal(401);
    expect(sspd.stderr).to.contain('WebSocket refused').and.not.contain(secretToken(claims()).split('.')[2]);
  });

  it('opens it without a file too, for the pages that are named', async () => {
    const place = ['--name', 'one', '--port', '0', '--unix-dir', '', '--web', '0'];
    const pages = ['http://localhost:5173', 'https://*.example.com'];
    await using sspd = new Sspd([...place, ...pages.flatMap((page) => ['--web-origin', page])]);
    const [, port = ''] = /, for browsers on port (\d+)$/.exec(await sspd.greeting()) ?? [];
    const statuses = [];
    for (const origin of [...pages.slice(0, 1), 'https://a.example.com', `http://localhost:${port}`])
      statuses.push(await statusOf(Number(port), { origin }));
    expect(statuses).to.deep.equal([101, 101, 403]);
    const refused = await Sspd.run(...place, '--web-origin', 'localhost:5173');
    expect(refused.stderr).to.match(
      /^sspd: option '--web-origin <origin>' argument 'localhost:5173' is invalid/,
    );
    expect(refused.stderr).to.include('expected "same", "*", or an origin such as https://example.com');
    expect(refused.ending.status).to.equal(2);
    const alone = await Sspd.run('--web-origin', 'same');
    expect(alone.stderr).to.equal('sspd: --web-origin requires --web or --config\n');
  });

  it('takes the port of the command line before that of the file', async () => {
    await using folder = await TemporaryDirectory.make();
    const file = folder.file('spread.conf');
    await writeFile(
      file,
      `Spread_Segment 127.0.0.255:${await freePort()} { one 127.0.0.1 { D 127.0.0.1 C 127.0.0.1 } }
       UnixSocketDir = ""  WebSocketPort = 1  WebSocketMaxSockets = 7  WebSocketOrigins = "*"\n`,
    );
    const checked = async (...flags: string[]): Promise<unknown> =>
      (JSON.parse((await Sspd.run('-c', file, '--check', ...flags)).stdout) as { readonly web: unknown }).web;
    expect(await checked()).to.deep.include({ port: 1, origins: ['*'] });
    const both = await checked('--web', '0', '--web-origin', 'same');
    expect(both).to.deep.include({ port: 0, origins: ['same'], maxSockets: 7 });
  });

  it('does not start where strangers could read tokens', async () => {
    await using folder = await TemporaryDirectory.make();
    const file = folder.file('spread.conf');
    await writeFile(
      file,
      `Spread_Segment 127.0.0.255:${await freePort()} { one 127.0.0.1 }\nUnixSocketDir = ""  WebSocketPort = 0\n`,
    );
    const refused = await Sspd.run('-c', file);
    expect(refused.stderr).to.match(
      /^sspd: cannot listen on 0\.0\.0\.0:0 \(WebSocket\): beyond the loopback interface/,
    );
    expect(refused.ending.status).to.equal(2);
  });
});
