/** What a mailbox makes of the extension, at a daemon of bytes. */
import { Buffer } from 'node:buffer';
import { expect } from 'chai';
import { ExtensionOffer, MailboxExtension, type ReceivedExtension } from '../../lib/mailbox/extension.js';
import type { ReceivedMessage } from '../../lib/mailbox/received-message.js';
import { Mailbox, type MailboxOptions } from '../../lib/mailbox/mailbox.js';
import { SSP_connect, SSP_disconnect } from '../../lib/ssp/connect.js';
import { encodeEnd } from '../../lib/wire/extension/end.js';
import { encodeExtension, fieldWriter } from '../../lib/wire/extension/frame.js';
import { encodeGap } from '../../lib/wire/extension/gap.js';
import { encodePing, encodePong } from '../../lib/wire/extension/heartbeat.js';
import { type Hello, encodeHello } from '../../lib/wire/extension/hello.js';
import type { ToClient } from '../../lib/wire/extension/read.js';
import { encodeNumber, encodeResumed } from '../../lib/wire/extension/resume.js';
import { type Welcome, encodeWelcome } from '../../lib/wire/extension/welcome.js';
import { FrameFault } from '../../lib/wire/fault.js';
import { AGREED_MESS } from '../../lib/wire/service.js';
import { refusal, selfLeave, transition } from '../client/frames.js';
import { ManualClock } from '../session/manual-clock.js';
import { FakeDaemon, type FakeSession } from '../support/fake-daemon.js';
import { frame } from '../support/fake-daemon-frames.js';
import { until } from '../support/wait.js';

const hello: Hello = { features: 0x1f, holdMs: 0, heartbeatMs: 0, attempt: 0, resume: null };
const welcome: Welcome = {
  verdict: 'new',
  features: 0xff,
  sid: 5n,
  stable: 0,
  holdMs: 0,
  heartbeatMs: 0,
  windowMs: 0,
  position: { tag: 0n, index: 0, hash: 0n },
  token: Buffer.alloc(0),
  addresses: [],
};
const ACCEPT = Buffer.from('010500010523612364 31'.replace(' ', ''), 'hex');
const LIST = Buffer.from('\x0bNULL SSPX1 ', 'latin1');
const HELLO = encodeHello(hello);
const data = (body: string): Buffer => frame({ type: AGREED_MESS, name: '#b#d1', groups: ['g'], data: body });
const gap = { group: 'g', reason: 'overrun', missed: 3, awayMs: 4 } as const;

/** Hears of nothing. */
const deaf = { frame: () => false, data: () => undefined, membership: () => undefined };

const endings: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const end of endings.splice(0)) await end();
});

async function open(
  offer: ExtensionOffer,
  options: MailboxOptions = {},
): Promise<{ mailbox: Mailbox; session: FakeSession }> {
  const script = { list: LIST, accept: Buffer.concat([encodeWelcome(welcome), ACCEPT]) };
  const daemon = await FakeDaemon.start(script);
  endings.push(() => daemon.stop());
  const { spreadName } = daemon;
  const mailbox = await Mailbox.dial({ spreadName, name: 'a', extension: offer, ...options });
  if (!(mailbox instanceof Mailbox)) throw new Error(`connect answered ${mailbox.code}`);
  endings.push(() => {
    mailbox.kill();
    return Promise.resolve();
  });
  return { mailbox, session: await daemon.session() };
}

/** Kinds of what waits, in its order. */
function taken(mailbox: Mailbox): string[] {
  const kinds: string[] = [];
  for (let each = mailbox.take(); each; each = mailbox.take()) {
    kinds.push(each.kind === 'extension' ? (each as ReceivedExtension).frame.kind : each.body.toString());
  }
  return kinds;
}

