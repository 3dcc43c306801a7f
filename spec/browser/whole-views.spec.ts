/** A page without compact views: the daemon sends it every view whole, and states nothing of members. */
import { expect } from 'chai';
import { createDaemon } from '../../daemon/index.js';
import {
  connect,
  type Connection,
  election,
  groupRpc,
  IllegalParamError,
  presence,
  type ViewEvent,
} from '../../lib/browser/index.js';
import { connect as connectNative } from '../../lib/index.js';
import * as native from '../../lib/recipes/index.js';
import { startWithSecret } from '../net/websocket/web-fixture.js';
import { failure } from '../support/failure.js';
import { until } from '../support/wait.js';
import { claims, secretToken } from '../support/web-tokens.js';
import { WebBridge } from './bridge.js';
import { withWebSocket } from './web-socket-global.js';

/** A daemon, a page beside a program, and the way in between. */
async function world(story: (page: Connection, program: Connection) => Promise<void>): Promise<void> {
  await using daemon = await createDaemon({ name: 'd1', listen: [{ host: '127.0.0.1', port: 0 }] });
  await using bridge = await WebBridge.start(daemon.port);
  await using page = await connect({ url: bridge.url, name: 'ann', compactViews: false });
  await using program = await connectNative({ address: `${daemon.port}@127.0.0.1`, name: 'bob' });
  await story(page, program);
}

const wordOf = ({ cause, changed, members, joined, left, myIndex }: ViewEvent): string =>
  [cause, changed, ...members, '+', ...joined, '-', ...left, myIndex].join(' ');

describe('a page without compact views', () => {
  withWebSocket();

  it('sees the views that a program sees', () =>
    world(async (page, program) => {
      const views: string[] = [];
      const group = await page.join('room');
      group.on('view', (view) => views.push(wordOf(view)));
      const other = await program.join('room');
      await other.send('hello');
      await other.leave();
      await until(() => views.length === 3, 'three views');
      expect(views).to.deep.equal([
        'join #ann#d1 #ann#d1 + #ann#d1 - 0',
        'join #bob#d1 #ann#d1 #bob#d1 + #bob#d1 - 0',
        'leave #bob#d1 #ann#d1 + - #bob#d1 0',
      ]);
      expect(await group.list()).to.deep.equal(['#ann#d1']);
      await group.leave();
      expect((await failure(group.list())).message).to.include('room was left');
    }));

  it('has the recipes that need no statements of the daemon', () =>
    world(async (page, program) => {
      const elections = [await election(page, 'lead'), await native.election(program, 'lead')];
      await until(() => elections.every(({ leader }) => leader === '#ann#d1'), 'one leader');
      const asking = await groupRpc<number, number>(page, 'ask', { handler: (value) => value + 1 });
      await native.groupRpc<number, number>(program, 'ask', { handler: (value) => value * 2 });
      expect((await asking.call(5)).values).to.deep.equal([6, 10]);
    }));

  it('gets an error that names what it cannot have', () =>
    world(async (page) => {
      const error = await failure(page.join('room', { list: 'on-demand' }));
      expect(error).to.be.instanceOf(IllegalParamError);
      expect(error.message).to.include("list: 'on-demand' needs a connection with compactViews");
      const refused = await failure(presence(page, 'here', { metadata: null }));
      expect(refused).to.be.instanceOf(IllegalParamError);
      expect(refused.message).to.include('pass `compactViews: true` to connect');
      const group = await page.join('room');
      expect(() => group.subjectOf('#ann#d1')).to.throw('to connections with `compactViews`');
    }));

  it('is not what a page with a token is by default', async () => {
    await using daemon = await startWithSecret();
    const url = `ws://127.0.0.1:${daemon.webPort}/`;
    const token = secretToken(claims({ sub: 'anna' }));
    await using page = await connect({ url, token });
    expect((await page.join('room')).subjectOf(page.id)).to.equal('anna');
    await using plain = await connect({ url, token, compactViews: false });
    const group = await plain.join('room');
    expect(group.members).to.deep.equal([page.id, plain.id]);
    expect(() => group.subjectOf(page.id)).to.throw('compactViews');
  });

  it('is none that comes back', async () => {
    for (const options of [
      { url: 'ws://h/', resume: true },
      { url: ['ws://h/', 'ws://i/'], resume: false },
    ]) {
      const error = await failure(connect({ ...options, compactViews: false }));
      expect(error).to.be.instanceOf(IllegalParamError);
      expect(error.message).to.include('compactViews: false is for one url without resume');
    }
  });
});
