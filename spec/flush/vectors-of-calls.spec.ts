/**
 * The vectors of the C flush library once more, from the bytes of a daemon to the outputs of the flush calls. Ours handles
 * what arrives at once; so that the numbers of waiting messages are the recorded ones, too, a frame arrives here when a
 * receive call wants one.
 */
import { Buffer } from 'node:buffer';
import { expect } from 'chai';
import * as fl from '../../lib/flush/index.js';
import { messTypeOf, readHeader } from '../../lib/wire/header.js';
import { HEADER_BYTES, NAME_BYTES } from '../../lib/wire/limits.js';
import { readNames } from '../../lib/wire/name.js';
import { DONT_BLOCK, FIFO_MESS } from '../../lib/wire/service.js';
import {
  frame,
  markedWord,
  selfLeaveFrame,
  transitionFrame,
  viewFrame,
} from '../support/fake-daemon-frames.js';
import { FakeDaemon, type FakeSession } from '../support/fake-daemon.js';
import { different, outputsOf } from './vector-expectations.js';
import {
  causes,
  dataOf,
  type Frame,
  GROUP,
  hex,
  idOf,
  me,
  type PlainEvent,
  type Received,
  services,
  tell,
  type Vector,
  vectors,
} from './vector-player.js';

/** What the vector says of the event of a reject frame. */
const REJECTED = 0x0040_0000;

function bytesOf(event: PlainEvent): Buffer {
  const data = dataOf(event);
  if (data) {
    const { service: type, sender: name, groups, type: messType, body, senderLittle } = data;
    return frame({ type, name, groups, messType, data: body, senderLittle });
  }
  const { kind, cause, view, members, changed = '', vs_sets: sets, mine } = event;
  if (kind === 'plain-view') {
    const all = sets ?? [[changed]];
    return viewFrame({
      group: GROUP,
      cause: causes[cause],
      members,
      id: idOf(view),
      sets: all,
      own: mine ?? 0,
    });
  }
  if (kind.startsWith('plain-transition')) return transitionFrame(GROUP, idOf(view ?? 0));
  if (kind.startsWith('plain-self-leave')) return selfLeaveFrame(GROUP);
  const extra = markedWord(FIFO_MESS);
  return frame({ type: REJECTED, name: me, groups: [GROUP, me], messType: 1, data: 'x', extra });
}

class CallsPlayer implements AsyncDisposable {
  private readonly events: PlainEvent[] = [];
  /** Bytes of the client that were compared. */
  private compared = 0;

  private constructor(
    private readonly daemon: FakeDaemon,
    private readonly session: FakeSession,
    private readonly mbox: number,
  ) {}

  static async start(): Promise<CallsPlayer> {
    const daemon = await FakeDaemon.start();
    const { mbox, private_group: id } = await fl.FL_connect(daemon.spreadName, 'me', 0);
    expect(id).to.equal(me);
    return new CallsPlayer(daemon, await daemon.session(), mbox);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await fl.FL_disconnect(this.mbox);
    await this.daemon.stop();
  }

  event(event: PlainEvent): void {
    this.events.push(event);
  }

  /** @returns undefined for a call that counts bytes of C structures */
  async call(text: string): Promise<number | undefined> {
    const { mbox } = this;
    const [name = '', ...words] = text.replace(/ ".*"$/, '').split(' ');
    const body = Buffer.from(/"(.*)"$/.exec(text)?.[1] ?? '');
    const service = services[words[0] ?? ''] ?? FIFO_MESS;
    const type = Number(words.at(-1));
    switch (name) {
      case 'FL_join':
        return await fl.FL_join(mbox, GROUP);
      case 'FL_leave':
        return await fl.FL_leave(mbox, GROUP);
      case 'FL_flush':
        return await fl.FL_flush(mbox, GROUP);
      case 'FL_multicast':
        return await fl.FL_multicast(mbox, service, GROUP, Number.isNaN(type) ? 0 : type, body);
      case 'FL_unicast':
        return await fl.FL_unicast(mbox, service, GROUP, words[3] ?? '', type, body);
      case 'FL_more_msgs':
        return fl.FL_more_msgs(mbox);
      case 'FL_poll':
        return undefined;
      default:
        throw new Error(`expected a call of the vectors, got ${name}`);
    }
  }

  async receive(): Promise<Received> {
    while (fl.FL_more_msgs(this.mbox) === 0 && this.events.length > 0) {
      await this.session.send(bytesOf(this.events.shift() as PlainEvent));
      // The bytes are in the kernel; the client reads them in one of the next turns.
      for (let turn = 0; turn < 4; turn++) await new Promise((resolve) => setImmediate(resolve));
    }
    const mess = Buffer.alloc(1024);
    const options = { service_type: DONT_BLOCK, max_groups: 100, max_mess_len: mess.length, mess };
    const got = await fl.FL_receive(this.mbox, options);
    if (got.service_type === undefined) return { ret: got.ret };
    const { ret, service_type: service, sender = '', groups = [], mess_type = 0, endian_mismatch = 0 } = got;
    const body_hex = mess.toString('hex', 0, ret);
    const more = got.more_messes ?? -1;
    return { ret, service: hex(service), sender, groups, mess_type, endian_mismatch, more, body_hex };
  }

  /** The next frame of the client. */
  async sent(): Promise<Frame> {
    const { compared: at } = this;
    await this.session.bytesFrom(at + HEADER_BYTES);
    const { service, numGroups, dataLength } = readHeader(this.session.received, at);
    const end = at + HEADER_BYTES + numGroups * NAME_BYTES + dataLength;
    const bytes = await this.session.bytesFrom(end);
    this.compared = end;
    return {
      service: hex(service),
      groups: readNames(bytes, at + HEADER_BYTES, numGroups),
      mess_type: messTypeOf(bytes.readInt32LE(at + 40)),
      body_hex: bytes.toString('hex', end - dataLength, end),
    };
  }

  get unsaid(): number {
    return this.session.received.length - this.compared;
  }
}

async function playStrictly(player: CallsPlayer, { steps }: Vector): Promise<void> {
  for (const { event, call, result, receive, sent } of steps) {
    if (event) player.event(event);
    const answer = call === undefined ? undefined : await player.call(call);
    if (answer !== undefined) expect(answer, call).to.equal(result?.ret);
    if (receive) expect(await player.receive()).to.deep.equal(outputsOf(receive));
    if (sent) {
      const { service, groups, mess_type, body_hex } = sent;
      expect(await player.sent()).to.deep.equal({ service, groups, mess_type, body_hex });
    }
  }
  expect(player.unsaid).to.equal(0);
}

async function playThrough(player: CallsPlayer, { steps }: Vector): Promise<string[]> {
  const got: string[] = [];
  for (const { event, call, receive } of steps) {
    if (event) player.event(event);
    if (call !== undefined) await player.call(call);
    if (!receive) continue;
    for (let next = await player.receive(); next.ret >= 0; next = await player.receive())
      got.push(tell(next));
  }
  return got;
}

describe('the vectors of the C flush library, played to the flush calls', () => {
  for (const vector of vectors) {
    const { id, what } = vector;
    const difference = different[id];
    it(difference ? `${id}: ours differs` : `${id}: ${what}`, async () => {
      await using player = await CallsPlayer.start();
      if (!difference) {
        await playStrictly(player, vector);
        return;
      }
      // What was refused is handed out beside the layer.
      const beside = id === 'reject' ? ['data of #me#d1: x'] : [];
      expect(await playThrough(player, vector)).to.have.members([...difference[0], ...beside]);
    });
  }
});
