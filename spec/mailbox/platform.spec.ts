import { Buffer } from 'node:buffer';
import { EventEmitter } from 'node:events';
import { expect } from 'chai';
import { connect } from '../../lib/client/connect.js';
import { dial } from '../../lib/mailbox/dial.js';
import { systemPlatform, platformOf, withPlatform } from '../../lib/mailbox/platform.js';
import type { OpenTransport, Transport } from '../../lib/mailbox/transport.js';
import { CONNECTION_CLOSED } from '../../lib/wire/codes.js';
import { ManualClock } from '../session/manual-clock.js';
import { failure } from '../support/failure.js';

/** A transport that writes down what is done with it. */
class NotedTransport extends EventEmitter implements Transport {
  destroyed = false;
  readonly notes: string[] = [];

  write(bytes: Uint8Array): void {
    this.notes.push(`write ${bytes.length}`);
  }

  cork(): void {
    this.notes.push('cork');
  }

  uncork(): void {
    this.notes.push('uncork');
  }

  pause(): void {
    this.notes.push('pause');
  }

  resume(): void {
    this.notes.push('resume');
  }

  read(): Buffer | null {
    return null;
  }

  end(): void {
    this.notes.push('end');
  }

  destroy(): void {
    this.destroyed = true;
    this.notes.push('destroy');
  }
}

/** Opens that transport. @returns with it what says that it is ready */
function opener(): { readonly open: OpenTransport; readonly transport: NotedTransport; ready: () => void } {
  const transport = new NotedTransport();
  const it = {
    transport,
    ready: () => undefined,
    open: ((_address, _options, ready) => {
      it.ready = ready as () => undefined;
      return transport;
    }) satisfies OpenTransport,
  };
  return it;
}

describe('platform of a connection', () => {
  it('is that of Node, unless another one is given', () => {
    expect(platformOf({})).to.equal(systemPlatform);
    for (const none of [undefined, null, 5]) expect(platformOf(none)).to.equal(systemPlatform);
  });

  it('takes from Node what is not given', () => {
    const clock = new ManualClock();
    expect(platformOf(withPlatform({}, { clock }))).to.deep.equal({ ...systemPlatform, clock });
  });

  it('is the one that was given last', () => {
    const [first, second] = [new ManualClock(), new ManualClock()];
    const options = {};
    withPlatform(withPlatform(options, { clock: first }), { clock: second });
    expect(platformOf(options).clock).to.equal(second);
  });

  it('shows in no option, and nothing refuses it', async () => {
    const { open, transport } = opener();
    const options = withPlatform(
      { address: '1@h', signal: AbortSignal.abort(new Error('enough')) },
      { open },
    );
    expect(Object.keys(options)).to.deep.equal(['address', 'signal']);
    expect((await failure(connect(options))).message).to.equal('enough');
    expect(transport.notes).to.deep.equal([]);
  });

  it('has randomness of its own each time', () => {
    const { random } = systemPlatform;
    expect(random(6)).to.have.length(6);
    expect(Buffer.from(random(16)).equals(random(16))).to.equal(false);
  });
});

describe('dialling over a transport', () => {
  it('sends its request when the transport is ready', async () => {
    const it = opener();
    const platform = { ...systemPlatform, open: it.open };
    const dialled = dial({ spreadName: '1@h', name: 'ann', platform }, () => 'accepted');
    expect(it.transport.notes).to.deep.equal([]);
    it.ready();
    expect(it.transport.notes).to.deep.equal(['write 8']);
    it.transport.emit('close');
    expect(await dialled).to.include({ code: CONNECTION_CLOSED, during: 'handshake' });
  });

  it('has its limit from the clock, and sends nothing after it', async () => {
    const clock = new ManualClock();
    const it = opener();
    const platform = { ...systemPlatform, open: it.open, clock };
    const dialled = dial({ spreadName: '1@h', timeout: 500, platform }, () => 'accepted');
    clock.pass(499);
    expect(it.transport.destroyed).to.equal(false);
    clock.pass(1);
    it.ready();
    expect(it.transport.notes).to.deep.equal(['destroy']);
    expect(await dialled).to.deep.equal({ code: CONNECTION_CLOSED, during: 'connecting', isLate: true });
  });

  it('leaves no timer behind', async () => {
    const clock = new ManualClock();
    const it = opener();
    const platform = { ...systemPlatform, open: it.open, clock };
    const dialled = dial({ spreadName: '1@h', timeout: 500, platform }, () => 'accepted');
    expect(clock.armed).to.equal(1);
    it.transport.emit('error', new Error('broken'));
    await dialled;
    expect(clock.armed).to.equal(0);
  });
});
