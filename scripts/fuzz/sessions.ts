/**
 * The session machine under random clients: they connect, join, leave, send, stop reading, break off in the middle of a
 * frame, and send bytes that are wrong. A small model knows who must be in which group; whatever a client does, the
 * daemon lives, the others' streams stay whole, and nobody stays listed who is gone.
 */
import { Buffer } from 'node:buffer';
import * as fc from 'fast-check';
import { openAccess } from '../../daemon/access/access.js';
import { Core } from '../../daemon/core/core.js';
import type { Sequencer } from '../../daemon/core/batcher.js';
import { silentLogger } from '../../daemon/log/logger.js';
import { defaultLimits } from '../../daemon/session/limits.js';
import { SessionServer } from '../../daemon/session/server.js';
import { checkDelivery } from '../../lib/wire/delivery.js';
import { encodeExtension, isExtensionFrame } from '../../lib/wire/extension/frame.js';
import { encodePing, encodePong } from '../../lib/wire/extension/heartbeat.js';
import { type Hello, encodeHello } from '../../lib/wire/extension/hello.js';
import { encodeListRequest } from '../../lib/wire/extension/list.js';
import { readToClient } from '../../lib/wire/extension/read.js';
import { readWelcome } from '../../lib/wire/extension/welcome.js';
import { FrameReader } from '../../lib/wire/frame-reader.js';
import { encodeMethodChoice } from '../../lib/wire/handshake/authentication.js';
import { encodeConnectRequest, PROTOCOL_VERSION } from '../../lib/wire/handshake/connect-request.js';
import { nameField } from '../../lib/wire/name.js';
import { encodeMessage, encodeRequest } from '../../lib/wire/request.js';
import { AGREED_MESS, JOIN_MESS, KILL_MESS, LEAVE_MESS } from '../../lib/wire/service.js';
import { damaged } from '../../spec/wire/arbitraries.js';
import { toDaemon } from '../../spec/wire/extension/arbitraries.js';
import { FakeSocket } from './fake-socket.js';
import { FIXED_KEY } from '../../spec/support/fixed-key.js';

const CLIENTS = 6;
const GROUPS = ['a', 'b', 'c'];
const METHOD_LIST_BYTES = 6;
/** The same with the word of the extension, which a WELCOME follows. */
const EXTENDED_LIST_BYTES = 12;
const HELLO: Hello = { features: 0x1f, holdMs: 0, heartbeatMs: 0, attempt: 0, resume: null };
/** "accepted", three version bytes, length, `#cN#d`. */
const ACCEPT_BYTES = 10;

interface Client {
  readonly socket: FakeSocket;
  readonly privateGroup: string;
  /** It has agreed on the extension. */
  readonly extended: boolean;
  /** Groups it must be in while its connection lives. */
  readonly groups: Set<string>;
  /** It sent bytes that may have put it out of step: what it asks for from then on counts for nothing. */
  spoiled: boolean;
}

export class World {
  readonly clients: (Client | null)[] = Array.from({ length: CLIENTS }, () => null);
  readonly core: Core;
  readonly server: SessionServer;

  /** @param keeps whether clients may come back to what they have missed */
  constructor(keeps = false) {
    const order: Sequencer = {
      send: (payload, { exchange = false }) => {
        if (exchange) core.exchange(payload, 'd');
        else core.deliver(payload);
        return true;
      },
      exchangeDone: () => undefined,
      exclude: () => undefined,
    };
    const resumeKey = { id: 1, key: Buffer.alloc(32, 1) };
    const core = new Core({ name: 'd', id: 1, hashKey: FIXED_KEY, ...(keeps ? { resumeKey } : {}) }, order);
    if (keeps) core.record.keep({ bytes: 64 * 1024, age: 30_000 });
    core.install({ tag: 1n, daemons: ['d'], set: ['d'], time: 1 });
    this.core = core;
    const limits = { ...defaultLimits, maxSessions: CLIENTS, maxSessionBytes: 64 * 1024 };
    this.server = new SessionServer(core, limits, silentLogger, openAccess);
  }

