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
import { FrameReader } from '../../lib/wire/frame-reader.js';
import { encodeMethodChoice } from '../../lib/wire/handshake/authentication.js';
import { encodeConnectRequest, PROTOCOL_VERSION } from '../../lib/wire/handshake/connect-request.js';
import { nameField } from '../../lib/wire/name.js';
import { encodeMessage, encodeRequest } from '../../lib/wire/request.js';
import { AGREED_MESS, JOIN_MESS, KILL_MESS, LEAVE_MESS } from '../../lib/wire/service.js';
import { FakeSocket } from './fake-socket.js';
import { FIXED_KEY } from '../../spec/support/fixed-key.js';

const CLIENTS = 6;
const GROUPS = ['a', 'b', 'c'];
const METHOD_LIST_BYTES = 6;
/** "accepted", three version bytes, length, `#cN#d`. */
const ACCEPT_BYTES = 10;

interface Client {
  readonly socket: FakeSocket;
  readonly privateGroup: string;
  /** Groups it must be in while its connection lives. */
  readonly groups: Set<string>;
  /** It sent bytes that may have put it out of step: what it asks for from then on counts for nothing. */
  spoiled: boolean;
}

export class World {
  readonly clients: (Client | null)[] = Array.from({ length: CLIENTS }, () => null);
  readonly core: Core;
  readonly server: SessionServer;

  constructor() {
    const order: Sequencer = {
      send: (payload, { exchange = false }) => {
        if (exchange) core.exchange(payload, 'd');
        else core.deliver(payload);
        return true;
      },
      exchangeDone: () => undefined,
      exclude: () => undefined,
    };
    const core = new Core({ name: 'd', id: 1, hashKey: FIXED_KEY }, order);
    core.install({ tag: 1n, daemons: ['d'], set: ['d'], time: 1 });
    this.core = core;
    const limits = { ...defaultLimits, maxSessions: CLIENTS, maxSessionBytes: 64 * 1024 };
    this.server = new SessionServer(core, limits, silentLogger, openAccess);
  }

  connect(index: number): void {
    const socket = new FakeSocket();
    const name = `c${index}`;
    this.server.accept(socket.socket);
    const request = { version: PROTOCOL_VERSION, membership: true, priority: 0, name };
    socket.client(Buffer.concat([encodeConnectRequest(request), encodeMethodChoice(['NULL'])]));
    this.clients[index] = { socket, privateGroup: `#${name}#d`, groups: new Set(), spoiled: false };
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
    for (const { socket } of living) checkStream(Buffer.concat(socket.received));
  }

  /** Clients in step are members as the model says; one out of step may be, but never when it is gone. */
  private checkGroup(group: string, living: readonly Client[]): void {
    const found = this.core.groups.find(nameField(group), 0)?.members ?? [];
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
function checkStream(bytes: Buffer): void {
  const frames = bytes.subarray(METHOD_LIST_BYTES + ACCEPT_BYTES);
  new FrameReader({ header: checkDelivery, frame: () => undefined }).push(Buffer.from(frames));
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
const damaged =
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

const commands: fc.Arbitrary<Command>[] = [
  index.map((i) => ({
    check: () => true,
    async run(_model: Model, world: World) {
      await world.settle();
      if (!world.clients[i]) world.connect(i);
    },
    toString: () => `connect c${i}`,
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
  fc.tuple(index, fc.nat(), byte).map(([i, at, value]) => step('send damaged', i, damaged(at, value))),
  fc.tuple(index, fc.uint8Array({ maxLength: 80 })).map(([i, garbage]) =>
    step('send garbage', i, (client) => {
      client.spoiled = true;
      // The first byte is no frame of a client, whatever follows.
      client.socket.client(Buffer.concat([Buffer.from([0x7f]), garbage]));
    }),
  ),
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
