/** What the daemon changes in a data frame, and what it leaves alone [session 4.7]. */
import { Buffer } from 'node:buffer';
import { expect } from 'chai';
import { writeHeaderWords } from '../../lib/wire/header.js';
import { nameField } from '../../lib/wire/name.js';
import { encodeMessage } from '../../lib/wire/request.js';
import { AGREED_MESS, FIFO_MESS, JOIN_MESS, SELF_DISCARD } from '../../lib/wire/service.js';
import { startDaemon } from '../support/local-daemon.js';
import { RawClient, RawSession } from '../support/raw-client.js';
import { until } from '../support/wait.js';

/** A frame as a big-endian machine writes it. */
function bigEndian(
  service: number,
  sender: string,
  groups: readonly string[],
  messType: number,
  data: Buffer,
): Buffer {
  const frame = Buffer.concat([Buffer.alloc(48), ...groups.map(nameField), data]);
  nameField(sender).copy(frame, 4);
  writeHeaderWords(frame, 0, service, groups.length, messType, data.length, false);
  return frame;
}

/** Sends a frame to the sender's own private group, and gives the bytes that come back. */
async function roundTrip(make: (privateGroup: string) => Buffer): Promise<{ sent: Buffer; got: Buffer }> {
  await using daemon = await startDaemon();
  const session = await RawSession.connect(daemon.port, 'jay');
  let got = Buffer.alloc(0);
  session.client.socket.on('data', (chunk: Buffer) => {
    got = Buffer.concat([got, chunk]);
  });
  const sent = make(session.privateGroup);
  const copy = Buffer.from(sent);
  session.client.send(sent);
  await until(() => got.length >= copy.length, 'the frame');
  session.close();
  return { sent: copy, got };
}

describe('session: a delivered data frame', () => {
  it('is byte for byte what a little-endian sender sent', async () => {
    const { sent, got } = await roundTrip((own) =>
      encodeMessage(FIFO_MESS, own, [own, 'g', own], -2, [Buffer.from('hello')]),
    );
    expect(got.toString('hex')).to.equal(sent.toString('hex'));
  });

  it('has type and counts of a big-endian sender rewritten, and its hint untouched', async () => {
    const { sent, got } = await roundTrip((own) =>
      bigEndian(AGREED_MESS, own, [own], 258, Buffer.from('some data')),
    );
    expect(sent.toString('hex', 0, 4)).to.equal('00000010');
    expect(got.toString('hex', 0, 4), 'type').to.equal('90000080');
    expect(got.toString('hex', 36, 40), 'groups').to.equal('01000000');
    expect(got.toString('hex', 40, 44), 'hint').to.equal('00010200');
    expect(got.toString('hex', 44, 48), 'data length').to.equal('09000000');
    expect(got.toString('hex', 48), 'names and data').to.equal(sent.toString('hex', 48));
  });

  it('keeps every bit of the type of a big-endian sender', async () => {
    const { got } = await roundTrip((own) =>
      bigEndian(AGREED_MESS | 0x5a000000, own, [own], 0, Buffer.alloc(0)),
    );
    expect(got.toString('hex', 0, 4)).to.equal('900000da');
  });

  it('keeps a hint whose byte order is not that of the type', async () => {
    const { sent, got } = await roundTrip((own) => {
      const frame = encodeMessage(AGREED_MESS, own, [own], 0, []);
      frame.write('00123400', 40, 'hex');
      return frame;
    });
    expect(got.toString('hex')).to.equal(sent.toString('hex'));
  });

  it('keeps what stands behind the NUL of the sender, but for the last byte', async () => {
    const { sent, got } = await roundTrip((own) => {
      const frame = encodeMessage(AGREED_MESS, own, [own], 0, []);
      frame.fill(0x5a, 4 + own.length + 1, 36);
      return frame;
    });
    expect(sent[35]).to.equal(0x5a);
    sent[35] = 0;
    expect(got.toString('hex')).to.equal(sent.toString('hex'));
  });

  it('keeps what stands behind the NULs of its destinations, and their number and order', async () => {
    const { sent, got } = await roundTrip((own) => {
      const frame = encodeMessage(AGREED_MESS, own, ['none', own, own, ''], 0, [Buffer.from('x')]);
      frame.fill(0x5a, 48 + 5, 48 + 32);
      return frame;
    });
    expect(got.toString('hex')).to.equal(sent.toString('hex'));
  });

  for (const messType of [0, 5, 0x1234, 0x7fff, -1, -32768]) {
    it(`carries the message type ${messType}`, async () => {
      await using daemon = await startDaemon();
      const session = await RawSession.connect(daemon.port, 'jay');
      session.multicast(AGREED_MESS, [session.privateGroup], '', messType);
      expect((await session.next()).messType).to.equal(messType);
      session.close();
    });
  }

  it('shows the byte order of its sender', async () => {
    await using daemon = await startDaemon();
    const session = await RawSession.connect(daemon.port, 'jay');
    const own = session.privateGroup;
    session.client.send(bigEndian(AGREED_MESS, own, [own], 7, Buffer.alloc(0)));
    session.multicast(AGREED_MESS, [own], '', 7);
    const frames = [await session.next(), await session.next()];
    expect(
      frames.map(({ little, senderLittle, messType }) => [little, senderLittle, messType]),
    ).to.deep.equal([
      [true, false, 7],
      [true, true, 7],
    ]);
    session.close();
  });
});