  connect(index: number, extended: boolean): void {
    const socket = new FakeSocket();
    const name = `c${index}`;
    this.server.accept(socket.socket);
    const request = { version: PROTOCOL_VERSION, membership: true, priority: 0, name, offers: extended };
    const choice = encodeMethodChoice(extended ? ['NULL', 'SSPX1'] : ['NULL']);
    const hello = extended ? encodeHello(HELLO) : Buffer.alloc(0);
    socket.client(Buffer.concat([encodeConnectRequest(request), choice, hello]));
    this.clients[index] = {
      socket,
      privateGroup: `#${name}#d`,
      extended,
      groups: new Set(),
      spoiled: false,
    };
  }

  /** Lets the daemon have its turn, and everything that follows from it. */
  async settle(): Promise<void> {
    for (let i = 0; i < 4; i++) await new Promise<void>((resolve) => setImmediate(resolve));
    for (const [i, client] of this.clients.entries()) if (client?.socket.destroyed) this.clients[i] = null;
  }

  /** What must hold after each turn. */
  check(): void {
    const living = this.clients.filter((client) => client !== null);
    if (this.server.size !== living.length) {
      throw new Error(`${this.server.size} sessions for ${living.length} connections`);
    }
    for (const group of GROUPS) this.checkGroup(group, living);
    for (const { socket, extended } of living) checkStream(Buffer.concat(socket.received), extended);
  }

  /** Clients in step are members as the model says; one out of step may be, but never when it is gone. */
  private checkGroup(group: string, living: readonly Client[]): void {
    const found = this.core.groups.find(nameField(group), 0)?.members.toArray() ?? [];
    const members = found.map(({ privateGroup }) => privateGroup);
    const isSure = (name: string): boolean =>
      !living.some((each) => each.spoiled && each.privateGroup === name);
    const expected = living.filter((each) => !each.spoiled && each.groups.has(group));
    const names = expected.map(({ privateGroup }) => privateGroup).toSorted();
    if (members.filter(isSure).join() !== names.join()) {
      throw new Error(`group ${group}: members ${members.join()}, expected ${names.join()}`);
    }
  }

  async end(): Promise<void> {
    for (const client of this.clients) client?.socket.destroy();
    await this.settle();
    if (this.server.size !== 0 || this.core.roster.size !== 0 || this.core.groups.size !== 0) {
      throw new Error('something is left behind');
    }
    await this.server.stop();
  }
}

/** Everything behind the handshake is whole frames, perhaps with the beginning of one more. */
function checkStream(bytes: Buffer, extended: boolean): void {
  const frames = bytes.subarray(extended ? extendedLength(bytes) : METHOD_LIST_BYTES + ACCEPT_BYTES);
  new FrameReader({
    header: checkDelivery,
    frame: (frame, start, end) => {
      if (!isExtensionFrame(frame, start)) return;
      if (!extended) throw new Error('a plain client got a frame of the extension');
      readToClient(frame, start, end);
    },
  }).push(Buffer.from(frames));
}

/** Length of a handshake with a WELCOME in it. */
function extendedLength(bytes: Buffer): number {
  const welcome = readWelcome(bytes.subarray(EXTENDED_LIST_BYTES));
  return welcome === null ? bytes.length : EXTENDED_LIST_BYTES + welcome.length + ACCEPT_BYTES;
}

type Model = Record<string, never>;
type Command = fc.AsyncCommand<Model, World>;

/** A step of one client that is there. */
function step(name: string, index: number, act: (client: Client) => void): Command {
  return {
    check: () => true,
    async run(_model, world) {
      const client = world.clients[index];
      if (client) act(client);
    },
    toString: () => `c${index}: ${name}`,
  };
}

const request =
  (kind: number, group: string, change: (groups: Set<string>) => void) =>
  (client: Client): void => {
    client.socket.client(encodeRequest(kind, client.privateGroup, [group]));
    if (!client.spoiled) change(client.groups);
  };

