/**
 * What happens when many browsers connect at once, and when one does not stop: nobody is accepted and then closed, since that is
 * what makes libraries come back at once.
 */
import { writeFile } from 'node:fs/promises';
import { expect } from 'chai';
import type { WebSocket } from 'ws';
import type { Daemon } from '../../../daemon/index.js';
import { deserted } from '../../support/local-daemon.js';
import { TemporaryDirectory } from '../../support/temporary.js';
import { until } from '../../support/wait.js';
import { type Answer, dial, WebClient, WebSession } from '../../support/web-client.js';
import { runExample } from './web-guide.js';
import { startWeb } from './web-fixture.js';

/**
 * Connects again and again as a common library does: at once after a close, whatever its code, and later each time it was refused.
 * It tries that often, and after each refusal gives up that many of its next tries.
 */
async function stubborn(daemon: Daemon, tries: number, act: (socket: WebSocket) => void): Promise<Answer[]> {
  const answers: Answer[] = [];
  let pause = 0;
  for (let i = 0; i < tries; i += 1 + pause) {
    const answer = await dial(daemon.webPort);
    answers.push(answer);
    pause = answer.socket === null ? Math.min(pause + 5, 50) : 0;
    if (answer.socket === null) continue;
    const client = new WebClient(answer.socket);
    act(answer.socket);
    await client.closed();
  }
  return answers;
}

const statuses = (answers: readonly Answer[]): number[] => answers.map(({ status }) => status);

describe('WebSocket: reconnect storms', () => {
  it('one that misbehaves each time is closed once, and then refused', async () => {
    await using daemon = await startWeb();
    const answers = await stubborn(daemon, 100, (socket) => socket.send('nonsense'));
    expect(statuses(answers)).to.deep.equal([101, ...Array.from({ length: answers.length - 1 }, () => 429)]);
    expect(answers.length).to.be.lessThan(10);
    expect(daemon.counters.connections).to.equal(1);
  });

  for (const [what, web, dialed] of [
    ['the token', { verify: () => null }, 401],
    ['the number of sockets', { maxSockets: 1 }, 503],
  ] as const) {
    it(`one that is refused for ${what} is never accepted, and waits longer and longer`, async () => {
      await using daemon = await startWeb(web);
      const first = dialed === 503 ? await dial(daemon.webPort) : null;
      const answers = await stubborn(daemon, 100, () => undefined);
      expect([...new Set(statuses(answers))]).to.deep.equal([dialed]);
      expect(answers.length).to.be.lessThan(10);
      first?.socket?.terminate();
    });
  }

  it('hundreds at once all come in, or hear when to come back', async () => {
    await using daemon = await startWeb({ maxSockets: 200 }, { limits: { maxHandshakes: 20 } });
    const answers = await Promise.all(Array.from({ length: 300 }, () => dial(daemon.webPort)));
    const open = answers.filter(({ socket }) => socket !== null);
    const refused = answers.filter(({ socket }) => socket === null);
    expect([open.length, refused.length]).to.deep.equal([200, 100]);
    expect([
      ...new Set(refused.map(({ status, headers }) => `${status} ${headers['retry-after']}`)),
    ]).to.deep.equal(['503 5']);
    expect(daemon.webSockets).to.equal(200);
    for (const { socket } of open) socket?.terminate();
    await deserted(daemon);
    await until(() => daemon.webSockets === 0, 'the sockets to go');
    expect(daemon.counters.webEnds).to.deep.equal({ closed: 200 });
  });
});

describe('docs/operate/web.md', () => {
  it('has a program that makes tokens', async () => {
    await using folder = await TemporaryDirectory.make();
    const secretFile = folder.file('secrets');
    await writeFile(secretFile, Buffer.alloc(32, 7).toString('base64url'));
    const token = await runExample(secretFile);
    await using daemon = await startWeb({ secretFile });
    const session = await WebSession.connect(daemon.webPort, 'a', { token });
    expect(daemon.status.sessions().map(({ principal }) => principal)).to.deep.equal(['web:anna']);
    session.close();
  });
});
