/** Browsers, as far as the daemon sees them: WebSockets with compact views, in groups, of which one talks in each. */
import { Buffer } from 'node:buffer';
import { setTimeout as pause } from 'node:timers/promises';
import { WebSocket } from 'ws';
import { checkDelivery, Delivery } from '../../../lib/wire/delivery.js';
import { FEATURE_COMPACT_VIEWS } from '../../../lib/wire/extension/features.js';
import { isExtensionFrame } from '../../../lib/wire/extension/frame.js';
import { FrameReader } from '../../../lib/wire/frame-reader.js';
import { ClientHandshake } from '../../../lib/wire/handshake/client-handshake.js';
import { encodeMessage, encodeRequest } from '../../../lib/wire/request.js';
import { AGREED_MESS, isRegular, JOIN_MESS } from '../../../lib/wire/service.js';
import { ChangeCounter } from '../load/change-counter.js';
import { groupName } from '../load/chunks.js';
import { Latencies } from '../load/latencies.js';
import { now } from '../load/now.js';
import { serve } from '../load/serve.js';

export interface BrowsersPlan {
  /** Of the listener for browsers. */
  readonly port: number;
  readonly browsers: number;
  readonly groupSize: number;
}

/**
 * - `connect`: all open their session.
 * - `join`: all join.
 * - `talk`: that many messages in all, at that many a second.
 * - `flood`: that many messages, each as soon as its sender has got one of those before it.
 */
export type BrowsersRequest =
  | { readonly what: 'connect' }
  | { readonly what: 'join' }
  | { readonly what: 'talk'; readonly messages: number; readonly rate: number }
  | { readonly what: 'flood'; readonly messages: number };

export interface BrowsersAnswer {
  readonly seconds: number;
  readonly deliveries: number;
  readonly lost: number;
  readonly latencies: string | null;
}

/** Sessions that are being opened at one time. */
const PARALLEL = 100;
const BODY_BYTES = 100;
/** Messages under way in each group that is flooded. */
const WINDOW = 4;
/** What has not come by then counts as lost, in milliseconds. */
const PATIENCE = 5_000;
const hello = { features: FEATURE_COMPACT_VIEWS, holdMs: 0, heartbeatMs: 0, attempt: 0, resume: null };

class Browser {
  name = '';
  /** Changes of its groups that it has seen, and messages. */
  private readonly changes = new ChangeCounter();
  private frames: FrameReader | null = null;

  constructor(
    private readonly socket: WebSocket,
    readonly group: string,
    private readonly arrived: (stamp: number, sender: string) => void,
  ) {}

  static async open(
    port: number,
    group: string,
    arrived: (stamp: number, sender: string) => void,
  ): Promise<Browser> {
    const socket = new WebSocket(`ws://127.0.0.1:${port}/ssp`, 'ssp.v1', { perMessageDeflate: false });
    socket.on('error', (error) => {
      throw error;
    });
    const browser = new Browser(socket, group, arrived);
    const handshake = new ClientHandshake({ name: '', membership: true, priority: 0, hello });
    await new Promise<void>((resolve, reject) => {
      socket.once('open', () => socket.send(handshake.request()));
      socket.on('message', (chunk: Buffer) => {
        if (browser.frames !== null) return browser.take(chunk);
        const step = handshake.push(chunk);
        if (step.kind === 'refused') reject(new Error(`refused: ${step.code}`));
        else if (step.kind === 'accepted') {
          browser.begin(step.accept.privateGroup);
          resolve();
        } else if (step.write) socket.send(step.write);
      });
    });
    return browser;
  }

  get seen(): number {
    return this.changes.changes;
  }

  join(): void {
    this.socket.send(encodeRequest(JOIN_MESS, this.name, [this.group]));
  }

  say(): void {
    const body = Buffer.alloc(BODY_BYTES);
    body.writeDoubleLE(now(), 0);
    this.socket.send(encodeMessage(AGREED_MESS, this.name, [this.group], 0, [body]));
  }

  private begin(name: string): void {
    this.name = name;
    this.frames = new FrameReader({
      header: checkDelivery,
      frame: (bytes, start, end) => {
        if (isExtensionFrame(bytes, start)) return;
        const { service, body, name: sender } = new Delivery(bytes, start, end);
        if (isRegular(service)) this.arrived(body.readDoubleLE(0), sender);
      },
    });
  }

  private take(chunk: Buffer): void {
    this.changes.push(chunk);
    this.frames?.push(chunk);
  }
}

serve(async ({ port, browsers: count, groupSize }: BrowsersPlan) => {
  const latencies = new Latencies();
  const browsers: Browser[] = [];
  const counted = { deliveries: 0 };
  let onOwn: (browser: Browser) => void = () => undefined;

  const connect = async (): Promise<void> => {
    while (browsers.length < count) {
      const some = Array.from({ length: Math.min(PARALLEL, count - browsers.length) }, (_, i) => {
        // The first one is that of the other clients.
        const group = groupName(1 + Math.floor((browsers.length + i) / groupSize));
        const browser: Promise<Browser> = Browser.open(port, group, (stamp, sender) => {
          counted.deliveries++;
          latencies.arrived(stamp);
          if (sender === own?.name) onOwn(own);
        });
        let own: Browser | null = null;
        return browser.then((opened) => (own = opened));
      });
      browsers.push(...(await Promise.all(some)));
    }
  };

  /** Each has seen the joins of its group from its own on. */
  const join = async (): Promise<void> => {
    const before = browsers.map(({ seen }) => seen);
    for (const browser of browsers) browser.join();
    const isSeen = (browser: Browser, i: number): boolean =>
      browser.seen - (before[i] as number) >= groupSize - (i % groupSize);
    while (!browsers.every(isSeen)) await pause(5);
  };

  const speakers = (): Browser[] => browsers.filter((_, i) => i % groupSize === 0);
  const arrivedAll = async (wanted: number): Promise<void> => {
    for (const end = now() + PATIENCE; counted.deliveries < wanted && now() < end;) await pause(1);
  };

  const talk = async (messages: number, rate: number): Promise<void> => {
    const all = speakers();
    const start = now();
    for (let sent = 0; sent < messages; await pause(1)) {
      const due = Math.min(messages, Math.floor(((now() - start) / 1e3) * rate));
      for (; sent < due; sent++) all[sent % all.length]?.say();
    }
  };

  const flood = async (messages: number): Promise<void> => {
    const all = speakers();
    let left = messages;
    await new Promise<void>((resolve) => {
      onOwn = (browser) => {
        if (left-- > 0) browser.say();
        else resolve();
      };
      for (const speaker of all) for (let i = 0; i < WINDOW; i++) if (left-- > 0) speaker.say();
    });
    onOwn = () => undefined;
  };

  return async (request: BrowsersRequest): Promise<BrowsersAnswer> => {
    counted.deliveries = 0;
    latencies.take();
    const start = now();
    let wanted = 0;
    if (request.what === 'connect') {
      await connect();
    } else if (request.what === 'join') {
      await join();
    } else {
      wanted = request.messages * groupSize;
      await (request.what === 'talk' ? talk(request.messages, request.rate) : flood(request.messages));
      await arrivedAll(wanted);
    }
    const seconds = (now() - start) / 1e3;
    const { deliveries } = counted;
    return { seconds, deliveries, lost: wanted - deliveries, latencies: latencies.take() };
  };
});
