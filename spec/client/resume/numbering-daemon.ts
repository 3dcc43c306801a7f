/** A daemon of bytes that numbers requests and keeps sessions, and its one connection `#a#d1`, which comes back to it. */
import { Buffer } from 'node:buffer';
import { once } from 'node:events';
import {
  connect,
  type Connection,
  type ConnectOptions,
  type Group,
  type JoinOptions,
} from '../../../lib/index.js';
import { isExtensionFrame } from '../../../lib/wire/extension/frame.js';
import {
  FEATURE_COMPACT_VIEWS,
  FEATURE_LISTS_ON_DEMAND,
  FEATURE_RESUME,
} from '../../../lib/wire/extension/features.js';
import { encodePing, encodePong } from '../../../lib/wire/extension/heartbeat.js';
import { type Hello, readHello } from '../../../lib/wire/extension/hello.js';
import { encodeNetwork, type Network } from '../../../lib/wire/extension/network.js';
import { encodeMark, type Mark } from '../../../lib/wire/extension/position.js';
import { readToDaemon, type ToDaemon } from '../../../lib/wire/extension/read.js';
import type { ResumeGroup } from '../../../lib/wire/extension/resume.js';
import { encodeWelcome, type Welcome } from '../../../lib/wire/extension/welcome.js';
import { DATA_LENGTH_AT, NUM_GROUPS_AT } from '../../../lib/wire/header.js';
import { HEADER_BYTES, NAME_BYTES } from '../../../lib/wire/limits.js';
import { JOIN_MESS, LEAVE_MESS } from '../../../lib/wire/service.js';
import { FakeDaemon, type FakeDaemonScript, type FakeSession } from '../../support/fake-daemon.js';
import { eventually } from '../../support/wait.js';
import { hashOf, listFrame } from '../compact-frames.js';
import { ID } from '../frames.js';
import { settle, within } from '../support.js';

export const TAG = 7n;
/** What WELCOME of the first session says. */
export const BEGIN: Mark = { tag: TAG, from: 10, to: 10, hash: 10n };

/** The mark of the payloads behind `from`, up to `to`. */
export const markOf = (from: number, to: number): Mark => ({ tag: TAG, from, to, hash: BigInt(to) });
export const mark = (from: number, to: number): Buffer => encodeMark(markOf(from, to));

/** A network view of `g`. @param after its members @param at number of the view */
export function networkFrame(after: readonly string[], at: number, change: Partial<Network>): Buffer {
  const common = { group: 'g', id: [ID[0], ID[1], ID[2] + at] as const, reordered: false };
  const sets = { sets: [[{ first: 0, count: after.length }]], ownSet: null };
  return encodeNetwork({
    ...common,
    ...sets,
    members: after.length,
    hash: hashOf(after),
    gone: [],
    come: [],
    ...change,
  });
}

/** WELCOME and the accept behind it. @param name private group of the session */
export function acceptance(verdict: Welcome['verdict'], name: string, more: Partial<Welcome>): Buffer {
  const welcome = encodeWelcome({
    verdict,
    features: FEATURE_RESUME | FEATURE_COMPACT_VIEWS | FEATURE_LISTS_ON_DEMAND,
    sid: 5n,
    stable: 0,
    holdMs: 0,
    heartbeatMs: 0,
    windowMs: 30_000,
    position: { tag: TAG, index: 10, hash: 10n },
    token: Buffer.from('token'),
    addresses: [],
    ...more,
  });
  return Buffer.concat([welcome, Buffer.from([1, 5, 0, 1, name.length]), Buffer.from(name, 'latin1')]);
}

/** What a request is, as text. */
function request(bytes: Buffer, at: number): string {
  const service = bytes.readUInt32LE(at);
  const [sender = '', ...groups] = Array.from(
    { length: 1 + bytes.readInt32LE(at + NUM_GROUPS_AT) },
    (_, i) => {
      const from = i === 0 ? at + 4 : at + HEADER_BYTES + (i - 1) * NAME_BYTES;
      return bytes.toString('latin1', from, from + NAME_BYTES).replace(/\0.*$/, '');
    },
  );
  const data = at + HEADER_BYTES + groups.length * NAME_BYTES;
  const body = bytes.toString('latin1', data, data + bytes.readInt32LE(at + DATA_LENGTH_AT));
  const what = (service & JOIN_MESS) !== 0 ? 'join' : (service & LEAVE_MESS) !== 0 ? 'leave' : body;
  return `${sender.split('#').slice(1).join('@')}: ${what} ${groups.join(',')}`;
}

