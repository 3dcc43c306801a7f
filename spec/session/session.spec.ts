import { Buffer } from 'node:buffer';
import type { Socket } from 'node:net';
import { Duplex } from 'node:stream';
import { expect } from 'chai';
import { peerOf } from '../../daemon/net/peer.js';
import { Session } from '../../daemon/session/session.js';
import { encodeMethodChoice } from '../../lib/wire/handshake/authentication.js';
import { encodeConnectRequest, PROTOCOL_VERSION } from '../../lib/wire/handshake/connect-request.js';
import { until } from '../support/wait.js';
import { SessionFixture } from './session-fixture.js';

/** The daemon's end of a connection, without a network. */
class Line extends Duplex {
  written = Buffer.alloc(0);

  override _read(): void {
    // Bytes come when `push` brings them.
  }

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.written = Buffer.concat([this.written, chunk]);
    done();
  }

  get socket(): Socket {
    return this as unknown as Socket;
  }
}

const request = encodeConnectRequest({
  version: PROTOCOL_VERSION,
  membership: true,
  priority: 0,
  name: 'alice',
});
const handshake = Buffer.concat([request, encodeMethodChoice(['NULL'])]);

async function accepted(fixture: SessionFixture): Promise<{ line: Line; session: Session }> {
  const line = new Line();
  const session = new Session(line.socket, fixture.server, 1, peerOf(line.socket));
  line.push(handshake);
  await until(() => fixture.core.roster.size === 1, 'the session');
  return { line, session };
}

describe('session: holding', () => {
  it('stops reading, and resumes', async () => {
    await using fixture = await SessionFixture.open();
    const { line, session } = await accepted(fixture);
    session.setPaused('flood', true);
    expect(line.isPaused()).to.equal(true);
    session.setPaused('flood', false);
    expect(line.isPaused()).to.equal(false);
    line.destroy();
  });

  it('by the engine outlasts that by the brake', async () => {
    await using fixture = await SessionFixture.open();
    const { line, session } = await accepted(fixture);
    session.setPaused('flood', true);
    session.setPaused('engine', true);
    session.setPaused('flood', false);
    expect(line.isPaused()).to.equal(true);
    session.setPaused('engine', false);
    expect(line.isPaused()).to.equal(false);
    line.destroy();
  });

  it('by the brake outlasts that by the engine', async () => {
    await using fixture = await SessionFixture.open();
    const { line, session } = await accepted(fixture);
    session.setPaused('engine', true);
    session.setPaused('flood', true);
    session.setPaused('engine', false);
    expect(line.isPaused()).to.equal(true);
    session.setPaused('flood', false);
    expect(line.isPaused()).to.equal(false);
    line.destroy();
  });

  it('needs one release, however often it was asked for', async () => {
    await using fixture = await SessionFixture.open();
    const { line, session } = await accepted(fixture);
    session.setPaused('engine', true);
    session.setPaused('engine', true);
    session.setPaused('engine', false);
    expect(line.isPaused()).to.equal(false);
    line.destroy();
  });

  it('does not touch a handshake, whose time is limited', async () => {
    await using fixture = await SessionFixture.open();
    const line = new Line();
    const session = new Session(line.socket, fixture.server, 1, peerOf(line.socket));
    session.setPaused('engine', true);
    expect(line.isPaused()).to.equal(false);
    line.push(handshake);
    await until(() => fixture.core.roster.size === 1, 'the session');
    line.destroy();
  });
});

describe('session: its name', () => {
  it('is empty, then the reserved one, then the accepted one', async () => {
    await using fixture = await SessionFixture.open();
    const line = new Line();
    const session = new Session(line.socket, fixture.server, 1, peerOf(line.socket));
    expect(session.name).to.equal('');
    line.push(request);
    await until(() => session.name !== '', 'the reservation');
    expect([session.name, fixture.core.roster.size]).to.deep.equal(['#alice#dmn1', 0]);
    line.push(encodeMethodChoice(['NULL']));
    await until(() => fixture.core.roster.size === 1, 'the session');
    expect(session.name).to.equal('#alice#dmn1');
    line.destroy();
  });
});
