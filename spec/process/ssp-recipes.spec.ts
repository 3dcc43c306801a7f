/** `ssp call`, `ssp map` and `ssp channels`: what programs of a group give to a person or a script. */
import { expect } from 'chai';
import { createDaemon, type Daemon } from '../../daemon/index.js';
import { openChannels } from '../../lib/channel/index.js';
import { connect } from '../../lib/client/connect.js';
import type { Connection } from '../../lib/client/connection.js';
import { type CallHandler, groupRpc, map, type ReplicatedMap } from '../../lib/recipes/index.js';
import { Program } from '../support/program.js';

const MAIN = 'lib/cli/main.js';
const NOWHERE = '1@127.0.0.1';

describe('process: ssp with recipes', () => {
  let daemon: Daemon;
  let address: string;
  let connections: Connection[];

  beforeEach(async () => {
    daemon = await createDaemon({ name: 'one', listen: [{ host: '127.0.0.1', port: 0 }] });
    address = `${daemon.port}@127.0.0.1`;
    connections = [];
  });
  afterEach(async () => {
    await Program.endAll();
    await Promise.all(connections.map((each) => each.close()));
    await daemon.stop();
  });

  const ssp = (...args: readonly string[]): Program => Program.start(MAIN, args, { SSP_ADDRESS: address });

  async function client(name: string): Promise<Connection> {
    const connection = await connect({ address, name });
    connections.push(connection);
    return connection;
  }

  describe('call', () => {
    const member = async (name: string, handler: CallHandler<unknown, unknown>): Promise<void> =>
      void (await groupRpc(await client(name), 'shops', { handler }));

    it('prints the answer of each member', async () => {
      await member('ann', (fruit) => `3 ${String(fruit)}`);
      await member('bob', () => ({ count: 4 }));
      const { status, out, err } = await ssp('call', 'shops', 'apples').end();
      expect([status, err]).to.deep.equal([0, '']);
      expect(out).to.equal('#ann#one  3 apples\n#bob#one  {"count":4}\n');
    });

    it('asks and answers in JSON', async () => {
      await member('ann', (request) => [request]);
      await member('bob', () => {
        throw new Error('no pears here');
      });
      const { status, out, err } = await ssp('call', 'shops', '{"fruit":"pears"}', '--json').end();
      expect(JSON.parse(out)).to.deep.equal({
        verb: 'call',
        group: 'shops',
        satisfied: false,
        outcomes: {
          '#ann#one': { kind: 'value', value: [{ fruit: 'pears' }] },
          '#bob#one': { kind: 'error', message: 'no pears here' },
        },
        values: [[{ fruit: 'pears' }]],
      });
      expect([status, err]).to.deep.equal([1, 'ssp: 2 members asked, 1 value received\n']);
    });

    it('is content with one value where one is asked for', async () => {
      await member('ann', () => 'yes');
      await member('bob', () => new Promise(() => undefined));
      const { status, out } = await ssp('call', 'shops', '--mode', 'first').end();
      expect([status, out]).to.deep.equal([0, '#ann#one  yes\n']);
    });

    it('has the status of a timeout where a member does not answer', async () => {
      await member('ann', () => 'yes');
      await member('bob', () => new Promise(() => undefined));
      const { status, out, err } = await ssp('call', 'shops', 'x', '--timeout', '3s').end();
      expect([status, out, err]).to.deep.equal([
        124,
        '#ann#one  yes\n#bob#one  timeout\n',
        'ssp: 2 members asked, 1 value received\n',
      ]);
    });

    it('says that nobody answers calls', async () => {
      const { status, out, err } = await ssp('call', 'shops', 'x').end();
      expect([status, out, err]).to.deep.equal([1, '', 'ssp: no member of the group shops answers calls\n']);
    });

    it('refuses a request that is not JSON with --json, and shows how a text is written', async () => {
      const { status, err } = await ssp('call', 'shops', 'apples', '--json').end();
      expect(status).to.equal(2);
      expect(err).to.equal(
        `ssp: with --json expected JSON as the request, got apples; a text is '"apples"' in a shell\n`,
      );
    });
  });

  describe('map', () => {
    const settings = async (name = 'ann'): Promise<ReplicatedMap<unknown>> => {
      const it = await map<unknown>(await client(name), 'settings');
      await it.ready();
      return it;
    };

    it('gets one key', async () => {
      const it = await settings();
      await it.set('colour', 'green');
      expect(await ssp('map', 'get', 'settings', 'colour').end()).to.deep.equal({
        status: 0,
        out: 'green\n',
        err: '',
      });
      const { status, out, err } = await ssp('map', 'get', 'settings', 'shape').end();
      expect([status, out, err]).to.deep.equal([1, '', 'ssp: no key "shape" in the map settings\n']);
    });

    it('gets all of them by name', async () => {
      const it = await settings();
      await it.set('size', { w: 2 });
      await it.set('colour', 'green');
      expect((await ssp('map', 'get', 'settings').end()).out).to.equal('colour  green\nsize  {"w":2}\n');
      expect((await ssp('map', 'get', 'settings', '--json').end()).out).to.equal(
        '{"key":"colour","value":"green"}\n{"key":"size","value":{"w":2}}\n',
      );
    });

    it('sets a text, or a value in JSON', async () => {
      const it = await settings();
      expect(await ssp('map', 'set', 'settings', 'rate', '5').end()).to.deep.equal({
        status: 0,
        out: '',
        err: '',
      });
      expect(it.get('rate')).to.equal('5');
      const { status, out } = await ssp('map', 'set', 'settings', 'rate', '5', '--json').end();
      expect([status, out]).to.deep.equal([0, '{"key":"rate","value":5}\n']);
      expect(it.get('rate')).to.equal(5);
    });

    it('follows every change until a signal ends it', async () => {
      const it = await settings();
      await it.set('colour', 'green');
      const program = ssp('map', 'watch', 'settings', '--json');
      await program.prints(/"state"/);
      await it.set('colour', 'blue');
      await it.delete('colour');
      await program.prints(/"deleted".*\n/);
      const { status, out, err } = await program.signal('SIGINT').end();
      expect([status, err]).to.deep.equal([0, '']);
      const lines = out
        .trimEnd()
        .split('\n')
        .map((line) => {
          const { time, ...rest } = JSON.parse(line) as Record<string, unknown>;
          expect(new Date(time as string).getTime()).to.be.above(0);
          return rest;
        });
      expect(lines).to.deep.equal([
        { kind: 'state', entries: { colour: 'green' } },
        { kind: 'set', key: 'colour', value: 'blue' },
        { kind: 'deleted', key: 'colour', value: 'blue' },
      ]);
    });

    it('follows one key, for people', async () => {
      const it = await settings();
      const program = ssp('map', 'watch', 'settings', 'colour');
      await program.prints(/^\d\d:\d\d:\d\d state {4}0 keys\n/);
      await it.set('shape', 'round');
      await it.set('colour', 'red');
      await program.prints(/set {6}colour {2}red\n/);
      expect(program.out).not.to.include('shape');
    });

    it('does not make a map that nobody else holds, since it would be gone at once', async () => {
      const { status, out, err } = await ssp('map', 'set', 'settings', 'colour', 'red').end();
      expect([status, out, err]).to.deep.equal([
        1,
        '',
        'ssp: no other member of the group settings holds a map\n',
      ]);
    });

    it('reads a map with a quorum with the same one', async () => {
      const [first, second] = await Promise.all(
        ['ann', 'bob'].map(async (name) => map(await client(name), 'settings', { quorum: 2 })),
      );
      await Promise.all([first?.ready(), second?.ready()]);
      await first?.set('colour', 'red');
      const args = ['map', 'get', 'settings', 'colour', '--quorum', '2'];
      expect((await ssp(...args).end()).out).to.equal('red\n');
    });

    it('gives up where the quorum is missing', async () => {
      const { status, out, err } = await ssp('map', 'get', 'm', '--quorum', '2', '--timeout', '300ms').end();
      expect([status, out, err]).to.deep.equal([124, '', 'ssp: the map m was not here within 0.30 s\n']);
    });
  });

  describe('channels', () => {
    it('lists them with their servers', async () => {
      const channels = await openChannels(await client('ann'));
      await channels.createChannel('shop/fruit', { metadata: Buffer.from('v2') });
      await channels.createChannel('bank', { overflow: 'reject', maxBuffered: 7 });
      const visitor = await openChannels(await client('bob'));
      await visitor.openChannel('bank');
      const { status, out, err } = await ssp('channels').end();
      expect([status, err]).to.deep.equal([0, '']);
      expect(out.replaceAll(/ +/g, ' ')).to.equal(
        'channel server state clients posts at most when full\n' +
          'bank #ann#one active 1 7 reject\n' +
          'shop/fruit #ann#one active 0 100 block\n',
      );
      const json = await ssp('channels', 'shop/', '--json').end();
      expect(JSON.parse(json.out)).to.deep.include({
        name: 'shop/fruit',
        owner: '#ann#one',
        clients: [],
        metadata: { text: 'v2' },
      });
    });

    it('is empty where there is none', async () => {
      expect(await ssp('channels', '--json').end()).to.deep.equal({ status: 0, out: '', err: '' });
    });
  });

  describe('without a daemon', () => {
    for (const args of [['call', 'shops'], ['map', 'get', 'settings'], ['channels']]) {
      it(`${args[0]} has a status for it`, async () => {
        const { status, out, err } = await Program.start(MAIN, [...args, '--address', NOWHERE]).end();
        expect([status, out]).to.deep.equal([121, '']);
        expect(err).to.match(/^ssp: no daemon answers at 1@127\.0\.0\.1/);
      });
    }
  });
});