/** What the client has sent: HELLO, and what follows it. */
export function sent({ received: bytes }: FakeSession): { hello: Hello; said: (ToDaemon | string)[] } {
  const read = readHello(bytes);
  if (!read) throw new Error('expected HELLO');
  const said: (ToDaemon | string)[] = [];
  for (let at = read.length; at + HEADER_BYTES <= bytes.length;) {
    const length =
      HEADER_BYTES +
      bytes.readInt32LE(at + NUM_GROUPS_AT) * NAME_BYTES +
      bytes.readInt32LE(at + DATA_LENGTH_AT);
    const frame = isExtensionFrame(bytes, at) ? readToDaemon(bytes, at, at + length) : request(bytes, at);
    if (typeof frame === 'string' || (frame !== null && frame.kind !== 'pong')) said.push(frame);
    at += length;
  }
  return { hello: read.hello, said };
}

/** Groups of RESUME, in words: `g had wanted`. */
export const groupWords = (groups: readonly ResumeGroup[]): string[] =>
  groups.map((each) => {
    const flags = ['had', 'wanted', 'signalled', 'onDemand'] as const;
    return [each.group, ...flags.filter((flag) => each[flag])].join(' ');
  });

export class NumberingDaemon implements AsyncDisposable {
  /** Words of `reconnecting` and `resumed`. */
  readonly told: string[] = [];
  private pings = 0;

  private constructor(
    private readonly script: { -readonly [K in keyof FakeDaemonScript]: FakeDaemonScript[K] },
    private readonly daemon: FakeDaemon,
    readonly connection: Connection,
    /** The newest one. */
    public session: FakeSession,
  ) {
    connection.on('reconnecting', () => this.told.push('reconnecting'));
    connection.on('resumed', ({ moved, gaps }) => {
      this.told.push(`resumed ${moved ? `${moved.from} ${moved.to} ` : ''}${gaps}`);
    });
  }

  static async open(options: ConnectOptions = {}): Promise<NumberingDaemon> {
    const script = { list: Buffer.from('\x0bNULL SSPX1 ', 'latin1'), accept: acceptance('new', '#a#d1', {}) };
    const daemon = await FakeDaemon.start(script);
    const connection = await connect({ addresses: [daemon.spreadName], name: 'a', ...options });
    return new NumberingDaemon(script, daemon, connection, await daemon.session());
  }

  /** Joins `g`. @param members as the list has them */
  async join(members: readonly string[], options: JoinOptions = {}, ...more: Buffer[]): Promise<Group> {
    const joining = this.connection.join('g', options);
    await this.says(1);
    await this.send(mark(10, 11), listFrame(members), ...more);
    return await within(joining, 'the join');
  }

  /**
   * Breaks the connection, and takes the next one.
   * @param name private group of the session then
   */
  async lose(verdict: Welcome['verdict'], name: string, more: Partial<Welcome> = {}): Promise<FakeSession> {
    this.script.accept = acceptance(verdict, name, more);
    this.session.end();
    this.session = await this.kept(verdict !== 'new' && verdict !== 'unknown');
    return this.session;
  }

  /**
   * The next session that the client keeps. Where an answer takes long it dials once more, and ends what it does not keep.
   * @param resumes whether it says RESUME to what it keeps
   */
  private async kept(resumes: boolean): Promise<FakeSession> {
    for (;;) {
      const session = await this.daemon.session();
      const isKept = (): boolean =>
        readHelloOf(session) !== null && (!resumes || sent(session).said.length > 0);
      await eventually(() => session.ended || isKept(), 'RESUME');
      if (!session.ended) return session;
    }
  }

  /** Resolves when the client has said so much behind HELLO. */
  async says(count: number): Promise<(ToDaemon | string)[]> {
    await eventually(
      () => readHelloOf(this.session) !== null && sent(this.session).said.length >= count,
      'a frame',
    );
    return sent(this.session).said;
  }

  /** Sends, and lets it be taken. */
  async send(...frames: Buffer[]): Promise<void> {
    const { session } = this;
    const ping = BigInt(++this.pings);
    await session.send(...frames, encodePing(ping));
    await eventually(() => session.received.includes(encodePong(ping)), 'the answer to what was sent');
    await settle();
  }

  /** Resolves when the connection is back. */
  async resumed(): Promise<void> {
    if (!this.connection.open) await within(once(this.connection as never, 'resumed'), 'the return');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.connection.close();
    await this.daemon.stop();
  }
}

const readHelloOf = ({ received }: FakeSession): unknown => readHello(received);
