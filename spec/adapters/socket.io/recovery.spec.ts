/** Recovery at one server: what it can say of clients that were at another one. */
import { expect } from 'chai';
import { KINDS, type LinkMessage } from '../../../lib/adapters/socket.io/message.js';
import { Recovery } from '../../../lib/adapters/socket.io/recovery/recovery.js';

const EVERYBODY = { rooms: [], except: [], flags: {} };
const ALONE = { sender: '#me#d1', fromMe: true, isLocal: true, bytes: 0 };
const OTHER = { sender: '#other#d1', fromMe: false, isLocal: false, bytes: 100 };
const SESSION = { sid: 'sid', pid: 'pid', rooms: [], data: {} };

describe('socket.io: recovery', () => {
  let recovery: Recovery;
  let sent: LinkMessage[];

  const start = (crash: boolean): void => {
    sent = [];
    recovery = new Recovery(
      {
        now: () => 0,
        endLive: () => undefined,
        ask: () => Promise.resolve(null),
        submit: (message) => void sent.push(message),
        answer: (_, message) => void sent.push(message),
        hold: () => undefined,
        warn: () => undefined,
      },
      { maxAgeMs: 1_000, bytes: 1 << 20, crash },
    );
  };
  /** An event at its place. @returns its offset */
  const event = (name: string, bytes = 100): string => {
    const packet = { type: 2, data: [name] as unknown[] };
    recovery.placed('whole');
    recovery.broadcast(packet, EVERYBODY, bytes);
    return packet.data.at(-1) as string;
  };
  const names = async (pid: string, offset: string): Promise<unknown> =>
    (await recovery.restore(pid, offset))?.missedPackets.map(([name]) => name) ?? null;

  /** One that has acted here alone comes back behind an event of another server. @returns the offset of that event */
  const returnOfOwn = (): string => {
    recovery.begin('11111111');
    event('before');
    recovery.begin('a1a1a1a1');
    event('mine', ALONE.bytes);
    recovery.begin('22222222');
    const offset = event('other');
    recovery.placed('acted');
    event('last');
    return offset;
  };

  it('serves a client of a server that is gone', async () => {
    start(true);
    recovery.begin('11111111');
    recovery.act({ type: KINDS.announce, data: { session: SESSION } }, OTHER);
    const offset = event('first');
    event('second');
    recovery.members(() => false, new Map());
    expect(await names('pid', offset)).to.deep.equal(['second']);
    expect(await names('pid', offset)).to.equal(null);
  });

  it('does not miss what has acted here before its place, for a client that was at another server', async () => {
    start(true);
    const offset = returnOfOwn();
    recovery.act({ type: KINDS.announce, data: { session: SESSION } }, OTHER);
    recovery.members(() => false, new Map());
    // It has not had `mine`, which is not at its place here.
    expect(await names('pid', offset)).to.equal(null);
  });

  it('serves a client that was here then', async () => {
    start(false);
    const offset = returnOfOwn();
    recovery.persist(SESSION);
    expect(await names('pid', offset)).to.deep.equal(['last']);
  });
});
