/** Sessions that outlive their connection, at real daemons of one machine: tokens, verdicts, RESUME, numbers. */
import { Buffer } from 'node:buffer';
import { expect } from 'chai';
import { Tokens, keyOf } from '../../daemon/session/tokens.js';
import type { Daemon, DaemonOptions } from '../../daemon/index.js';
import {
  FEATURE_COMPACT_VIEWS,
  FEATURE_LISTS_ON_DEMAND,
  FEATURE_RESUME,
} from '../../lib/wire/extension/features.js';
import { encodeListRequest } from '../../lib/wire/extension/list.js';
import { frameKind, isExtensionFrame } from '../../lib/wire/extension/frame.js';
import type { Hello } from '../../lib/wire/extension/hello.js';
import { readToClient, type ToClient } from '../../lib/wire/extension/read.js';
import { encodeNumber, encodeResume, type ResumeGroup } from '../../lib/wire/extension/resume.js';
import type { Delivery } from '../../lib/wire/delivery.js';
import { systemClock } from '../../lib/util/clock.js';
import { AGREED_MESS } from '../../lib/wire/service.js';
import { tell } from '../support/describe-frame.js';
import { startDaemon } from '../support/local-daemon.js';
import { RawSession } from '../support/raw-client.js';
import { ResumableClient } from '../support/resumable-client.js';
import { until } from '../support/wait.js';
import { SessionFixture } from './session-fixture.js';

const FEATURES = FEATURE_RESUME | FEATURE_COMPACT_VIEWS | FEATURE_LISTS_ON_DEMAND;
const first: Hello = { features: FEATURES, holdMs: 0, heartbeatMs: 0, attempt: 0, resume: null };

const back = (token: Buffer, attempt = 1, awayMs = 10): Hello => ({
  ...first,
  attempt,
  resume: { token, position: { tag: 0n, from: 0, to: 0, hash: 0n, events: 0, awayMs } },
});

const group = (name: string, more: Partial<ResumeGroup> = {}): ResumeGroup => ({
  group: name,
  onDemand: false,
  signalled: false,
  had: true,
  wanted: true,
  ...more,
});

const bytesOf = (frame: Delivery): Buffer => (frame as unknown as { bytes: Buffer }).bytes;

/** What came, but marks, in words. */
function told(session: RawSession): string[] {
  return session.frames.flatMap((frame) => {
    const { start, end } = frame as unknown as { start: number; end: number };
    const bytes = bytesOf(frame);
    if (!isExtensionFrame(bytes, start)) return [tell(frame)];
    const read = readToClient(bytes, start, end);
    if (read?.kind === 'mark') return [];
    return read ? [words(read)] : [`kind ${frameKind(bytes, start)}`];
  });
}

function words(read: ToClient): string {
  switch (read.kind) {
    case 'ack':
      return `ack ${read.number}`;
    case 'list':
      return `list ${read.group}${read.afterGap ? ' behind a gap' : ''}${read.answer ? ', asked for' : ''}: ${read.names.join(' ')}`;
    case 'views':
      return `views ${read.group}: ${read.records.map((r) => `${r.cause} ${r.name}${r.returned ? ` was ${r.returned}` : ''}`).join()}`;
    case 'gap':
      return `gap ${read.group}: ${read.reason} after ${read.awayMs}`;
    case 'resumed':
      return `resumed ${read.groups}`;
    case 'end':
      return `end ${read.code} ${read.request}`;
    default:
      return read.kind;
  }
}

const came = async (session: RawSession, ...lines: readonly string[]): Promise<void> =>
  until(() => lines.every((line) => told(session).includes(line)), lines.join(', '), 2000).catch(
    (error: unknown) => {
      throw new Error(`${String(error)}; came: ${told(session).join(' | ')}`);
    },
  );

const withDaemon =
  (options: DaemonOptions, run: (daemon: Daemon) => Promise<void>) => async (): Promise<void> => {
    await using daemon = await startDaemon(options);
    await run(daemon);
  };

const connect = async (
  { port }: { readonly port: number },
  hello: Hello,
  name = 'ann',
): Promise<RawSession> => RawSession.connect(port, name, true, hello);

