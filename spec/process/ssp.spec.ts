import { expect } from 'chai';
import { createDaemon, type Daemon } from '../../daemon/index.js';
import { Connection } from '../../lib/client/connection.js';
import { connect } from '../../lib/client/connect.js';
import type { DataEvent } from '../../lib/client/event.js';
import { Program } from '../support/program.js';

const MAIN = 'lib/cli/main.js';

/** A port of this host that nobody listens on. */
const NOWHERE = '1@127.0.0.1';

describe('process: ssp', () => {
  let daemon: Daemon;
  let address: string;

  beforeEach(async () => {
    daemon = await createDaemon({ name: 'one', listen: [{ host: '127.0.0.1', port: 0 }] });
    address = `${daemon.port}@127.0.0.1`;
  });

  afterEach(async () => {
    await Program.endAll();
    await daemon.stop();
  });

  /** Starts `ssp` on the daemon of this spec. */
  const ssp = (...args: readonly string[]): Program => Program.start(MAIN, args, { SSP_ADDRESS: address });

  /** A client of this process in a group, with the next messages it gets. */
  async function listener(
    group: string,
  ): Promise<{ connection: Connection; next: () => Promise<DataEvent> }> {
    const connection = await connect({ address, name: 'listener' });
    const joined = await connection.join(group);
    const events = joined[Symbol.asyncIterator]();
    const next = async (): Promise<DataEvent> => {
      for (;;) {
        const { value } = await events.next();
        if (value === undefined) throw new Error('the group has ended');
        if (value.kind === 'data') return value;
      }
    };
    return { connection, next };
  }

  describe('join', () => {
    it('prints views and messages', async () => {
      const program = ssp('join', 'room', '--name', 'anna');
      await program.prints(
        /view {2}room {2}join of #anna#one \(me\) {2}1 member: #anna#one \(leader, me\)\n/,
      );
      const { connection } = await listener('room');
      await program.prints(/join of #listener#one {2}2 members: #anna#one \(leader, me\) #listener#one\n/);
      await connection.send('room', 'hello', { type: 3 });
      await program.prints(/^\d\d:\d\d:\d\d data {2}room {2}#listener#one {2}agreed {2}type 3 {2}hello$/m);
      await connection.close();
      await program.prints(/disconnect of #listener#one {2}1 member: /);
    });

    it('prints one JSON object per line', async () => {
      const program = ssp('join', 'room', 'other', '--json', '--count', '2', '-n', 'anna');
      await program.prints(/"group":"other".*\n/);
      await using connection = await connect({ address, name: 'bert' });
      await connection.send(['room', 'other'], 'grüße', { service: 'safe', type: -1 });
      await connection.send('other', Buffer.from([0, 255]));
      const { status, out, err } = await program.end();
      expect([status, err]).to.deep.equal([0, '']);
      const lines = out.trimEnd().split('\n');
      const [view, , text, bytes] = lines.map((line) => JSON.parse(line) as Record<string, unknown>);
      expect(view).to.include({
        kind: 'view',
        group: 'room',
        cause: 'join',
        leader: '#anna#one',
        me: '#anna#one',
      });
      expect(view?.['members']).to.deep.equal(['#anna#one']);
      expect(text).to.include({
        kind: 'data',
        sender: '#bert#one',
        service: 'safe',
        type: -1,
        text: 'grüße',
      });
      expect(text?.['groups']).to.deep.equal(['room', 'other']);
      expect(bytes).to.include({ kind: 'data', base64: 'AP8=' }).and.not.have.property('text');
      expect(lines).to.have.length(4);
    });

    for (const signal of ['SIGINT', 'SIGTERM'] as const) {
      it(`says goodbye at ${signal}`, async () => {
        const program = ssp('join', 'room');
        await program.prints(/view/);
        const { status, err } = await program.signal(signal).end();
        expect([status, err]).to.deep.equal([0, '']);
        expect(daemon.counters.ends).to.include({ requested: 1 });
      });
    }

    it('ends with one line when the daemon goes away', async () => {
      const program = ssp('join', 'room');
      await program.prints(/view/);
      await daemon.stop();
      const { status, err } = await program.end();
      expect([status, err]).to.deep.equal([1, `ssp: the connection to ${address} is lost\n`]);
    });

    it('ends quietly when nobody reads what it prints', async () => {
      const program = ssp('join', 'room');
      await program.prints(/view/);
      program.ignoreOutput();
      await using connection = await connect({ address });
      await connection.send('room', 'to nobody');
      const { status, err } = await program.end();
      expect([status, err]).to.deep.equal([0, '']);
    });
  });

  describe('send', () => {
    it('sends one message with its service and type', async () => {
      const { connection, next } = await listener('room');
      const sent = await ssp('send', 'room', 'hello', '-s', 'fifo', '-t', '-7', '--name', 'anna').end();
      expect(sent).to.deep.equal({ status: 0, out: '', err: '' });
      expect(await next()).to.include({ text: 'hello', service: 'fifo', type: -7, sender: '#anna#one' });
      await connection.close();
    });

    it('sends to several groups at once, and to one connection', async () => {
      const { connection, next } = await listener('room');
      const message = new Promise<DataEvent>((resolve) => connection.once('message', resolve));
      await ssp('send', 'other,room', '').end();
      expect((await next()).groups).to.deep.equal(['other', 'room']);
      await ssp('send', '#listener#one', 'psst').end();
      expect(await message).to.include({ text: 'psst' });
      await connection.close();
    });

    for (const args of [
      ['send', 'room'],
      ['send', 'room', '-'],
    ]) {
      it(`sends every line of standard input with "${args.join(' ')}"`, async () => {
        const { connection, next } = await listener('room');
        const lines = Array.from({ length: 1_000 }, (_, i) => (i === 3 ? '' : `line ${i}`));
        const { status, err } = await ssp(...args)
          .write(`${lines.join('\n')}\r\nthe last`)
          .eof()
          .end();
        expect([status, err]).to.deep.equal([0, '']);
        const seen: string[] = [];
        while (seen.length <= lines.length) seen.push((await next()).text);
        expect(seen).to.deep.equal([...lines, 'the last']);
        await connection.close();
      });
    }

    it('sends the bytes of a line as they are', async () => {
      const { connection, next } = await listener('room');
      const lines = ['636166e9', '610d62', '7b2274223a2261e280a862227d', 'ff00fe'];
      const input = Buffer.concat(lines.map((hex) => Buffer.from(`${hex}0a`, 'hex')));
      const { status, err } = await ssp('send', 'room', '-').write(input).eof().end();
      expect([status, err]).to.deep.equal([0, '']);
      for (const hex of lines) expect(Buffer.from((await next()).body).toString('hex')).to.equal(hex);
      await connection.close();
    });

    it('refuses a message that is too long', async () => {
      const { status, err } = await ssp('send', 'room').write('x'.repeat(150_000)).eof().end();
      expect(status).to.equal(1);
      expect(err).to.match(/^ssp: .*exceed the size limit.*\n$/);
    });

    it('is cut short by SIGINT', async () => {
      const { connection, next } = await listener('room');
      const program = ssp('send', 'room').write('one\n');
      await next();
      const { status, err } = await program.signal('SIGINT').end();
      expect([status, err]).to.deep.equal([130, '']);
      await connection.close();
    });

    it('ends with one line when the daemon goes away', async () => {
      const { connection, next } = await listener('room');
      const program = ssp('send', 'room').write('one\n');
      await next();
      await Promise.all([connection.close(), daemon.stop()]);
      const { status, err } = await program.end();
      expect([status, err]).to.deep.equal([1, `ssp: the connection to ${address} is lost\n`]);
    });
  });

  describe('user', () => {
    it('carries out the lines of standard input, and sees what it sent', async () => {
      const program = ssp('user', 'anna');
      const script = [
        '?',
        'join room',
        's room hello there',
        'm',
        'p anna psst',
        'b room 3 9',
        'l room',
        'q',
      ];
      const { status, out, err } = await program.write(`${script.join('\n')}\n`).end();
      expect([status, err]).to.deep.equal([0, '']);
      expect(out).to.match(/^connected to .* as #anna#one; \? lists the commands\n/);
      expect(out).to.match(/^ {2}j group +join a group$/m);
      expect(out).to.match(/^ {2}room {2}view [\d.]+ {2}1 member: #anna#one \(leader, me\)$/m);
      const seen = out.split('\n').flatMap((line) => /^\d\d:\d\d:\d\d (.*)$/.exec(line)?.[1] ?? []);
      expect(seen).to.deep.equal([
        'view  room  join of #anna#one (me)  1 member: #anna#one (leader, me)',
        'data  room  #anna#one (me)  agreed  type 0  hello there',
        'data  #anna#one  #anna#one (me)  agreed  type 0  psst',
        'data  room  #anna#one (me)  agreed  type 0  1 of 3 xx',
        'data  room  #anna#one (me)  agreed  type 0  2 of 3 xx',
        'data  room  #anna#one (me)  agreed  type 0  3 of 3 xx',
        'left  room',
      ]);
    });

    it('waits at the end of its input for what it sent', async () => {
      const { status, out } = await ssp('user').write('j room\ns room last').eof().end();
      expect(status).to.equal(0);
      expect(out).to.match(/ last\n$/);
    });

    it('says which lines it cannot carry out, and continues', async () => {
      const { status, out, err } = await ssp('user').write('x\nj #a\nl room\n\nj room\n').eof().end();
      expect([status, err]).to.deep.equal([1, 'ssp: 3 commands failed\n']);
      expect(out)
        .to.match(/\? no command "x"/)
        .and.to.match(/\? a group name has/);
      expect(out).to.match(/\? you are not in room\n.* view {2}room/);
    });

    it('ends with one line when the daemon goes away', async () => {
      const program = ssp('user').write('j room\n');
      await program.prints(/view/);
      await daemon.stop();
      const { status, err } = await program.end();
      expect([status, err]).to.deep.equal([1, `ssp: the connection to ${address} is lost\n`]);
    });

    it('ends well at SIGINT', async () => {
      const program = ssp('user');
      await program.prints(/connected/);
      const { status, err } = await program.signal('SIGINT').end();
      expect([status, err]).to.deep.equal([0, '']);
    });
  });

  describe('ping', () => {
    for (const group of [[], ['room']]) {
      it(`measures round trips through ${group[0] ?? 'the daemon'}`, async () => {
        const { status, out, err } = await ssp('ping', ...group, '--count', '50', '--size', '10').end();
        expect([status, err]).to.deep.equal([0, '']);
        expect(out).to.match(
          /^50 round trips through \S+, 10-byte bodies, agreed\nmin \S+ us {3}median \S+ [um]s {3}p99 /,
        );
      });
    }

    it('gives microseconds in JSON', async () => {
      const { out } = await ssp('ping', '--count', '20', '-s', 'safe', '-i', '1ms', '--json').end();
      const result = JSON.parse(out) as Record<string, number>;
      expect(result).to.include({ verb: 'ping', count: 20, size: 100, service: 'safe', unit: 'us', address });
      expect(result['min'])
        .to.be.above(0)
        .and.at.most(result['median'] as number);
      expect(result['p99']).to.be.at.most(result['max'] as number);
    });

    it('reports what there is when it is cut short', async () => {
      const { connection, next } = await listener('room');
      const program = ssp('ping', 'room', '--count', '1000000', '--interval', '0.01s');
      await next();
      await next();
      const { status, out } = await program.signal('SIGINT').end();
      expect(status).to.equal(130);
      expect(out).to.match(/^\d+ round trips? through/);
      await connection.close();
    });
  });

  describe('flood', () => {
    it('measures, and checks the order', async () => {
      const { status, out, err } = await ssp('flood', '--messages', '10000').end();
      expect([status, err]).to.deep.equal([0, '']);
      expect(out).to.match(
        /^10,000 messages of 100 bytes through \S+: 1 sender, 1 receiver, agreed, window 800\n/,
      );
      expect(out).to.match(/\n {2}order +every receiver got every message, all in the same order\n$/);
    });

    it('gives its figures in JSON', async () => {
      const args = [
        '--senders',
        '2',
        '--receivers',
        '3',
        '--size',
        '0',
        '-m',
        '10000',
        '--service',
        'safe',
        '--json',
      ];
      const { status, out } = await ssp('flood', ...args).end();
      expect(status).to.equal(0);
      const result = JSON.parse(out) as Record<string, number>;
      expect(result).to.include({ verb: 'flood', senders: 2, receivers: 3, messages: 10_000, ordered: true });
      expect(result['delivered']).to.deep.equal([10_000, 10_000, 10_000]);
      expect(result['deliveriesPerSecond']).to.be.above(result['sentPerSecond'] as number);
    });

    it('can last a given time, and leaves nothing behind', async () => {
      const { status, out } = await ssp('flood', '--seconds', '100ms', '--size', '100000').end();
      expect(status).to.equal(0);
      expect(out).to.include('every message, all in the same order').and.to.include('window 168');
      expect(daemon.counters.ends).to.deep.equal({ requested: 2 });
    });

    it('reports what there is when it is cut short', async () => {
      const { connection, next } = await listener('flooded');
      const program = ssp('flood', '--seconds', '1m', '--group', 'flooded', '--window', '50');
      await next();
      // Further on it would be in the way as a slow receiver.
      await connection.close();
      const { status, out } = await program.signal('SIGINT').end();
      expect(status).to.equal(130);
      expect(out).to.include('messages/s');
    });

    it('ends with one line when the daemon goes away', async () => {
      const { connection, next } = await listener('flooded');
      const program = ssp('flood', '--seconds', '1m', '--group', 'flooded', '--window', '50');
      await next();
      await Promise.all([connection.close(), daemon.stop()]);
      const { status, err } = await program.end();
      expect([status, err]).to.deep.equal([1, `ssp: the connection to ${address} is lost\n`]);
    });
  });

  describe('without a daemon', () => {
    for (const args of [['join', 'room'], ['send', 'room', 'x'], ['user'], ['ping'], ['flood']]) {
      it(`${args[0]} says where it tried and how to start one`, async () => {
        const { status, out, err } = await Program.start(MAIN, [...args, '--address', NOWHERE]).end();
        expect([status, out]).to.deep.equal([1, '']);
        expect(err).to.match(
          /^ssp: no daemon answers at 1@127\.0\.0\.1; `sspd` starts one, .*`npm start`.*\n$/,
        );
      });
    }
  });

  it('says when the name is in use', async () => {
    await using connection = await connect({ address, name: 'anna' });
    const { status, err } = await ssp('join', 'room', '--name', 'anna').end();
    expect(connection.open).to.equal(true);
    expect(status).to.equal(1);
    expect(err).to.equal(
      `ssp: the name "anna" is in use at the daemon ${address}; take another one with --name\n`,
    );
  });

  it('prefers --address to SSP_ADDRESS', async () => {
    const program = Program.start(MAIN, ['ping', '--count', '1', '-a', address], { SSP_ADDRESS: NOWHERE });
    expect((await program.end()).status).to.equal(0);
  });
});
