/** Two daemons of bytes, and a connection `#a#d1` of the first one, which it sends to the second one. */
import { Buffer } from 'node:buffer';
import { once } from 'node:events';
import {
  connect,
  type Connection,
  type Group,
  type GroupEvent,
  type ResumeOptions,
} from '../../../lib/index.js';
import { encodeMove, encodePeers, type Move } from '../../../lib/wire/extension/addresses.js';
import { encodeEnd, type EndCode } from '../../../lib/wire/extension/end.js';
import {
  FEATURE_COMPACT_VIEWS,
  FEATURE_LISTS_ON_DEMAND,
  FEATURE_MOVES,
  FEATURE_RESUME,
} from '../../../lib/wire/extension/features.js';
import type { ToDaemon } from '../../../lib/wire/extension/read.js';
import type { Welcome } from '../../../lib/wire/extension/welcome.js';
import { FakeDaemon, type FakeSession } from '../../support/fake-daemon.js';
import { eventually } from '../../support/wait.js';
import { listFrame } from '../compact-frames.js';
import { settle, within, word } from '../support.js';
import { acceptance as numbering, mark, sent, TAG } from './numbering-daemon.js';

export const A1 = '#a#d1';
export const A2 = '#a#d2';
export const B = '#b#d1';

const LIST = Buffer.from('\x0bNULL SSPX1 ', 'latin1');
const FEATURES = FEATURE_RESUME | FEATURE_COMPACT_VIEWS | FEATURE_LISTS_ON_DEMAND | FEATURE_MOVES;

/** As for a daemon that numbers requests, and may send the client away. */
const acceptance = (
  verdict: Welcome['verdict'],
  name: string,
  more: Partial<Welcome>,
): ReturnType<typeof numbering> => numbering(verdict, name, { features: FEATURES, ...more });

/** The second daemon accepts when the spec says so. */
const LATER = Buffer.alloc(0);

export class MovingDaemons implements AsyncDisposable {
  /** Words of what the connection tells, and what its group is handed. */
  readonly story: string[] = [];
  readonly events: GroupEvent[] = [];
  /** Of the second daemon. */
  next: FakeSession;

  private constructor(
    private readonly daemons: readonly [FakeDaemon, FakeDaemon],
    private readonly script: { accept: Buffer },
    readonly connection: Connection,
    public first: FakeSession,
  ) {
    this.next = first;
    const { story } = this;
    connection.on('reconnecting', ({ cause }) => story.push(`reconnecting: ${cause?.message}`));
    connection.on('moved', ({ reason, address }) => story.push(`moved: ${reason}, ${this.nameOf(address)}`));
    connection.on('resumed', ({ address, awayMs, moved, gaps }) => {
      const ids = moved ? `${moved.from} to ${moved.to}` : 'same';
      story.push(`resumed: ${this.nameOf(address)}, ${ids}, ${gaps} gaps${awayMs === 0 ? '' : ', was away'}`);
    });
  }

  /**
   * @param early frames that come together with the first WELCOME, of a daemon that knows of this one
   * @param welcome what else it says
   */
  static async open(
    resume: ResumeOptions = {},
    early: (second: string) => readonly Buffer[] = () => [],
    welcome: Partial<Welcome> = {},
  ): Promise<MovingDaemons> {
    const second = await FakeDaemon.start({ list: LIST, accept: LATER });
    const accept = Buffer.concat([acceptance('new', A1, welcome), ...early(second.spreadName)]);
    const script = { list: LIST, accept };
    const first = await FakeDaemon.start(script);
    const connection = await connect({ addresses: [first.spreadName], name: 'a', resume });
    return new MovingDaemons([first, second], script, connection, await first.session());
  }

  /** A connection that has joined `g`, in which `b` is, too. */
  static async joined(resume?: ResumeOptions): Promise<MovingDaemons & { readonly group: Group }> {
    const daemons = await MovingDaemons.open(resume);
    const joining = daemons.connection.join('g');
    await eventually(() => sent(daemons.first).said.length === 1, 'the request to join');
    await daemons.first.send(mark(10, 11), listFrame([A1, B]));
    const group = await within(joining, 'the join');
    daemons.hear(group);
    await settle();
    return Object.assign(daemons, { group });
  }

  hear(group: Group): void {
    group.on('event', (event) => {
      this.story.push(word(event));
      this.events.push(event);
    });
  }

  /** The first daemon wants it to go, and the second one hears of it. @param more frames that come together with that */
  async sendAway(move: Partial<Move> = {}, ...more: Buffer[]): Promise<FakeSession> {
    await this.first.send(this.moveFrame(move), ...more);
    return await this.comes();
  }

  /** The second daemon hears of it. */
  async comes(): Promise<FakeSession> {
    this.next = await this.daemons[1].session();
    await this.isHello();
    return this.next;
  }

  /** Tells of the second daemon. */
  moveFrame(move: Partial<Move> = {}): Buffer {
    const addresses = [this.daemons[1].spreadName];
    return encodeMove({ leftMs: 5000, reason: 'drain', addresses, ...move });
  }

  peersFrame(): Buffer {
    return encodePeers([this.daemons[1].spreadName]);
  }

  /** The connection is lost, and is back at the first daemon, which has still to bring what was missed. */
  async lose(): Promise<void> {
    this.script.accept = acceptance('whole', A1, {});
    this.first.end();
    this.first = await this.daemons[0].session();
    await eventually(() => this.first.received.length > 0, 'HELLO');
    await settle();
  }

  /** Resolves when the second daemon has HELLO. */
  async isHello(): Promise<void> {
    await eventually(() => this.next.received.length > 0, 'HELLO');
  }

  /** The second daemon accepts. @returns what it hears then */
  async accept(
    verdict: Welcome['verdict'] = 'whole',
    more: Partial<Welcome> = {},
  ): Promise<(ToDaemon | string)[]> {
    await this.next.send(acceptance(verdict, A2, more));
    await settle();
    return sent(this.next).said;
  }

  /** The first daemon has found the return in its order, or says something else at the end. */
  async end(code: EndCode = 'taken-over', ...before: Buffer[]): Promise<void> {
    await this.endIn(TAG, code, ...before);
  }

  /** The same, in another daemon view. */
  async endIn(view: bigint, code: EndCode = 'taken-over', ...before: Buffer[]): Promise<void> {
    await this.first.send(...before, encodeEnd({ code, request: 0, view, text: '' }));
    this.first.end();
    await settle();
  }

  async send(session: FakeSession, ...frames: Buffer[]): Promise<void> {
    await session.send(...frames);
    await settle();
  }

  /** The connection is lost on its way, and comes to the second daemon again. */
  async again(): Promise<FakeSession> {
    return await this.comes();
  }

  async resumed(): Promise<void> {
    await within(once(this.connection as never, 'resumed'), 'the return');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.connection.close();
    for (const daemon of this.daemons) await daemon.stop();
  }

  private nameOf(address: string): string {
    return address === this.daemons[0].spreadName ? 'first' : 'second';
  }
}
