/** What a daemon makes of clients that know the extension and of those that only look like it. */
import { Buffer } from 'node:buffer';
import { expect } from 'chai';
import type { Daemon } from '../../daemon/index.js';
import { encodeExtension, fieldWriter } from '../../lib/wire/extension/frame.js';
import { encodeMethodChoice } from '../../lib/wire/handshake/authentication.js';
import { encodeMessage, encodeRequest } from '../../lib/wire/request.js';
import { EXTENSION_MESS, JOIN_MESS, RELIABLE_MESS } from '../../lib/wire/service.js';
import { startDaemon } from '../support/local-daemon.js';
import { RawClient, RawSession } from '../support/raw-client.js';
import { until } from '../support/wait.js';

const NULL_LIST = '\x05NULL ';
const EXTENDED_LIST = '\x0bNULL SSPX1 ';
const ACCEPT = '010500010923626f6223646d6e31';
const OWN = '#bob#dmn1';

const requestOf = (version: readonly number[], options: number): Buffer =>
  Buffer.concat([Buffer.from([...version, options, 3]), Buffer.from('bob')]);

/** Two slots of a choice, whatever bytes they hold. */
function choiceOf(...slots: readonly string[]): Buffer {
  const choice = Buffer.alloc(90);
  for (const [i, slot] of slots.entries()) choice.write(slot, 30 * i, 'latin1');
  return choice;
}

/** A client through its handshake: its list, and what answered its choice. */
async function shake(
  daemon: Daemon,
  request: Buffer,
  choice: Buffer,
): Promise<{ readonly client: RawClient; readonly list: string; readonly answer: string }> {
  const client = await RawClient.open(daemon.port);
  client.send(request);
  const [length = 0] = await client.take(1);
  const list = String.fromCharCode(length) + (await client.take(length)).toString('latin1');
  client.send(choice);
  const [first = 0] = await client.take(1);
  const rest = first === 1 ? await client.take(13) : Buffer.alloc(0);
  return { client, list, answer: Buffer.concat([Buffer.from([first]), rest]).toString('hex') };
}

describe('session: clients that look as if they knew the extension', () => {
  let daemon: Daemon;
  beforeEach(async () => {
    daemon = await startDaemon();
  });
  afterEach(() => daemon.stop());

  for (const [options, offers, hearsViews] of [
    [0x02, true, false],
    [0x05, false, true],
    [0x09, false, true],
    [0x0f, true, true],
    [0x13, true, true],
    [0x83, true, false],
  ] as const) {
    const text = options.toString(16).padStart(2, '0');
    it(`options ${text}: ${offers ? 'the word' : 'no word'}, ${hearsViews ? '' : 'no '}membership messages`, async () => {
      const { client, list, answer } = await shake(daemon, requestOf([5, 0, 1], options), choiceOf('NULL'));
      expect([list, answer]).to.deep.equal([offers ? EXTENDED_LIST : NULL_LIST, ACCEPT]);
      client.send(encodeRequest(JOIN_MESS, OWN, ['g']));
      // Its own message comes behind its view, if there is one.
      client.send(encodeMessage(RELIABLE_MESS, OWN, ['g'], 0, []));
      const type = (await client.take(4)).readUInt32LE(0) & ~0x80000080;
      expect(type).to.equal(hearsViews ? 0x1100 : RELIABLE_MESS);
      client.close();
    });
  }

  for (const version of [
    [5, 1, 0],
    [5, 0, 77],
    [127, 0, 1],
  ]) {
    it(`version ${version.join('.')} is accepted, and answered with 5.0.1`, async () => {
      for (const options of [0x01, 0x03]) {
        const { client, answer } = await shake(daemon, requestOf(version, options), choiceOf('NULL'));
        expect(answer).to.equal(ACCEPT);
        client.close();
        await until(() => daemon.sessions === 0, 'the end');
      }
    });
  }

  it('a choice of the word that was not listed is refused', async () => {
    const { client, list, answer } = await shake(
      daemon,
      requestOf([5, 0, 1], 0x01),
      choiceOf('NULL', 'SSPX1'),
    );
    expect([list, answer]).to.deep.equal([NULL_LIST, 'f7']);
    await client.end();
  });

  it('bytes behind the NUL of a method are ignored, with the word listed and without', async () => {
    for (const options of [0x01, 0x03]) {
      const { client, answer } = await shake(daemon, requestOf([5, 0, 1], options), choiceOf('NULL\0EXT'));
      expect(answer).to.equal(ACCEPT);
      client.close();
      await until(() => daemon.sessions === 0, 'the end');
    }
  });

  it('a name in use is refused in place of the list, and of a client that offers behind its choice', async () => {
    const bob = await RawSession.connect(daemon.port, 'bob');
    const plain = await RawClient.open(daemon.port);
    plain.send(requestOf([5, 0, 1], 0x01));
    expect((await plain.take(1)).toString('hex')).to.equal('fa');
    await plain.end();
    const { client, list, answer } = await shake(daemon, requestOf([5, 0, 1], 0x03), choiceOf('NULL'));
    expect([list, answer]).to.deep.equal([EXTENDED_LIST, 'fa']);
    await client.end();
    bob.close();
  });

  for (const [what, frame] of [
    ['alone', encodeExtension(1, fieldWriter())],
    ['beside a service', encodeMessage(RELIABLE_MESS | EXTENSION_MESS, OWN, ['g'], 0, [])],
  ] as const) {
    it(`a frame with the bit of the extension ${what} ends a plain session without a word`, async () => {
      const bob = await RawSession.connect(daemon.port, 'bob');
      bob.client.send(frame);
      await bob.client.end();
      expect(bob.waiting).to.equal(0);
    });
  }

  it('an empty message to no group is accepted, and nobody gets it', async () => {
    const bob = await RawSession.connect(daemon.port, 'bob');
    bob.client.send(encodeMessage(RELIABLE_MESS, OWN, [], 0, []));
    bob.multicast(RELIABLE_MESS, [OWN], 'after');
    expect((await bob.next()).body.toString()).to.equal('after');
    bob.close();
  });

  it('a choice without a method is refused, also where the word was listed', async () => {
    const { client, answer } = await shake(daemon, requestOf([5, 0, 1], 0x03), encodeMethodChoice([]));
    expect(answer).to.equal('f7');
    await client.end();
  });
});