/** A frame that is right but for some bytes: whether the daemon takes it is its own affair. */
const spoil =
  (at: number, value: number) =>
  (client: Client): void => {
    const frame = encodeMessage(AGREED_MESS, client.privateGroup, GROUPS, 1, [Buffer.from('damaged')]);
    const place = at % frame.length;
    // A damaged request must not be a join, a leave or a disconnect by chance: the model would not know.
    if (place < 4) frame[place] = (frame[place] as number) ^ (value & 0x3f);
    else frame[place] = value;
    client.spoiled = true;
    client.socket.client(frame);
  };

const index = fc.nat(CLIENTS - 1);
const group = fc.constantFrom(...GROUPS);
const byte = fc.nat(255);

/** The model does not say what becomes of a session that speaks the extension to a daemon that did not offer it, or badly. */
const extensionFrame =
  (frame: Buffer, isLegal: boolean) =>
  (client: Client): void => {
    client.spoiled ||= !client.extended || !isLegal;
    client.socket.client(frame);
  };

const LEGAL = [encodePing(1n), encodePong(1n), encodeExtension(99, 'a'), ...GROUPS.map(encodeListRequest)];

const commands: fc.Arbitrary<Command>[] = [
  fc.tuple(index, fc.boolean()).map(([i, extended]) => ({
    check: () => true,
    async run(_model: Model, world: World) {
      await world.settle();
      if (!world.clients[i]) world.connect(i, extended);
    },
    toString: () => `connect c${i}${extended ? ' with the extension' : ''}`,
  })),
  fc.tuple(index, group).map(([i, g]) =>
    step(
      `join ${g}`,
      i,
      request(JOIN_MESS, g, (groups) => groups.add(g)),
    ),
  ),
  fc.tuple(index, group).map(([i, g]) =>
    step(
      `leave ${g}`,
      i,
      request(LEAVE_MESS, g, (groups) => groups.delete(g)),
    ),
  ),
  fc.tuple(index, group, fc.nat(3000)).map(([i, g, size]) =>
    step(`send ${size} to ${g}`, i, (client) => {
      const body = Buffer.alloc(size);
      client.socket.client(encodeMessage(AGREED_MESS, client.privateGroup, [g], 0, [body]));
    }),
  ),
  index.map((i) =>
    step('disconnect', i, (client) => {
      client.socket.client(encodeRequest(KILL_MESS, client.privateGroup, [client.privateGroup]));
      client.spoiled = true;
    }),
  ),
  fc.tuple(index, fc.nat(), byte).map(([i, at, value]) => step('send damaged', i, spoil(at, value))),
  fc.tuple(index, fc.uint8Array({ maxLength: 80 })).map(([i, garbage]) =>
    step('send garbage', i, (client) => {
      client.spoiled = true;
      // The first byte is no frame of a client, whatever follows.
      client.socket.client(Buffer.concat([Buffer.from([0x7f]), garbage]));
    }),
  ),
  fc
    .tuple(index, fc.constantFrom(...LEGAL))
    .map(([i, frame]) => step('send a frame of the extension', i, extensionFrame(frame, true))),
  fc
    .tuple(index, damaged(toDaemon.map(({ frame }) => frame)))
    .map(([i, frame]) => step('send a damaged frame of the extension', i, extensionFrame(frame, false))),
  index.map((i) =>
    step('stop reading', i, ({ socket }) => {
      socket.blocked = true;
    }),
  ),
  index.map((i) => step('read again', i, ({ socket }) => socket.unblock())),
  index.map((i) => step('close', i, ({ socket }) => socket.clientEnd())),
  index.map((i) => step('break', i, ({ socket }) => void socket.destroy(new Error('reset')))),
  fc.constant({
    check: () => true,
    async run(_model: Model, world: World) {
      await world.settle();
      world.check();
    },
    toString: () => 'turn',
  }),
];

/** One sequence of at most 40 steps of six clients. */
export const sessionSequences = fc.asyncProperty(
  fc.commands(commands, { maxCommands: 40, size: 'max' }),
  async (steps) => {
    const world = new World();
    await fc.asyncModelRun(() => ({ model: {}, real: world }), steps);
    await world.settle();
    world.check();
    await world.end();
  },
);