/** `ann` in the group `g`, with `bob`, and her token. */
async function annAndBob(daemon: Daemon): Promise<{ ann: RawSession; bob: RawSession; token: Buffer }> {
  const bob = await connect(daemon, first, 'bob');
  bob.join('g');
  const ann = await connect(daemon, first);
  ann.join('g');
  await came(bob, 'views g: join #ann#dmn1');
  await came(ann, 'ack 1');
  return { ann, bob, token: ann.welcome?.token ?? Buffer.alloc(0) };
}

/** As if nothing of the session had been ordered: its end was. */
function forgetHere({ core }: SessionFixture, sid: bigint): void {
  const { records } = core.resumption;
  const record = records.of(sid);
  if (!record) throw new Error('the end of the session is not in the table');
  records.delete(record);
}

describe('session: coming back', () => {
  describe('at a daemon that has not told the others what it knows, and heard of them', () => {
    it('waits for that', async () => {
      await using fixture = await SessionFixture.open({}, false);
      const connecting = connect(fixture, first);
      const plain = await connect(fixture, { ...first, features: FEATURE_COMPACT_VIEWS }, 'bob');
      expect(plain.welcome?.features).to.equal(FEATURE_COMPACT_VIEWS);
      fixture.install();
      fixture.drain();
      expect((await connecting).welcome).to.include({ verdict: 'new', features: FEATURES });
    });

    it('is known after that as before, whatever the time of day is by then', async () => {
      let ahead = 0;
      const clock = { ...systemClock, date: () => systemClock.date() + ahead };
      await using fixture = await SessionFixture.open({}, false, clock);
      const tokens = new Tokens('dmn1', () => [{ id: 1, key: Buffer.alloc(32, 1) }]);
      const connecting = connect(fixture, back(tokens.seal({ sid: 5n, name: 'ann', principal: '' }, 0)));
      await connect(fixture, { ...first, features: FEATURE_COMPACT_VIEWS }, 'bob');
      ahead = 3_600_000;
      fixture.install();
      fixture.drain();
      expect((await connecting).welcome).to.include({ verdict: 'gap', sid: 5n });
    });

    it('is not possible when the time of the handshake is over', async () => {
      await using fixture = await SessionFixture.open({ handshakeTimeoutMs: 100 }, false);
      const session = await connect(fixture, first);
      expect(session.welcome).to.include({ verdict: 'new', features: FEATURES & ~FEATURE_RESUME });
    });
  });

  it(
    'is possible with a token for a client that takes compact views',
    withDaemon({}, async (daemon) => {
      const ann = await connect(daemon, first);
      expect(ann.welcome).to.deep.include({
        verdict: 'new',
        features: FEATURES,
        windowMs: 30_000,
        stable: 0,
      });
      expect(ann.welcome?.token.length).to.be.within(45, 71);
      const plain = await connect(daemon, { ...first, features: FEATURE_RESUME }, 'bob');
      expect([plain.welcome?.features, plain.welcome?.token.length]).to.deep.equal([0, 0]);
      ann.close();
      plain.close();
    }),
  );

  it(
    'tells the groups of a gap, joins them again with what is known of it, and has repeats dropped',
    withDaemon({}, async (daemon) => {
      const { ann, bob, token } = await annAndBob(daemon);
      ann.multicast(AGREED_MESS, ['g'], 'one');
      await came(bob, '#ann#dmn1 > g: one');
      ann.client.reset();
      await came(bob, 'views g: disconnect #ann#dmn1');
      const again = await connect(daemon, back(token));
      expect(again.welcome).to.deep.include({ verdict: 'gap', sid: ann.welcome?.sid, stable: 2 });
      expect(again.welcome?.token.length).to.equal(token.length);
      again.client.send(encodeResume({ next: 2, attempt: 1, more: false, groups: [group('g')] }));
      again.multicast(AGREED_MESS, ['g'], 'one');
      again.multicast(AGREED_MESS, ['g'], 'two');
      await came(bob, '#ann#dmn1 > g: two', 'views g: join #ann#dmn1 was #ann#dmn1');
      await came(again, 'ack 3', '#ann#dmn1 > g: two');
      const events = told(again).filter((each) => !/^(ack|resumed)/.test(each));
      expect(events).to.deep.equal([
        'gap g: diverged after 10',
        'list g: #ann#dmn1 #bob#dmn1',
        '#ann#dmn1 > g: two',
      ]);
      expect(told(bob).filter((each) => each.endsWith('one'))).to.have.length(1);
      for (const each of [again, bob]) each.close();
    }),
  );

  it(
    'where nothing is kept ends the old connection, under a made-up name that messages to the old one reach',
    withDaemon({ resumeBufferBytes: 0 }, async (daemon) => {
      const { ann, bob, token } = await annAndBob(daemon);
      const again = await connect(daemon, back(token));
      expect(again.privateGroup).to.equal('#r1#dmn1');
      again.client.send(encodeResume({ next: 2, attempt: 1, more: false, groups: [group('g')] }));
      await came(bob, 'views g: disconnect #ann#dmn1,join #r1#dmn1 was #ann#dmn1');
      await came(ann, 'end taken-over 0');
      await ann.client.end();
      bob.multicast(AGREED_MESS, ['#ann#dmn1'], 'psst');
      await came(again, '#bob#dmn1 > #ann#dmn1: psst');
      expect(daemon.counters.ends).to.deep.equal({ 'taken-over': 1 });
      const other = await connect(daemon, first);
      expect(other.privateGroup).to.equal('#ann#dmn1');
      bob.multicast(AGREED_MESS, ['#ann#dmn1'], 'hello');
      await came(other, '#bob#dmn1 > #ann#dmn1: hello');
      expect(told(again)).not.to.include('#bob#dmn1 > #ann#dmn1: hello');
      for (const each of [again, other, bob]) each.close();
    }),
  );

  it(
    'where nothing is kept has the list that is asked for at once when it has returned',
    withDaemon({ resumeBufferBytes: 0 }, async (daemon) => {
      const { ann, bob, token } = await annAndBob(daemon);
      ann.client.reset();
      await came(bob, 'views g: disconnect #ann#dmn1');
      const again = await connect(daemon, back(token));
      const groups = [group('g', { onDemand: true })];
      const resume = encodeResume({ next: 2, attempt: 1, more: false, groups });
      again.client.send(Buffer.concat([resume, encodeListRequest('g')]));
      const list = 'list g, asked for: #ann#dmn1 #bob#dmn1';
      await came(again, list);
      expect(told(again)).to.deep.equal([
        'gap g: overrun after 10',
        'list g behind a gap: ',
        'resumed 1',
        list,
      ]);
      for (const each of [again, bob]) each.close();
    }),
  );

  it(
    'has the lists of groups come on demand as RESUME says, leaves out what it says, in as many parts as there are',
    withDaemon({}, async (daemon) => {
      const { ann, bob, token } = await annAndBob(daemon);
      ann.client.reset();
      const again = await connect(daemon, back(token));
      const parts = [
        [group('g', { onDemand: true })],
        [group('h', { had: false })],
        [group('i', { wanted: false })],
      ];
      for (const [i, groups] of parts.entries())
        again.client.send(encodeResume({ next: 2, attempt: 1, more: i < 2, groups }));
      await came(again, 'resumed 2');
      expect(told(again)).to.deep.equal([
        'gap g: diverged after 10',
        'gap h: diverged after 10',
        'gap i: diverged after 10',
        'list g: ',
        'list h: #ann#dmn1',
        'resumed 2',
      ]);
      for (const each of [again, bob]) each.close();
    }),
  );

  it('to a session that the daemons do not know is to a new one, unless nothing can have been forgotten', async () => {
    await using fixture = await SessionFixture.open();
    const ann = await connect(fixture, first);
    const { token = Buffer.alloc(0), sid = 0n } = ann.welcome ?? {};
    ann.client.reset();
    await until(() => fixture.server.size === 0, 'the end of ann');
    forgetHere(fixture, sid);
    // It is younger than that loss, and older than this one.
    const late = await connect(fixture, back(token, 1, 3_600_000));
    expect(late.welcome).to.deep.include({ verdict: 'unknown', stable: 0 });
    expect(late.welcome?.sid).not.to.equal(sid);
    late.multicast(AGREED_MESS, [late.privateGroup], 'x');
    await came(late, 'ack 1');
    late.close();
  });

  it('to a session of which nothing was known ends when all may be forgotten before it says what it wants', async () => {
    await using fixture = await SessionFixture.open();
    const { attachments } = fixture.server;
    const ann = await ResumableClient.connect(fixture.port, 'ann');
    ann.break();
    await until(() => fixture.server.size === 0, 'the end of ann');
    forgetHere(fixture, ann.welcome.sid);
    await ann.return(fixture.port);
    expect(ann.welcome.verdict).to.equal('gap');
    // As if that had passed.
    attachments.windowMs = 1;
    ann.resume([]);
    await ann.hears('end forgotten');
  });

  it(
    'with a token of nobody, or a changed one, is to a new session',
    withDaemon({}, async (daemon) => {
      const { ann, bob, token } = await annAndBob(daemon);
      ann.client.reset();
      for (const at of [0, 4, 20, token.length - 1]) {
        const forged = Buffer.from(token);
        forged[at] = (forged[at] ?? 0) ^ 1;
        const other = await connect(daemon, back(forged));
        expect(other.welcome?.verdict).to.equal('unknown');
        other.close();
      }
      const short = await connect(daemon, back(token.subarray(0, 30)));
      expect(short.welcome?.verdict).to.equal('unknown');
      short.close();
      bob.close();
    }),
  );

  it(
    'needs RESUME before the first request, once, with the attempt of HELLO',
    withDaemon({}, async (daemon) => {
      const { ann, bob, token } = await annAndBob(daemon);
      ann.client.reset();
      const tries: ((session: RawSession) => void)[] = [
        (session) => session.join('h'),
        ({ client }) => client.send(encodeNumber(5)),
        ({ client }) => client.send(encodeResume({ next: 2, attempt: 9, more: false, groups: [] })),
        ({ client }) => client.send(encodeResume({ next: 0, attempt: 2, more: false, groups: [] })),
      ];
      for (const send of tries) {
        const session = await connect(daemon, back(token, 2), 'eve');
        send(session);
        await came(session, 'end illegal 1');
        await session.client.end();
      }
      const once = await connect(daemon, back(token, 3), 'eve');
      const resume = encodeResume({ next: 7, attempt: 3, more: false, groups: [] });
      once.client.send(resume);
      await came(once, 'resumed 0');
      once.client.send(resume);
      await came(once, 'end illegal 7');
      bob.close();
    }),
  );

  it(
    'numbers requests as NUMBER says, and names the one that is illegal',
    withDaemon({}, async (daemon) => {
      const ann = await connect(daemon, first);
      ann.client.send(encodeNumber(10));
      ann.multicast(AGREED_MESS, ['g'], 'x');
      await came(ann, 'ack 10');
      ann.multicast(0, ['g'], 'x');
      await came(ann, 'end illegal 11');
    }),
  );
});

