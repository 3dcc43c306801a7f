/** A connection that comes back, at daemons that follow a script. */
import { Buffer } from 'node:buffer';
import { once } from 'node:events';
import { expect } from 'chai';
import { connect, type Connection, type ConnectOptions, SendUnknownError } from '../../../lib/index.js';
import { FakeDaemon, type FakeDaemonScript, type FakeSession } from '../../support/fake-daemon.js';
import { A, alone, change, data, refusal, REQUEST_BYTES, selfLeave } from '../frames.js';
import { answer, bareList, COMPACT, HELLO_BYTES, listFrame } from '../compact-frames.js';
import { failure, isWaiting, read, settle, within } from '../support.js';

const CAUSED_BY_JOIN = 0x0100;

/** A connection `#a#d1` to one daemon of a script, whose sessions are taken one after the other. */
class ReturnFixture implements AsyncDisposable {
  private constructor(
    private readonly daemon: FakeDaemon,
    readonly connection: Connection,
    readonly first: FakeSession,
  ) {}

  static async open(options: ConnectOptions = {}, script: FakeDaemonScript = {}): Promise<ReturnFixture> {
    const daemon = await FakeDaemon.start(script);
    const connection = await connect({ addresses: [daemon.spreadName], name: 'a', ...options });
    return new ReturnFixture(daemon, connection, await daemon.session());
  }

  /** The next session, when the connection is back. */
  async back(): Promise<FakeSession> {
    const resumed = once(this.connection as never, 'resumed');
    const session = await this.daemon.session();
    await within(resumed, 'the return');
    return session;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.connection.close();
    await this.daemon.stop();
  }
}

/** A fixture whose connection has joined `g`. */
async function joined(): Promise<ReturnFixture> {
  const fixture = await ReturnFixture.open();
  const joining = fixture.connection.join('g');
  await fixture.first.bytesFrom(REQUEST_BYTES);
  await fixture.first.send(alone());
  await within(joining, 'the join');
  return fixture;
}

