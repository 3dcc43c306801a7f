/** Who receives what, over sockets [session 5.1]. */
import { expect } from 'chai';
import type { Daemon } from '../../daemon/index.js';
import { AGREED_MESS, FIFO_MESS, SAFE_MESS, SELF_DISCARD } from '../../lib/wire/service.js';
import { startDaemon } from '../support/local-daemon.js';
import { RawSession } from '../support/raw-client.js';
import { tell } from '../support/describe-frame.js';
import { until } from '../support/wait.js';

/** Gives everything that the sessions get until each has got the message that ends the test. */
async function told(daemon: Daemon, ...sessions: readonly RawSession[]): Promise<string[][]> {
  const sent = sessions.reduce((sum, { client }) => sum + client.sent, 0);
  await until(() => daemon.counters.bytesIn >= sent, 'the daemon to read what was sent');
  const herald = await RawSession.connect(daemon.port, 'herald');
  herald.multicast(
    AGREED_MESS,
    sessions.map(({ privateGroup }) => privateGroup),
    'end',
  );
  const lines: string[][] = [];
  for (const session of sessions) {
    const mine: string[] = [];
    for (let line = tell(await session.next()); !line.endsWith(': end'); line = tell(await session.next())) {
      mine.push(line);
    }
    lines.push(mine);
    session.close();
  }
  herald.close();
  return lines;
}

const connect = async (daemon: Daemon, ...names: readonly string[]): Promise<RawSession[]> => {
  const sessions: RawSession[] = [];
  for (const name of names) sessions.push(await RawSession.connect(daemon.port, name));
  return sessions;
};

describe('session: who gets a message', () => {
  it('is every member of its group, the sender as any other', async () => {
    await using daemon = await startDaemon();
    const [a, b, c] = (await connect(daemon, 'a', 'b', 'c')) as [RawSession, RawSession, RawSession];
    a.join('g');
    await a.next();
    b.join('g');
    await b.next();
    a.multicast(AGREED_MESS, ['g'], 'from a');
    expect(await told(daemon, a, b, c)).to.deep.equal([
      ['join g: #a#dmn1 #b#dmn1 (#b#dmn1)', '#a#dmn1 > g: from a'],
      ['#a#dmn1 > g: from a'],
      [],
    ]);
  });

  it('is each session once, however many of its groups are named', async () => {
    await using daemon = await startDaemon();
    const [a, s] = (await connect(daemon, 'a', 's')) as [RawSession, RawSession];
    a.join('g');
    a.join('h');
    await a.next();
    await a.next();
    s.multicast(AGREED_MESS, ['g', 'h', '#a#dmn1', 'g'], 'once');
    expect(await told(daemon, a, s)).to.deep.equal([['#s#dmn1 > g,h,#a#dmn1,g: once'], []]);
  });

  it('is not the sender of SELF_DISCARD, whose bit the others see', async () => {
    await using daemon = await startDaemon();
    const [a, b] = (await connect(daemon, 'a', 'b')) as [RawSession, RawSession];
    b.join('g');
    await b.next();
    a.join('g');
    await a.next();
    await b.next();
    a.multicast(SAFE_MESS | SELF_DISCARD, ['g'], 'for the others');
    const frame = await b.next();
    expect(frame.service).to.equal(SAFE_MESS | SELF_DISCARD);
    expect(await told(daemon, a, b)).to.deep.equal([[], []]);
  });

  it('is a session without the membership option, which gets nothing else', async () => {
    await using daemon = await startDaemon();
    const quiet = await RawSession.connect(daemon.port, 'quiet', false);
    const [a] = (await connect(daemon, 'a')) as [RawSession];
    quiet.join('g');
    await until(() => daemon.groups === 1, 'the join');
    a.join('g');
    const line = tell(await a.next());
    a.multicast(FIFO_MESS, ['g'], 'data');
    await a.next();
    quiet.leave('g');
    await a.next();
    expect(line).to.equal('join g: #a#dmn1 #quiet#dmn1 (#a#dmn1)');
    expect(await told(daemon, quiet)).to.deep.equal([['#a#dmn1 > g: data']]);
    a.close();
  });

  it('is nobody, without an error, when there is no such group, session or daemon', async () => {
    await using daemon = await startDaemon();
    const [a] = (await connect(daemon, 'a')) as [RawSession];
    for (const name of ['none', '#none#dmn1', '#a#dmn2', '#a', '']) a.multicast(AGREED_MESS, [name], 'lost');
    a.multicast(AGREED_MESS, [], 'lost');
    expect(await told(daemon, a)).to.deep.equal([[]]);
  });

  it('follows the order of one session: join, message, leave, message', async () => {
    await using daemon = await startDaemon();
    const [a] = (await connect(daemon, 'a')) as [RawSession];
    a.join('g');
    a.multicast(AGREED_MESS, ['g'], 'inside');
    a.leave('g');
    a.multicast(AGREED_MESS, ['g'], 'outside');
    expect(await told(daemon, a)).to.deep.equal([
      ['join g: #a#dmn1 (#a#dmn1)', '#a#dmn1 > g: inside', 'self-leave g'],
    ]);
  });

  it('is in one order for all: services of every kind come in the order they were sent in', async () => {
    await using daemon = await startDaemon();
    const [a, b] = (await connect(daemon, 'a', 'b')) as [RawSession, RawSession];
    b.join('g');
    await b.next();
    for (const service of [32, 1, 2, 4, 8, 16, 32, 1]) a.multicast(service, ['g'], String(service));
    const [, lines] = await told(daemon, a, b);
    expect(lines?.map((line) => line.split(': ')[1])).to.deep.equal([
      '32',
      '1',
      '2',
      '4',
      '8',
      '16',
      '32',
      '1',
    ]);
  });
});
