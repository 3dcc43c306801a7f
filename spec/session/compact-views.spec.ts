/** Compact views at a real daemon: what is agreed in the handshake, and what comes then. */
import { Buffer } from 'node:buffer';
import { expect } from 'chai';
import { Core } from '../../daemon/core/core.js';
import { FEATURE_COMPACT_VIEWS, FEATURE_LISTS_ON_DEMAND } from '../../lib/wire/extension/features.js';
import type { Hello } from '../../lib/wire/extension/hello.js';
import { encodeListRequest } from '../../lib/wire/extension/list.js';
import { encodeMessage, encodeRequest } from '../../lib/wire/request.js';
import { JOIN_MESS } from '../../lib/wire/service.js';
import { remote } from '../core/core-world.js';
import { tell } from '../support/describe-frame.js';
import { nextExtension } from '../support/extension-frames.js';
import { RawSession } from '../support/raw-client.js';
import { until } from '../support/wait.js';
import { SessionFixture } from './session-fixture.js';

const features = FEATURE_COMPACT_VIEWS | FEATURE_LISTS_ON_DEMAND;
const hello: Hello = { features, holdMs: 0, heartbeatMs: 0, attempt: 0, resume: null };

const compact = ({ port }: SessionFixture, name: string): Promise<RawSession> =>
  RawSession.connect(port, name, true, hello);

describe('session: compact views', () => {
  it('come to those who have agreed on them, beside whole ones', async () => {
    await using fixture = await SessionFixture.open();
    const ann = await compact(fixture, 'ann');
    ann.join('g');
    expect(await nextExtension(ann)).to.deep.include({
      kind: 'list',
      names: [ann.privateGroup],
      ownIndex: 0,
    });
    const bob = await RawSession.connect(fixture.port, 'bob');
    bob.join('g');
    const record = { cause: 'join', index: 1, name: bob.privateGroup, returned: null, subject: null };
    expect(await nextExtension(ann)).to.deep.include({ kind: 'views', members: 2, records: [record] });
    expect(tell(await bob.next())).to.equal(
      `join g: ${ann.privateGroup} ${bob.privateGroup} (${bob.privateGroup})`,
    );
    bob.disconnect();
    const gone = { ...record, cause: 'disconnect' };
    expect(await nextExtension(ann)).to.deep.include({ kind: 'views', members: 1, records: [gone] });
    ann.leave('g');
    expect(tell(await ann.next())).to.equal('self-leave g');
    ann.close();
  });

  it('bring a list that is on demand when it is asked for', async () => {
    await using fixture = await SessionFixture.open();
    const ann = await compact(fixture, 'ann');
    ann.client.send(encodeMessage(JOIN_MESS, ann.privateGroup, ['g'], 0, [Buffer.of(1)]));
    expect(await nextExtension(ann)).to.deep.include({ kind: 'list', names: [], members: 1, answer: false });
    ann.client.send(encodeListRequest('g'));
    expect(await nextExtension(ann)).to.deep.include({ names: [ann.privateGroup], answer: true });
    ann.close();
  });

  it('let questions for lists wait for the one who asks, who gets all answers', async () => {
    await using fixture = await SessionFixture.open({ maxSessionBytes: 512 * 1024 });
    const { core } = fixture;
    const groups = Array.from({ length: 60 }, (_, i) => `g${i}`);
    const members = Array.from({ length: 1500 }, (_, i) => remote(`member${i}`, 'dmn1'));
    for (const group of groups) core.deliver(Buffer.concat(members.map(({ join }) => join(group))));
    const ann = await compact(fixture, 'ann');
    for (const group of groups)
      ann.client.send(encodeMessage(JOIN_MESS, ann.privateGroup, [group], 0, [Buffer.of(1)]));
    for (const group of groups) expect(await nextExtension(ann)).to.deep.include({ group, names: [] });
    const [session] = fixture.server.values();
    const wasHeld: string[][] = [];
    core.endTurn = () => {
      wasHeld.push([...(session?.heldBy ?? [])]);
      return Core.prototype.endTurn.call(core);
    };
    ann.client.send(Buffer.concat(groups.map(encodeListRequest)));
    for (const group of groups)
      expect(await nextExtension(ann)).to.deep.include({ group, answer: true, members: 1501 });
    expect([fixture.server.counters.ends, wasHeld.flat()[0]]).to.deep.equal([{}, 'change']);
    await until(() => session?.heldBy.length === 0, 'an end of the waiting');
    ann.close();
  });

  it('bring a list twice when it is asked for twice in one turn: the second answer may tell of more', async () => {
    await using fixture = await SessionFixture.open();
    const ann = await compact(fixture, 'ann');
    ann.join('g');
    expect(await nextExtension(ann)).to.deep.include({ kind: 'list', answer: false });
    ann.client.send(Buffer.concat([encodeListRequest('g'), encodeListRequest('g')]));
    for (let i = 0; i < 2; i++)
      expect(await nextExtension(ann)).to.deep.include({ names: [ann.privateGroup], answer: true });
    ann.close();
  });

  it('let a group grow beyond whole views, whose clients leave it, which the log says', async () => {
    await using fixture = await SessionFixture.open({ maxPlainView: 2 });
    const bob = await RawSession.connect(fixture.port, 'bob');
    bob.join('g');
    await bob.next();
    const sessions = [await compact(fixture, 'ann'), await compact(fixture, 'cat')];
    for (const each of sessions) {
      each.join('g');
      await nextExtension(each);
    }
    expect([tell(await bob.next()).slice(0, 4), tell(await bob.next()).slice(0, 4)]).to.deep.equal([
      'join',
      'join',
    ]);
    expect(tell(await bob.next())).to.equal('self-leave g');
    const line = fixture.log.lines.find(({ message }) => message.startsWith('group outgrown'));
    expect([line?.level, line?.fields]).to.deep.equal([
      'warn',
      { group: 'g', members: 3, sessions: 1, limit: 2 },
    ]);
    for (const each of [bob, ...sessions]) each.close();
  });

  it('let a listener stay through 6000 joins at once', async () => {
    await using fixture = await SessionFixture.open();
    const ann = await compact(fixture, 'ann');
    ann.join('g');
    await nextExtension(ann);
    const joins = Array.from({ length: 6000 }, (_, i) => encodeRequest(JOIN_MESS, `#n${i}#dmn1`, ['g']));
    fixture.core.deliver(Buffer.concat(joins));
    let told = 0;
    while (told < joins.length) {
      const frame = await nextExtension(ann);
      if (frame?.kind !== 'views') throw new Error(`expected records, got ${frame?.kind}`);
      told += frame.records.length;
    }
    expect([told, fixture.server.counters.ends]).to.deep.equal([6000, {}]);
    ann.close();
  });
});
