/** Sessions of clients that may come back. */
import { expect } from 'chai';
import { Sessions } from '../../../lib/adapters/socket.io/recovery/sessions.js';

const AGE = 1_000;
const NOBODY = new Map<string, string>();
const session = (pid: string) => ({ sid: `s${pid}`, pid, rooms: ['r'], data: { pid } });

describe('socket.io: sessions', () => {
  const expired: string[] = [];
  let sessions: Sessions;

  beforeEach(() => {
    expired.length = 0;
    sessions = new Sessions(AGE, (pid) => expired.push(pid));
  });

  it('are given away once', () => {
    sessions.persist(session('a'), 0);
    expect(sessions.take('a', 1)).to.deep.equal(session('a'));
    expect(sessions.take('a', 1)).to.equal(null);
    expect(expired).to.deep.equal([]);
  });

  it('are kept for a while', () => {
    sessions.persist(session('a'), 0);
    sessions.persist(session('b'), 1);
    expect(sessions.take('a', AGE)).to.equal(null);
    expect(expired).to.deep.equal(['a']);
    expect(sessions.take('b', AGE)).to.deep.equal(session('b'));
  });

  it('are those of the last time', () => {
    sessions.persist(session('a'), 0);
    sessions.persist({ ...session('a'), rooms: [] }, 500);
    expect(sessions.take('a', AGE + 1)?.rooms).to.deep.equal([]);
  });

  it('of another server are not given away as long as it is there', () => {
    sessions.announce(session('a'), '#b#d1');
    sessions.left((id) => id === '#b#d1', NOBODY, 0);
    expect(sessions.take('a', 0)).to.equal(null);
  });

  it('of another server are given away when it is gone, for a while', () => {
    for (const pid of ['a', 'b']) sessions.announce(session(pid), '#b#d1');
    sessions.left(() => false, NOBODY, 10);
    expect(sessions.take('a', 11)).to.deep.equal(session('a'));
    expect(sessions.take('a', 11)).to.equal(null);
    sessions.left(() => false, NOBODY, 500);
    expect(sessions.take('b', AGE + 10)).to.equal(null);
    expect(sessions.size).to.equal(0);
  });

  it('follow a server that has returned under another id', () => {
    sessions.announce(session('a'), '#b#d1');
    sessions.left((id) => id === '#b#d2', new Map([['#b#d1', '#b#d2']]), 0);
    expect(sessions.take('a', 0)).to.equal(null);
    sessions.left(() => false, NOBODY, 0);
    expect(sessions.take('a', 0)).to.deep.equal(session('a'));
  });

  it('are forgotten when their server says so', () => {
    sessions.announce(session('a'), '#b#d1');
    sessions.forget('a');
    sessions.left(() => false, NOBODY, 0);
    expect(sessions.take('a', 0)).to.equal(null);
  });

  it('are limited in number', () => {
    for (let i = 0; i <= 100_000; i++) {
      sessions.persist(session(String(i)), 0);
      sessions.announce(session(String(i)), '#b#d1');
    }
    expect(sessions.size).to.equal(200_000);
    expect(expired).to.deep.equal(['0']);
    expect(sessions.take('0', 0)).to.equal(null);
    expect(sessions.take('1', 0)).to.deep.equal(session('1'));
  });
});
