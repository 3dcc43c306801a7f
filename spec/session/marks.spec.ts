/** The marks before the events of a session that may come back, at a real daemon. */
import { Buffer } from 'node:buffer';
import { expect } from 'chai';
import type { Core } from '../../daemon/core/core.js';
import type { Daemon } from '../../daemon/index.js';
import { StreamPosition } from '../../lib/client/resume/position.js';
import { FEATURE_COMPACT_VIEWS, FEATURE_RESUME } from '../../lib/wire/extension/features.js';
import { isExtensionFrame } from '../../lib/wire/extension/frame.js';
import { readToClient } from '../../lib/wire/extension/read.js';
import { encodeMessage, encodeRequest } from '../../lib/wire/request.js';
import { AGREED_MESS, isReject, JOIN_MESS } from '../../lib/wire/service.js';
import { startDaemon } from '../support/local-daemon.js';
import { RawSession } from '../support/raw-client.js';
import { until } from '../support/wait.js';
import { annAndBob } from './returning-pair.js';

const coreOf = (daemon: Daemon): Core => (daemon as unknown as { core: Core }).core;

const connect = async ({ port }: Daemon, name: string, features: number): Promise<RawSession> =>
  RawSession.connect(port, name, true, { features, holdMs: 0, heartbeatMs: 0, attempt: 0, resume: null });

/** What came, in words; the position counts along. */
function read(session: RawSession): { readonly words: string[]; readonly position: StreamPosition } {
  const position = new StreamPosition();
  const words = session.frames.map((frame) => {
    const { bytes, start, end } = frame as unknown as { bytes: Buffer; start: number; end: number };
    const told = isExtensionFrame(bytes, start) ? readToClient(bytes, start, end) : null;
    if (told?.kind === 'mark') position.marked(told);
    else if (told?.kind === 'views') position.views(told.group, told.records.length);
    else if (told?.kind === 'list') position.list(told.group, true);
    else if (told === null) position.data();
    return told?.kind ?? frame.body.toString('latin1');
  });
  return { words, position };
}

describe('session: marks', () => {
  it('stand before the events of a turn, and name the end of it', async () => {
    await using daemon = await startDaemon({});
    const { record } = coreOf(daemon);
    const ann = await connect(daemon, 'ann', FEATURE_RESUME | FEATURE_COMPACT_VIEWS);
    const bob = await connect(daemon, 'bob', FEATURE_COMPACT_VIEWS);
    ann.join('g');
    await until(() => read(ann).words.includes('ack'), 'the acknowledgement');
    const frames = ['one', 'two'].map((text) =>
      encodeMessage(AGREED_MESS, bob.privateGroup, ['g'], 0, [Buffer.from(text, 'latin1')]),
    );
    bob.client.send(Buffer.concat(frames));
    await until(() => read(ann).words.includes('two'), 'the messages');
    const { words, position } = read(ann);
    expect(words.join(' ')).to.equal('mark list mark ack mark one two');
    const { tag, index, hash } = record.history;
    expect(position.at(0)).to.include({ tag, to: index, hash, events: 2 });
    expect(position.had('g')).to.equal(true);
  });

  it('of now do not come before what a client has missed, though answers to it do', async () => {
    await using pair = await annAndBob({ limits: { maxGroups: 1 } });
    const { daemon, ann, bob } = pair;
    ann.break();
    await bob.hears('g: disconnect #ann#dmn1');
    bob.multicast(AGREED_MESS, ['g'], 'one');
    await bob.hears('#bob#dmn1 > g: one');
    await ann.return(daemon.port);
    const refused = encodeRequest(JOIN_MESS, ann.privateGroup, ['h']);
    ann.session.client.send(Buffer.concat([ann.resumeOf(['g'], 1), refused]));
    await ann.hears('resumed 1');
    const isRefusal = ({ service }: { readonly service: number }): boolean => isReject(service);
    const before = ann.session.frames.findIndex(isRefusal);
    expect(read(ann.session).words.slice(0, before)).to.deep.equal([]);
  });

  it('do not come to others, nor without a ring', async () => {
    for (const [resumeBufferBytes, features] of [
      [0, FEATURE_RESUME | FEATURE_COMPACT_VIEWS],
      [1000, FEATURE_COMPACT_VIEWS],
    ] as const) {
      await using daemon = await startDaemon({ resumeBufferBytes });
      const bob = await connect(daemon, 'bob', features);
      bob.join('g');
      bob.multicast(AGREED_MESS, ['g'], 'one');
      await until(() => read(bob).words.includes('one'), 'the message');
      expect(read(bob).words).not.to.include('mark');
    }
  });
});