describe('mailbox: the extension', () => {
  for (const [what, granted, wanted, looks] of [
    ['none that was not granted', 0, 4, []],
    ['none that was not wanted', 4, 2, []],
    ['no shorter one than a daemon may grant', 4, 4, [0, 0, 1]],
  ] as const) {
    it(`keeps ${what} of the heartbeats of a daemon`, () => {
      const clock = new ManualClock();
      const sent: Buffer[] = [];
      const mailbox = { clock, sent: () => 0, heard: () => 0, isHeld: () => false, silent: () => undefined };
      const offer = new ExtensionOffer({ ...hello, features: wanted });
      const said = { ...welcome, features: granted, heartbeatMs: 1 };
      const extension = new MailboxExtension(offer, said, {
        ...mailbox,
        send: (ping) => void sent.push(ping),
      });
      const seen = [99, 100, 1].map((milliseconds) => {
        clock.pass(milliseconds);
        return sent.length;
      });
      expect(clock.armed > 0 ? seen : []).to.deep.equal(looks);
      extension.stop();
    });
  }

  it('has what was granted of what was wanted', async () => {
    const { mailbox, session } = await open(new ExtensionOffer(hello));
    expect(mailbox.extension?.features).to.equal(0x1f);
    expect(mailbox.extension?.welcome).to.deep.equal(welcome);
    expect(session.handshake[0]?.toString('hex')).to.equal('050001030161');
    expect((await session.bytesFrom(HELLO.length)).equals(HELLO)).to.equal(true);
  });

  it('keeps frames in their place among the messages', async () => {
    const { mailbox, session } = await open(new ExtensionOffer(hello));
    await session.send(data('one'), encodeGap(gap), data('two'));
    await until(() => mailbox.waiting === 3, 'the frames');
    const bytes = data('one').length + encodeGap(gap).length + data('two').length;
    expect(mailbox.waitingBytes).to.equal(bytes);
    expect(taken(mailbox)).to.deep.equal(['one', 'gap', 'two']);
    expect(mailbox.waitingBytes).to.equal(0);
  });

  it('hands each frame on when it arrives, and does not keep those that were taken', async () => {
    const seen: ToClient[] = [];
    const hear = (each: ToClient): boolean => {
      seen.push(each);
      return each.kind === 'gap';
    };
    const { mailbox, session } = await open(new ExtensionOffer(hello, { ...deaf, frame: hear }));
    await session.send(encodeGap(gap), encodePong(1n), encodeExtension(99, fieldWriter()), data('end'));
    await until(() => mailbox.waiting === 1, 'the message');
    expect(seen).to.deep.equal([
      { kind: 'gap', ...gap },
      { kind: 'pong', value: 1n },
    ]);
    expect(taken(mailbox)).to.deep.equal(['end']);
  });

  it('counts data, and hands membership messages on, when they arrive; refusals are neither', async () => {
    let count = 0;
    const kinds: string[] = [];
    const arrivals = {
      ...deaf,
      data: () => void count++,
      membership: (each: ReceivedMessage) => void kinds.push(`${each.kind} ${each.name}`),
    };
    const { mailbox, session } = await open(new ExtensionOffer(hello, arrivals));
    await session.send(data('one'), transition(), data('two'), refusal(0x10, ['g']), selfLeave());
    await until(() => mailbox.waiting === 5, 'the messages');
    expect(count).to.equal(2);
    expect(kinds).to.deep.equal(['transition g', 'self-leave g']);
  });

  it('tells a layer that owes answers of what comes for its groups', async () => {
    const { mailbox, session } = await open(new ExtensionOffer(hello));
    const asked: string[] = [];
    mailbox.hurry = (group) => {
      asked.push(group);
      return group === 'g';
    };
    await session.send(encodeGap({ ...gap, group: 'other' }), encodeResumed(1), encodeGap(gap));
    await until(() => mailbox.waiting === 3, 'the frames');
    expect(asked).to.include.members(['other', 'g']);
    expect(mailbox.hasUrgent).to.equal(true);
    mailbox.take();
    mailbox.take();
    expect(mailbox.hasUrgent).to.equal(true);
    mailbox.take();
    expect(mailbox.hasUrgent).to.equal(false);
  });

  it('answers PING at once, also when nobody takes what waits', async () => {
    const { mailbox, session } = await open(new ExtensionOffer(hello));
    await session.send(data('waits'), encodePing(9n));
    const bytes = await session.bytesFrom(HELLO.length + 48);
    expect(bytes.subarray(HELLO.length).equals(encodePong(9n))).to.equal(true);
    expect(mailbox.waiting).to.equal(1);
  });

  it('sends frames in their place among the messages', async () => {
    const { mailbox, session } = await open(new ExtensionOffer(hello));
    const sent = mailbox.send(AGREED_MESS, ['g'], 0, [Buffer.from('x')]);
    const number = mailbox.sendExtension(encodeNumber(4));
    expect(await Promise.all([sent, number])).to.deep.equal([0, 0]);
    const bytes = await session.bytesFrom(HELLO.length + 81 + 48);
    expect(bytes.subarray(-48).equals(encodeNumber(4))).to.equal(true);
    mailbox.kill();
    expect(await mailbox.sendExtension(encodeNumber(5))).to.equal(-8);
  });

  it('knows why the daemon has ended the session', async () => {
    const { mailbox, session } = await open(new ExtensionOffer(hello));
    await session.send(encodeEnd({ code: 'stopping', request: 0, text: 'stopping' }));
    session.end();
    await until(() => mailbox.state === 'lost', 'the loss');
    expect(mailbox.extension?.ended).to.deep.equal({
      kind: 'end',
      code: 'stopping',
      request: 0,
      view: 0n,
      text: 'stopping',
    });
    expect(mailbox.cause?.message).to.equal('the daemon ended the session: stopping');
    expect(taken(mailbox)).to.deep.equal([]);
  });

  it('breaks at an invalid frame', async () => {
    const { mailbox, session } = await open(new ExtensionOffer(hello));
    await session.send(encodeExtension(6, 'g'));
    await until(() => mailbox.state === 'lost', 'the loss');
    expect(mailbox.cause).to.be.instanceOf(FrameFault);
    expect(mailbox.takeFault()).to.equal(-13);
  });

  it('is not there for the SSP calls, whatever the daemon lists', async () => {
    const daemon = await FakeDaemon.start({ list: LIST });
    endings.push(() => daemon.stop());
    const { mbox } = await SSP_connect(daemon.spreadName, 'a');
    const session = await daemon.session();
    expect(session.handshake.map((each) => each.toString('latin1').replaceAll('\0', ''))).to.deep.equal([
      '\x05\x01\x01\x01a',
      'NULL',
    ]);
    await SSP_disconnect(mbox);
  });
});
