/** Clients that come back and do not read, or are dropped because they do not: seconds each, since a sender waits for them. */
import { expect } from 'chai';
import type { Daemon } from '../../daemon/index.js';
import { AGREED_MESS } from '../../lib/wire/service.js';
import type { ResumableClient } from '../support/resumable-client.js';
import { until } from '../support/wait.js';
import { annAndBob, type Pair } from './returning-pair.js';

describe('session: a return of one that does not read', () => {
  /** `ann` is back, reads nothing, and has missed this number of messages of 100 kB. */
  async function stalled({ daemon, ann, bob }: Pair, missed: number): Promise<readonly string[]> {
    ann.break();
    await bob.hears('g: disconnect #ann#dmn1');
    const words = await say(bob, missed, 'a');
    await ann.return(daemon.port);
    ann.session.client.socket.pause();
    ann.resume(['g']);
    await bob.hears('g: join #ann#dmn1 was #ann#dmn1');
    return words;
  }

  async function say(bob: ResumableClient, count: number, mark: string): Promise<readonly string[]> {
    const texts = Array.from({ length: count }, (_, i) => `${mark}${i}`.padEnd(100_000, '.'));
    for (const text of texts) bob.multicast(AGREED_MESS, ['g'], text);
    const words = texts.map((text) => `#bob#dmn1 > g: ${text}`);
    await bob.hears(...words.slice(-1));
    return words;
  }

  const waitingOf = (daemon: Daemon): number =>
    daemon.status.sessions().find(({ name }) => name === 'ann')?.waitingBytes ?? 0;

  it('is at most 1 MiB ahead of its socket, and whole when it reads', async () => {
    await using pair = await annAndBob({ limits: { maxSessionBytes: 900_000, maxSessionMessages: 5 } });
    const { daemon, ann, bob } = pair;
    // Its socket takes some megabytes.
    const missed = await stalled(pair, 110);
    await until(() => waitingOf(daemon) >= 1024 * 1024, 'a replay that waits for its socket');
    const later = await say(bob, 2, 'b');
    expect(waitingOf(daemon)).to.be.below(1024 * 1024 + 200_000);
    ann.session.client.socket.resume();
    await ann.hears('resumed 1', ...later.slice(-1));
    const heard = ann.heard().filter((word) => word.startsWith('#bob'));
    expect(heard.map((word) => word.slice(0, 24))).to.deep.equal(
      [...missed, ...later].map((word) => word.slice(0, 24)),
    );
  });

  it('has a gap when the ring has lost what comes next, and the present list', async () => {
    await using pair = await annAndBob({ resumeBufferBytes: 11_000_000 });
    const { daemon, ann, bob } = pair;
    const missed = await stalled(pair, 100);
    await until(() => waitingOf(daemon) >= 1024 * 1024, 'a replay that waits for its socket');
    const more = await say(bob, 115, 'b');
    ann.session.client.socket.resume();
    await ann.hears('resumed 1');
    const last = await say(bob, 1, 'c');
    await ann.hears(...last);
    const words = ann.heard();
    const at = words.indexOf('gap g: overrun');
    expect(words.slice(at, at + 3)).to.deep.equal([
      'gap g: overrun',
      'list g behind a gap: #ann#dmn1 #bob#dmn1',
      'resumed 1',
    ]);
    const heard = words.slice(0, at).filter((word) => word.startsWith('#bob'));
    expect(heard.map((word) => word.slice(0, 24))).to.deep.equal(
      missed.slice(0, heard.length).map((word) => word.slice(0, 24)),
    );
    // The gap comes as soon as the ring has lost its place: what is said from then on is live.
    const live = words.slice(at + 3);
    const said = [...missed, ...more, ...last].slice(-live.length);
    expect(live.map((word) => word.slice(0, 24))).to.deep.equal(said.map((word) => word.slice(0, 24)));
    expect(daemon.counters.gaps).to.deep.equal({ overrun: 1 });
  });

  it('and is dropped while it is live, is whole when it comes back', async () => {
    await using pair = await annAndBob({ limits: { maxSessionBytes: 900_000 } });
    const { daemon, ann, bob } = pair;
    ann.session.client.socket.pause();
    const words = await say(bob, 110, 'a');
    await until(() => daemon.counters.ends['slow-bytes'] === 1, 'the end of ann');
    ann.session.client.socket.resume();
    await ann.session.client.end();
    ann.take();
    await ann.return(daemon.port);
    expect(ann.welcome.verdict).to.equal('whole');
    ann.resume(['g']);
    await ann.hears('resumed 1', ...words.slice(-1));
    const heard = ann.heard().filter((word) => word.startsWith('#bob'));
    expect(heard.map((word) => word.slice(0, 24))).to.deep.equal(words.map((word) => word.slice(0, 24)));
  });

  it('has the gap of a slow one when it was dropped, and more has come than is kept', async () => {
    await using pair = await annAndBob({
      limits: { maxSessionBytes: 900_000 },
      resumeBufferBytes: 500_000,
    });
    const { daemon, ann, bob } = pair;
    ann.session.client.socket.pause();
    await say(bob, 110, 'a');
    await until(() => daemon.counters.ends['slow-bytes'] === 1, 'the end of ann');
    ann.session.client.socket.resume();
    await ann.session.client.end();
    ann.take();
    for (let i = 0; i < 2; i++) {
      ann.heard();
      await ann.return(daemon.port);
      expect(ann.welcome.verdict).to.equal('gap');
      ann.resume(['g']);
      await ann.hears('resumed 1');
      expect(ann.heard()[0]).to.equal(`gap g: ${i === 0 ? 'slow' : 'overrun'}`);
      ann.break();
      await bob.hears('g: disconnect #ann#dmn1');
      bob.heard();
      await say(bob, 10, 'b');
    }
    expect(daemon.counters.gaps).to.deep.equal({ slow: 1, overrun: 1 });
  });
});
