/** Channels on simulated daemons: real cores, sessions, frames and engines, in virtual time. */
import { Buffer } from 'node:buffer';
import { Channels } from '../../lib/channel/channels.js';
import type { ChannelsSettings } from '../../lib/channel/options.js';
import { CHANNEL_MESSAGE, REGISTRY_GROUP } from '../../lib/channel/limits.js';
import type { GroupLink, LinkHandler } from '../../lib/channel/group-link.js';
import { EventReader } from '../../lib/client/reader.js';
import { type Service, serviceBit } from '../../lib/client/send.js';
import type { ReceivedMessage } from '../../lib/mailbox/received-message.js';
import { systemClock } from '../../lib/util/clock.js';
import { encodeMessage, encodeRequest } from '../../lib/wire/request.js';
import { JOIN_MESS, LEAVE_MESS } from '../../lib/wire/service.js';
import { SimulatedConnection } from '../simulation/connection.js';
import { generate } from '../simulation/generate.js';
import type { Kind } from '../simulation/plan.js';
import { World } from '../simulation/world.js';
import { Random } from '../support/random.js';
import type { ChannelHost } from './channel-host.js';

/** Milliseconds of virtual time between two looks at what the programs do. */
const STEP = 4;
/** So long after the last that happened everything is over: cuts are noticed, and merges are through. */
const QUIET = 1500;
/** For the daemons to find each other. */
const START = 3000;
/** Longest way of a message between a daemon and its client. */
const LATENCY = 3;

class SimulatedLink implements GroupLink {
  handler: LinkHandler | null = null;
  readonly clock = systemClock;
  private readonly reader: EventReader;
  private readonly connection: SimulatedConnection;
  private entered: () => void = () => undefined;
  private gone: () => void = () => undefined;
  private isOver = false;

  constructor(
    readonly id: string,
    private readonly house: SimulatedHouse,
    index: number,
    latency: number,
  ) {
    this.reader = new EventReader(id);
    const [, name = ''] = id.split('#');
    const plan = { name, membership: true, latency, chunk: 65_536, pause: 0, socketBytes: 65_536 };
    this.connection = new SimulatedConnection(house.daemon(index), plan, house.world.loop, {
      accepted: () => undefined,
      refused: () => undefined,
      frame: (arrival) => this.frame(arrival),
      ended: () => this.close(),
    });
  }

  enter(handler: LinkHandler): Promise<void> {
    this.handler = handler;
    this.request(JOIN_MESS);
    return new Promise((resolve) => {
      this.entered = resolve;
    });
  }

  leave(): Promise<void> {
    this.request(LEAVE_MESS);
    return new Promise((resolve) => {
      this.gone = resolve;
    });
  }

  async send(to: readonly string[] | null, body: Buffer, service: Service): Promise<void> {
    if (this.isOver) throw new Error('the connection is gone');
    const { id } = this;
    const frame = encodeMessage(serviceBit(service), id, to ?? [REGISTRY_GROUP], CHANNEL_MESSAGE, [body]);
    this.connection.write(Buffer.from(frame));
    this.house.stir();
  }

  kill(): void {
    this.connection.close('reset');
    this.house.stir();
  }

  private request(word: number): void {
    this.connection.whenAccepted(() => this.connection.write(encodeRequest(word, this.id, [REGISTRY_GROUP])));
    this.house.stir();
  }

  private frame(arrival: ReceivedMessage): void {
    this.house.stir();
    const event = this.reader.read(arrival);
    switch (event?.kind) {
      case 'data':
        if (event.type === CHANNEL_MESSAGE) {
          const service = event.groups.includes(REGISTRY_GROUP) ? event.service : null;
          this.handler?.message(event.sender, service, Buffer.from(event.body));
        }
        break;
      case 'view':
        this.handler?.view(event);
        this.entered();
        break;
      case 'transition':
        this.handler?.transition();
        break;
      case 'self-leave':
        this.close();
        break;
      default:
        throw new Error('an event that no daemon may send');
    }
  }

  private close(): void {
    this.isOver = true;
    const { handler } = this;
    this.handler = null;
    handler?.closed(false);
    this.gone();
  }
}

export class SimulatedHouse implements ChannelHost {
  isManual = false;
  readonly world: World;
  private readonly random: Random;
  private readonly links = new Map<string, SimulatedLink>();
  private quietAt = 0;
  private isScheduled = false;

  /** @param daemons `d1`, `d2` and so on */
  constructor(
    private readonly daemons: readonly string[],
    kind: Kind,
    seed = 1,
  ) {
    const change = { daemons: daemons.length, clients: 0 };
    const plan = generate(seed, { kind, profile: 'calm', change });
    this.random = new Random(seed);
    this.world = new World({ ...plan, clients: [], steps: [] });
    this.world.loop.runTo(START);
  }

  daemon(index: number): NonNullable<World['daemons'][number]> {
    const daemon = this.world.daemons[index];
    if (!daemon) throw new Error('this daemon has died');
    return daemon;
  }

  async channels(daemon: string, name: string, options: Partial<ChannelsSettings> = {}): Promise<Channels> {
    const settings = {
      registry: 'primary-partition',
      daemons: [],
      orphanTimeoutMs: 30_000,
      ...options,
    } as const;
    const id = `#${name}#${daemon}`;
    const index = this.daemons.indexOf(daemon);
    const link = new SimulatedLink(id, this, index, this.random.next() * LATENCY);
    this.links.set(id, link);
    const channels = new Channels(link, settings);
    await channels.enter(undefined);
    return channels;
  }

  kill(id: string): void {
    this.links.get(id)?.kill();
    this.links.delete(id);
  }

  killDaemon(daemon: string): void {
    this.world.act({ do: 'crash', daemon: this.daemons.indexOf(daemon) });
    this.stir();
  }

  reconfigure(parts: readonly (readonly string[])[]): void {
    const sides = parts.map((part) => part.map((daemon) => this.daemons.indexOf(daemon)));
    this.world.act({ do: 'connect-sides', sides: sides.filter(({ length }) => length > 0) });
    this.stir();
  }

  step(): boolean {
    const { loop } = this.world;
    loop.runTo(loop.now + this.random.next() * 2 * STEP);
    return loop.now < this.quietAt;
  }

  async settle(): Promise<void> {
    // What the programs do next may begin with what has just been said.
    for (let quiet = 0; quiet < 3;) {
      quiet = this.step() ? 0 : quiet + 1;
      await new Promise<void>((resolve) => setImmediate(resolve));
    }
    const [violation] = this.world.violations;
    if (violation) throw new Error(`${violation.property}: ${violation.text}`);
  }

  /** Something happens: time passes until all that follows is over. */
  stir(): void {
    this.quietAt = this.world.loop.now + QUIET;
    if (this.isManual || this.isScheduled) return;
    this.isScheduled = true;
    setImmediate(() => {
      this.isScheduled = false;
      if (!this.isManual && this.step()) this.goOn();
    });
  }

  private goOn(): void {
    const { quietAt } = this;
    this.stir();
    this.quietAt = quietAt;
  }
}
