/** Takeovers whose own return stands in the order behind that of an earlier try. */
import type { Buffer } from 'node:buffer';
import { expect } from 'chai';
import { encodeReturn } from '../../lib/wire/extension/daemon-frames.js';
import { AGREED_MESS } from '../../lib/wire/service.js';
import { ResumableClient } from '../support/resumable-client.js';
import { until } from '../support/wait.js';
import { SessionFixture } from './session-fixture.js';

describe('session: a takeover with a gap', () => {
  it('is over with its own return, and brings what comes while an earlier try has its groups', async () => {
    await using fixture = await SessionFixture.open({}, false);
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