describe('session: tokens', () => {
  const vectorKey = { id: 0x01020304, key: Buffer.from(Array.from({ length: 32 }, (_, i) => i)) };
  const owner = { sid: 0x1122334455667788n, name: 'alice', principal: '' };
  const sealed =
    '04030201887766554433221160930a6b05616c69636504646d6e31e3b0c44298fc1c140f6d9a4b136e6edd2ea1dec21a0c9359';

  it('are those of the vector', () => {
    const tokens = new Tokens('dmn1', () => [vectorKey]);
    expect(tokens.seal(owner, 1_795_855_200).toString('hex')).to.equal(sealed);
    expect(tokens.open(Buffer.from(sealed, 'hex'), '')).to.deep.include({
      sid: owner.sid,
      name: 'alice',
      daemon: 'dmn1',
    });
  });

  it('open for their principal alone, and with every key that is known', () => {
    const keys = [keyOf(Buffer.alloc(32, 1)), keyOf(Buffer.alloc(32, 2))];
    const [, second] = keys;
    const old = new Tokens('dmn1', () => (second ? [second] : []));
    const both = new Tokens('dmn2', () => keys);
    const token = old.seal({ ...owner, principal: 'alice' }, 0);
    expect(both.open(token, 'alice')?.sid).to.equal(owner.sid);
    expect([both.open(token, 'bob'), both.open(token, '')]).to.deep.equal([null, null]);
    expect(new Tokens('dmn1', () => []).open(token, 'alice')).to.equal(null);
  });

  it('are empty before there is a key', () => {
    expect(new Tokens('dmn1', () => []).seal(owner, 0).length).to.equal(0);
  });
});