describe('a connection that comes back to scripted daemons', () => {
  it('joins its groups again, and has a gap before the first view', async () => {
    await using fixture = await joined();
    const { connection, first } = fixture;
    const group = await connection.join('g');
    first.reset();
    const second = await fixture.back();
    expect((await second.bytesFrom(REQUEST_BYTES)).subarray(48, 50).toString('latin1')).to.equal('g\0');
    expect(group.isMember).to.equal(false);
    await second.send(change('join', A, [A, '#b#d1']), data('x'));
    expect(await read(group, 4)).to.deep.equal(['join a +a', 'gap plain', 'join a,b +a +b', 'x']);
    expect(group.isMember).to.equal(true);
  });

  it('hands out what arrived before the loss, however late it is read', async () => {
    await using fixture = await joined();
    const { connection, first } = fixture;
    const group = await connection.join('g');
    const many = Array.from({ length: 3000 }, (_, i) => String(i));
    first.socket.end(Buffer.concat(many.map((text) => data(text))));
    const second = await fixture.back();
    await second.send(alone(), data('after'));
    await settle();
    const words = await read(group, many.length + 4);
    expect(words).to.deep.equal(['join a +a', ...many, 'gap plain', 'join a +a', 'after']);
  });

  it('keeps from a group what comes before its first view', async () => {
    await using fixture = await joined();
    const { connection, first } = fixture;
    const group = await connection.join('g');
    const messages: string[] = [];
    connection.on('message', ({ text }) => messages.push(text));
    first.reset();
    const second = await fixture.back();
    await second.send(data('early', ['g', A]), alone(), data('later'));
    expect(await read(group, 4)).to.deep.equal(['join a +a', 'gap plain', 'join a +a', 'later']);
    expect(messages).to.deep.equal(['early']);
  });

  it('ends a group that may not be joined any more', async () => {
    await using fixture = await joined();
    const { connection, first } = fixture;
    const group = await connection.join('g');
    first.reset();
    const second = await fixture.back();
    await second.send(refusal(CAUSED_BY_JOIN, ['g']));
    expect(await read(group, 3)).to.deep.equal(['join a +a', 'gap not-permitted', 'self-leave']);
    expect([group.isMember, group.members]).to.deep.equal([false, []]);
    await group.leave();
  });

  it('lists a group on demand again as it was: without its list, until that was asked for', async () => {
    const [list, without] = [[A, '#b#d1'], HELLO_BYTES + REQUEST_BYTES];
    await using fixture = await ReturnFixture.open({}, COMPACT);
    const { connection, first } = fixture;
    const joining = connection.join('g', { list: 'on-demand' });
    await first.bytesFrom(without + 1);
    await first.send(bareList(list));
    const group = await within(joining, 'the join');
    first.reset();
    const second = await fixture.back();
    expect((await second.bytesFrom(without + 1)).at(-1), 'the mode').to.equal(1);
    await second.send(bareList(list));
    await settle();
    expect(() => group.members).to.throw('not listed');
    const listed = group.list();
    await second.send(answer(list));
    expect(await within(listed, 'the list')).to.deep.equal(list);
    second.reset();
    const third = await fixture.back();
    await third.bytesFrom(without);
    await third.send(listFrame([A]));
    await settle();
    expect(third.received).to.have.length(without);
    expect(group.members).to.deep.equal([A]);
  });

  it('asks again for a join that was under way, and forgets the answer of before', async () => {
    await using fixture = await ReturnFixture.open();
    const { connection, first } = fixture;
    const joining = connection.join('g');
    await first.bytesFrom(REQUEST_BYTES);
    first.reset();
    const second = await fixture.back();
    expect(await isWaiting(joining)).to.equal(true);
    await second.send(alone());
    const group = await within(joining, 'the join');
    expect(await read(group, 1)).to.deep.equal(['join a +a']);
  });

  it('has left by the loss what was being left', async () => {
    await using fixture = await joined();
    const { connection, first } = fixture;
    const group = await connection.join('g');
    const leaving = group.leave();
    await first.bytesFrom(2 * REQUEST_BYTES);
    first.reset();
    const second = await fixture.back();
    await within(leaving, 'the leave');
    expect(await read(group, 2)).to.deep.equal(['join a +a', 'self-leave']);
    expect(second.received).to.have.length(0);
    const again = connection.join('g');
    await second.bytesFrom(REQUEST_BYTES);
    await second.send(alone());
    expect(await within(again, 'the join')).to.not.equal(group);
  });

  it('is not put out by a daemon that ends a group on its own', async () => {
    await using fixture = await joined();
    const { connection, first } = fixture;
    const group = await connection.join('g');
    const back = fixture.back();
    first.socket.end(selfLeave());
    expect(await read(group, 2)).to.deep.equal(['join a +a', 'self-leave']);
    const second = await back;
    await settle();
    expect(second.received).to.have.length(0);
  });

  it('does not know what became of a long message that was being written', async () => {
    await using fixture = await ReturnFixture.open({ sendHighWater: 1 });
    const { connection, first } = fixture;
    first.socket.pause();
    const sending = Array.from({ length: 200 }, () => connection.send('g', Buffer.alloc(100_000)));
    const failures = Promise.all(
      sending.map((each) =>
        each.then(
          () => null,
          (error: unknown) => error,
        ),
      ),
    );
    await settle();
    first.reset();
    const second = await fixture.back();
    second.socket.resume();
    const outcomes = await within(failures, 'the messages', 20_000);
    const unknown = outcomes.filter((error) => error !== null);
    expect(unknown).to.have.length(1);
    expect(unknown[0]).to.be.instanceOf(SendUnknownError);
    const at = outcomes.indexOf(unknown[0]);
    const frame = 48 + 32 + 100_000;
    await second.bytesFrom((outcomes.length - at - 1) * frame);
    expect(second.received).to.have.length((outcomes.length - at - 1) * frame);
  });

  it('ends with AuthError when the only daemon refuses the credentials', async () => {
    const script: { list?: Buffer } = {};
    await using fixture = await ReturnFixture.open({}, script);
    const closed = new Promise<Error | undefined>(
      (resolve) => void fixture.connection.once('close', resolve),
    );
    script.list = Buffer.from('\x05PWORD', 'latin1');
    fixture.first.reset();
    expect(await within(closed, 'the end')).to.include({ name: 'AuthError' });
    expect(await failure(fixture.connection.send('g', 'x'))).to.include({ name: 'AuthError' });
  });
});
