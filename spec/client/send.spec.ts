import { Buffer } from 'node:buffer';
import { expect } from 'chai';
import {
  type Body,
  ConnectionClosedError,
  type DataEvent,
  IllegalGroupError,
  IllegalMessageError,
  IllegalMessageTypeError,
  IllegalParamError,
  IllegalServiceError,
  MessageTooLongError,
  type SendOptions,
  SspError,
} from '../../lib/index.js';
import { until } from '../support/wait.js';
import { A } from './frames.js';
import { caughtUp, failure, isWaiting, settle, ClientFixture, within, ClientWorld } from './support.js';

const MAX_BODY = 143_920;

/** A connection in the group `room`, with the messages that it hears there. */
async function listening(
  world: ClientWorld,
): Promise<{ messages: DataEvent[]; until(count: number): Promise<void> }> {
  const group = await (await world.connect('listener')).join('room');
  const messages: DataEvent[] = [];
  group.on('data', (event) => messages.push(event));
  return { messages, until: (count) => until(() => messages.length >= count, `${count} messages`) };
}

describe('Connection.send', () => {
  describe('refuses', () => {
    type Arguments = readonly [groups: unknown, body?: unknown, options?: unknown];
    const refusals: readonly (readonly [what: string, Class: typeof IllegalGroupError, given: Arguments])[] =
      [
        ['an empty name', IllegalGroupError, ['']],
        ['a name with a space', IllegalGroupError, ['a b']],
        ['a name with a NUL', IllegalGroupError, ['room\0x']],
        ['a name outside of ASCII', IllegalGroupError, ['räum']],
        ['a name of 32 characters', IllegalGroupError, ['x'.repeat(32)]],
        ['one illegal name among others', IllegalGroupError, [['room', 'a b']]],
        ['a private name without a daemon', IllegalGroupError, ['#bob']],
        ['a private name that is too long', IllegalGroupError, ['#elevenchars#d1']],
        ['names that are none', IllegalGroupError, [[7]]],
        ['no names at all', IllegalGroupError, [undefined]],
        ['an empty list', IllegalParamError, [[]]],
        ['101 groups', IllegalParamError, [Array.from({ length: 101 }, () => 'room')]],
        ['a body that is a number', IllegalMessageError, ['room', 7]],
        ['a body that is missing', IllegalMessageError, ['room', undefined]],
        ['a body of another kind of array', IllegalMessageError, ['room', new Uint16Array(2)]],
        ['an unknown service', IllegalServiceError, ['room', '', { service: 'best-effort' }]],
        ['a service that is misspelled', IllegalServiceError, ['room', '', { service: 'agred' }]],
        ['a service that every object has', IllegalServiceError, ['room', '', { service: 'constructor' }]],
        ['a type below 16 bits', IllegalMessageTypeError, ['room', '', { type: -32_769 }]],
        ['a type above 16 bits', IllegalMessageTypeError, ['room', '', { type: 32_768 }]],
        ['a type that is no integer', IllegalMessageTypeError, ['room', '', { type: 1.5 }]],
        ['a type that is no number', IllegalMessageTypeError, ['room', '', { type: '1' }]],
        ['a body that is one byte too long', MessageTooLongError, ['room', Buffer.alloc(MAX_BODY + 1)]],
        [
          'a body that its groups make too long',
          MessageTooLongError,
          [['room', 'hall'], Buffer.alloc(MAX_BODY)],
        ],
      ];
    for (const [what, Class, [groups, body = '', options]] of refusals) {
      it(`${what} with ${Class.name}, and the connection stays`, async () => {
        await using world = await ClientWorld.start();
        const a = await world.connect('a');
        const given = what === 'a body that is missing' ? undefined : body;
        const error = await failure(a.send(groups as string, given as Body, options as SendOptions));
        expect(error).to.be.instanceOf(Class).and.instanceOf(SspError);
        await caughtUp(a);
        expect(world.daemon.counters.messagesIn, 'only the mark').to.equal(1);
      });
    }

    it('a private name that is none by a rejection, too', async () => {
      await using world = await ClientWorld.start();
      const a = await world.connect('a');
      for (const name of ['', 'elevenchars', '#a', 'a b', undefined]) {
        expect(await failure(a.sendTo(name as string, ''))).to.be.instanceOf(IllegalGroupError);
      }
    });
  });

  it('takes text, bytes and nothing', async () => {
    await using world = await ClientWorld.start();
    const heard = await listening(world);
    const a = await world.connect('a');
    const bytes = new Uint8Array([9, 0, 255, 254, 9]);
    for (const body of ['ä€😀', bytes, bytes.subarray(1, 3), '', Buffer.alloc(0)]) await a.send('room', body);
    await heard.until(5);
    expect(heard.messages.map(({ body }) => body.toString('hex'))).to.deep.equal([
      Buffer.from('ä€😀').toString('hex'),
      '0900fffe09',
      '00ff',
      '',
      '',
    ]);
  });

  it('takes every type of 16 bits', async () => {
    await using world = await ClientWorld.start();
    const heard = await listening(world);
    const a = await world.connect('a');
    const types = [-32_768, -1, 0, 1, 255, 32_767];
    for (const type of types) await a.send('room', '', { type });
    await heard.until(types.length);
    expect(heard.messages.map(({ type }) => type)).to.deep.equal(types);
  });

  it('takes 100 groups', async () => {
    await using world = await ClientWorld.start();
    const heard = await listening(world);
    const a = await world.connect('a');
    const groups = [...Array.from({ length: 99 }, (_, i) => `group-${i}`), 'room'];
    await a.send(groups, Buffer.alloc(143_952 - 3_200, 'x'));
    await heard.until(1);
    expect(heard.messages[0]?.groups).to.deep.equal(groups);
  });

  for (const size of [1, 16_383, 16_384, 65_536, 143_119, MAX_BODY]) {
    it(`brings ${size} bytes across as they are`, async () => {
      await using world = await ClientWorld.start();
      const heard = await listening(world);
      const a = await world.connect('a');
      const body = Buffer.from(Array.from({ length: size }, (_, i) => i % 251));
      await a.send('room', body);
      // Once it resolves the bytes are the caller's again.
      const copy = Buffer.from(body);
      body.fill(0);
      await heard.until(1);
      expect(heard.messages[0]?.body.equals(copy)).to.equal(true);
    });
  }

  it('copies a small body at once', async () => {
    await using world = await ClientWorld.start();
    const heard = await listening(world);
    const a = await world.connect('a');
    const body = Buffer.from('before');
    const sent = a.send('room', body);
    body.fill('x');
    await sent;
    await heard.until(1);
    expect(heard.messages[0]?.text).to.equal('before');
  });

  it('keeps the order of the calls, whatever their sizes and whoever waits', async () => {
    await using world = await ClientWorld.start();
    const heard = await listening(world);
    const a = await world.connect('a');
    const sizes = [1, 20_000, 5, 143_000, 0, 17_000, 3];
    const sends = Array.from({ length: 210 }, (_, i) => {
      const body = Buffer.alloc(sizes[i % sizes.length] as number);
      return a.send('room', body, { type: i, service: i % 2 === 0 ? 'safe' : 'unreliable' });
    });
    await Promise.all(sends);
    await heard.until(210);
    expect(heard.messages.map(({ type }) => type)).to.deep.equal(Array.from({ length: 210 }, (_, i) => i));
  });

  it('resolves when the kernel has the bytes: not while the daemon takes none', async () => {
    await using stage = await ClientFixture.open();
    const { connection, session } = stage;
    session.socket.pause();
    const body = Buffer.alloc(100_000);
    let sent = 0;
    let last: Promise<void>;
    do {
      last = connection.send('room', body);
      sent++;
    } while (!(await isWaiting(last)) && sent < 1_000);
    expect(sent).to.be.lessThan(1_000);
    session.socket.resume();
    await within(last, 'the last message');
  });

  it('fails with ConnectionClosedError when the connection breaks before', async () => {
    await using stage = await ClientFixture.open();
    const { connection, session } = stage;
    session.socket.pause();
    const sends = Array.from({ length: 200 }, () => connection.send('room', Buffer.alloc(100_000)));
    const outcomes = Promise.allSettled(sends);
    await settle();
    session.reset();
    const failures = (await within(outcomes, 'the outcomes')).filter(({ status }) => status === 'rejected');
    expect(failures).to.not.have.length(0);
    for (const outcome of failures) {
      expect((outcome as PromiseRejectedResult).reason).to.be.instanceOf(ConnectionClosedError);
    }
    expect(await failure(connection.send('room', ''))).to.be.instanceOf(ConnectionClosedError);
  });

  it('takes private names as it takes groups', async () => {
    await using world = await ClientWorld.start();
    const a = await world.connect('a');
    const heard = new Promise<DataEvent>((resolve) => a.once('message', resolve));
    await a.send([A, 'room'], 'x', { type: 3 });
    expect(await heard).to.deep.include({ groups: [A, 'room'], type: 3, fromMe: true });
  });
});