describe('session: a big-endian client', () => {
  it('joins, leaves and leaves itself out as any other', async () => {
    await using daemon = await startDaemon();
    const session = await RawSession.connect(daemon.port, 'jay');
    const own = session.privateGroup;
    session.client.send(bigEndian(JOIN_MESS, own, ['g'], 0, Buffer.alloc(0)));
    expect((await session.next()).names()).to.deep.equal([own]);
    session.client.send(bigEndian(AGREED_MESS | SELF_DISCARD, own, ['g'], 0, Buffer.from('one')));
    session.client.send(bigEndian(AGREED_MESS, own, ['g'], 0, Buffer.from('two')));
    expect((await session.next()).body.toString()).to.equal('two');
    session.client.send(bigEndian(0x20000, own, ['g'], 0, Buffer.alloc(0)));
    expect((await session.next()).service).to.equal(0x200);
    session.client.send(bigEndian(0x40000, own, [own], 0, Buffer.alloc(0)));
    await session.client.end();
    expect(daemon.counters.ends).to.deep.equal({ requested: 1 });
  });

  it('is ended by the same checks', async () => {
    await using daemon = await startDaemon();
    const session = await RawSession.connect(daemon.port, 'jay');
    session.client.send(bigEndian(0x30, session.privateGroup, [], 0, Buffer.alloc(0)));
    await session.client.end();
    expect(daemon.counters.ends).to.deep.equal({ 'illegal-kind': 1 });
  });
});

describe('session: frames on the way', () => {
  it('may come byte by byte', async () => {
    await using daemon = await startDaemon();
    const session = await RawSession.connect(daemon.port, 'jay');
    session.client.socket.setNoDelay(true);
    const frame = encodeMessage(AGREED_MESS, session.privateGroup, [session.privateGroup], 0, [
      Buffer.from('slowly'),
    ]);
    for (const byte of frame) {
      const read = daemon.counters.bytesIn;
      session.client.send(Buffer.from([byte]));
      await until(() => daemon.counters.bytesIn === read + 1, 'the daemon to read the byte');
    }
    expect((await session.next()).body.toString()).to.equal('slowly');
    session.close();
  });

  it('may share a segment, with the handshake too', async () => {
    await using daemon = await startDaemon();
    const client = await RawClient.open(daemon.port);
    const own = '#jay#dmn1';
    const choice = Buffer.alloc(90);
    choice.write('NULL', 'latin1');
    client.send(
      Buffer.concat([
        Buffer.from([5, 0, 1, 1, 3]),
        Buffer.from('jay'),
        choice,
        encodeMessage(AGREED_MESS, own, [own], 0, [Buffer.from('one')]),
        encodeMessage(AGREED_MESS, own, [own], 0, [Buffer.from('two')]),
      ]),
    );
    const handshake = await client.take(6 + 5 + own.length);
    expect(handshake.toString('latin1', 11)).to.equal(own);
    const frames = await client.take(2 * 83);
    expect([frames.toString('latin1', 80, 83), frames.toString('latin1', 163)]).to.deep.equal(['one', 'two']);
    client.close();
  });
});
