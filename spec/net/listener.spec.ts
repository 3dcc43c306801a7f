import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, statSync } from 'node:fs';
import { chmod, writeFile } from 'node:fs/promises';
import { connect, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { expect } from 'chai';
import { connect as connectTo } from '../../lib/client/connect.js';
import { listenTcp, listenUnix, unixPath } from '../../daemon/net/listener.js';
import { ListenError } from '../../daemon/net/tcp-address.js';
import { startDaemon } from '../support/local-daemon.js';
import { RawSession } from '../support/raw-client.js';
import { skip } from '../support/skip.js';
import { failure } from '../support/failure.js';
import { TemporaryDirectory } from '../support/temporary.js';
import { until } from '../support/wait.js';
import { keepLog } from '../session/session-fixture.js';

const nobody = (socket: Socket): void => {
  socket.destroy();
};

const closed = async (server: Server): Promise<void> => {
  await new Promise<void>((resolve) => server.close(() => resolve()));
};

/** A process that listens on the path, prints a line, and goes on as the script says. */
const listening = (path: string, backlog: number, then: string) =>
  spawn(process.execPath, [
    '-e',
    `require('net').createServer().listen({ path: process.argv[1], backlog: ${backlog} }, () => {
       require('fs').writeSync(1, 'listening\\n'); ${then} })`,
    path,
  ]);

describe('session: listener on TCP', () => {
  it('takes a free port for port 0', async () => {
    const server = await listenTcp('127.0.0.1', 0, nobody);
    const address = server.address();
    await closed(server);
    expect(address).to.have.property('port').above(0);
  });

  it('says that the address is in use', async () => {
    await using daemon = await startDaemon();
    const error = await failure(listenTcp('127.0.0.1', daemon.port, nobody));
    expect(error).to.be.instanceOf(ListenError);
    expect(error.message).to.equal(
      `cannot listen on 127.0.0.1:${daemon.port}: the address is in use, perhaps by another daemon`,
    );
  });

  it('says that the address is not of this machine', async () => {
    const error = await failure(listenTcp('192.0.2.1', 0, nobody));
    expect(error).to.be.instanceOf(ListenError);
    expect(error.message).to.equal('cannot listen on 192.0.2.1:0: this machine has no such address');
  });

  it('says that the host is unknown', async () => {
    const error = await failure(listenTcp('no such host', 0, nobody));
    expect(error).to.be.instanceOf(ListenError);
    expect(error.message).to.match(/^cannot listen on no such host:0: the host is unknown/);
  });

  it('closes what it had opened when a later listener cannot be had', async () => {
    await using folder = await TemporaryDirectory.make();
    const server = await listenTcp('127.0.0.1', 0, nobody);
    const address = server.address();
    const port = typeof address === 'object' && address ? address.port : 0;
    await closed(server);
    const error = await failure(
      startDaemon({ listen: [{ host: '127.0.0.1', port }], unixDir: folder.file('none') }),
    );
    expect(error).to.be.instanceOf(ListenError);
    const again = await listenTcp('127.0.0.1', port, nobody);
    await closed(again);
  });
});

describe('session: listener on the local socket', () => {
  it('is named after the port, and serves clients', async () => {
    await using folder = await TemporaryDirectory.make();
    await using daemon = await startDaemon({ unixDir: folder.path });
    expect(daemon.unixPath).to.equal(join(folder.path, String(daemon.port)));
    const session = await RawSession.connect(daemon.unixPath ?? '', 'alice');
    expect(session.privateGroup).to.equal('#alice#dmn1');
    session.close();
  });

  it('is open to everybody: mode 0666', async () => {
    await using folder = await TemporaryDirectory.make();
    await using daemon = await startDaemon({ unixDir: folder.path });
    expect((statSync(daemon.unixPath ?? '').mode & 0o777).toString(8)).to.equal('666');
  });

  it('is opened where a dead process left its file', async () => {
    await using folder = await TemporaryDirectory.make();
    const path = unixPath(folder.path, 1);
    const child = listening(path, 1, "process.kill(process.pid, 'SIGKILL')");
    await once(child, 'close');
    expect(statSync(path).isSocket(), 'the file of the dead process').to.equal(true);
    const server = await listenUnix(path, nobody);
    const client = connect(path);
    await once(client, 'connect');
    client.destroy();
    await closed(server);
  });

  it('is refused where another daemon answers, whose file stays', async () => {
    await using folder = await TemporaryDirectory.make();
    await using daemon = await startDaemon({ unixDir: folder.path });
    const path = daemon.unixPath ?? '';
    const error = await failure(listenUnix(path, nobody));
    expect(error).to.be.instanceOf(ListenError);
    expect(error.message).to.equal(
      `cannot listen on ${path}: the address is in use, perhaps by another daemon`,
    );
    const session = await RawSession.connect(path, 'alice');
    session.close();
  });

  it('is refused where another daemon is too busy to answer', async function () {
    if (process.platform !== 'linux') skip(this, 'only Linux answers so');
    await using folder = await TemporaryDirectory.make();
    const path = folder.file('busy');
    const child = listening(path, 1, 'for (;;);');
    const callers: Socket[] = [];
    try {
      await once(child.stdout, 'data');
      // The busy one accepts nobody: connections fill its queue until the system refuses more.
      const refusals: Error[] = [];
      while (refusals.length === 0 && callers.length < 1000) {
        const caller = connect(path);
        caller.on('error', (error) => refusals.push(error));
        callers.push(caller);
        await until(() => refusals.length > 0 || !caller.connecting, 'a connection or a refusal');
      }
      expect(refusals).to.have.length(1);
      const error = await failure(listenUnix(path, nobody));
      expect(error.message).to.match(/the address is in use/);
      expect(existsSync(path)).to.equal(true);
    } finally {
      for (const caller of callers) caller.destroy();
      child.kill('SIGKILL');
      await once(child, 'close');
    }
  });

  it('is refused where a file is that is no socket, which stays', async () => {
    await using folder = await TemporaryDirectory.make();
    const path = folder.file('4');
    await writeFile(path, 'precious');
    const error = await failure(listenUnix(path, nobody));
    expect(error).to.be.instanceOf(ListenError);
    expect(error.message).to.equal(`cannot listen on ${path}: the file exists and is not a socket`);
    expect(statSync(path).size).to.equal(8);
  });

  it('says that there is no such directory', async () => {
    await using folder = await TemporaryDirectory.make();
    const error = await failure(listenUnix(folder.file('none/4'), nobody));
    expect(error).to.be.instanceOf(ListenError);
    expect(error.message).to.equal(
      `cannot listen on ${folder.file('none/4')}: no such directory: ${folder.file('none')}`,
    );
  });

  it('says that it may not write there', async () => {
    await using folder = await TemporaryDirectory.make();
    await chmod(folder.path, 0o555);
    const error = await asNobody(() => failure(listenUnix(folder.file('4'), nobody)));
    expect(error.message).to.equal(`cannot listen on ${folder.file('4')}: permission denied`);
  });

  it('of another user that nobody serves is called that, and stays', async function () {
    if (process.getuid?.() !== 0) return skip(this, 'needs root, to be another user');
    await using folder = await TemporaryDirectory.make();
    await chmod(folder.path, 0o1777);
    const path = folder.file('4');
    await once(listening(path, 1, "process.kill(process.pid, 'SIGKILL')"), 'close');
    for (const mode of [0o755, 0o666]) {
      await chmod(path, mode);
      const error = await asNobody(() => failure(listenUnix(path, nobody)));
      expect(error.message).to.equal(
        `cannot listen on ${path}: a socket of another user (uid 0) exists, which can be neither probed nor removed`,
      );
    }
    expect(existsSync(path)).to.equal(true);
    return undefined;
  });

  it('does not have to be: a daemon without TCP has the port 0', async () => {
    await using folder = await TemporaryDirectory.make();
    await using daemon = await startDaemon({ listen: [], unixDir: folder.path });
    const session = await RawSession.connect(folder.file('0'), 'alice');
    expect([daemon.port, daemon.addresses]).to.deep.equal([0, []]);
    session.close();
  });

  it('is the path that was given, where clients reach it by that', async () => {
    await using folder = await TemporaryDirectory.make();
    const path = folder.file('app.sock');
    await using daemon = await startDaemon({ listen: [], unixPath: path });
    expect([daemon.unixPath, daemon.status.unixPath]).to.deep.equal([path, path]);
    await using connection = await connectTo({ address: `unix:${path}`, name: 'alice' });
    expect(connection.id).to.equal('#alice#dmn1');
    expect(existsSync(folder.file('sspd-dmn1.time'))).to.equal(true);
    await daemon.stop();
    expect(existsSync(path)).to.equal(false);
  });
});

/** Root may do everything, so it is somebody else for a moment: the system's `nobody`. */
async function asNobody<T>(act: () => Promise<T>): Promise<T> {
  if (process.getuid?.() !== 0) return await act();
  process.seteuid?.(65_534);
  try {
    return await act();
  } finally {
    process.seteuid?.(0);
  }
}

describe('session: a listener', () => {
  it('that fails later is logged and does not end the daemon', async () => {
    const logger = keepLog();
    await using daemon = await startDaemon({ logger });
    const { listeners } = daemon as unknown as { listeners: Server[] };
    listeners[0]?.emit('error', new Error('too many open files'));
    expect(logger.lines.filter(({ level }) => level === 'error').map(({ fields }) => fields)).to.deep.equal([
      { error: 'too many open files' },
    ]);
    const session = await RawSession.connect(daemon.port, 'alice');
    session.close();
  });

  it('on several addresses serves clients on each', async () => {
    const listen = [
      { host: '127.0.0.1', port: 0 },
      { host: '127.0.0.2', port: 0 },
    ];
    await using daemon = await startDaemon({ listen });
    expect(daemon.addresses.map(({ host }) => host)).to.deep.equal(['127.0.0.1', '127.0.0.2']);
    for (const { host, port } of daemon.addresses) {
      const socket = connect(port, host);
      await once(socket, 'connect');
      socket.destroy();
    }
  });
});
