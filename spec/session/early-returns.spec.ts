/** Takeovers whose own return stands in the order behind that of an earlier one, or of an earlier try. */
import type { Buffer } from 'node:buffer';
import { expect } from 'chai';
import { encodeReturn } from '../../lib/wire/extension/daemon-frames.js';
import { AGREED_MESS } from '../../lib/wire/service.js';
import { ResumableClient } from '../support/resumable-client.js';
import { until } from '../support/wait.js';
import { SessionFixture } from './session-fixture.js';

/** `ann`, who is in `g`, and `bob`, at a daemon whose order delivers nothing by itself. */
async function atHeldOrder() {
  const fixture = await SessionFixture.open({}, false);
  const { core, order, port } = fixture;
  core.record.keep({ bytes: 1024 * 1024, age: 30_000 });
  fixture.install();
  const ann = await ResumableClient.connect(port, 'ann');
  ann.join('g');
  await ann.hears('list g: #ann#dmn1');
  const bob = await ResumableClient.connect(port, 'bob');
  ann.heard();
  order.held = true;
  const ordered = async (): Promise<Buffer> => {
    await until(() => order.waiting.length === 1, 'a payload');
    fixture.server.resume();
    return order.waiting.pop() as Buffer;
  };
  return { fixture, core, port, ann, bob, ordered };
}

describe('session: a takeover that waits in the order', () => {
  it('is over with its own return, and not with that of a takeover before it', async () => {
    const { fixture, core, port, ann, bob, ordered } = await atHeldOrder();
    await using _ = fixture;
    await ann.return(port);
    ann.resume(['g']);
    const first = await ordered();
    await ann.return(port);
    ann.resume(['g']);
    await until(() => core.waiting === 1, 'the second return');
    bob.multicast(AGREED_MESS, ['g'], 'between');
    const between = await ordered();
    core.deliver(first);
    core.deliver(between);
    const second = await ordered();
    await ann.hears('#bob#dmn1 > g: between');
    expect(ann.heard()).to.deep.equal(['#bob#dmn1 > g: between']);
    core.deliver(second);
    await ann.hears('resumed 1');
    for (const each of [ann, bob]) each.close();
  });

  it('is over with its own return, with a gap too, and brings what comes while an earlier try has its groups', async () => {
    const { fixture, core, port, ann, bob, ordered } = await atHeldOrder();
    await using _ = fixture;
    const { sid, position } = ann.welcome;
    const { tag, index } = position;
    ann.position.marked({ tag, from: index, to: index, hash: 1n });
    const old = ann.session;
    // The first try comes to nothing here.
    await ann.return(port);
    ann.session.close();
    await ann.return(port);
    ann.resume(['g']);
    const own = await ordered();
    await ann.hears('gap g: diverged', 'list g behind a gap: #ann#dmn1');
    bob.multicast(AGREED_MESS, ['g'], 'between');
    const between = await ordered();
    const name = '#r9#dmn1';
    core.deliver(encodeReturn({ name, sid, attempt: 1, last: 1, oldName: '#ann#dmn1', groups: ['g'] }));
    core.deliver(between);
    core.deliver(own);
    await ann.hears('resumed 1');
    expect(ann.heard()).to.deep.equal([
      'gap g: diverged',
      'list g behind a gap: #ann#dmn1',
      'g: disconnect #ann#dmn1',
      `g: join ${name} was #ann#dmn1`,
      '#bob#dmn1 > g: between',
      `g: disconnect ${name}`,
      `g: join #ann#dmn1 was ${name}`,
      'resumed 1',
    ]);
    for (const each of [old, ann, bob]) each.close();
  });
});
