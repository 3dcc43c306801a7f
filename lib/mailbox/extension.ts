/** The extension between this library and its daemon, as a mailbox has it: what was granted, what arrives, signs of life. */
import type { Buffer } from '#buffer';
import type { Clock, Timer } from '../util/clock.js';
import { boundedHeartbeat, Heartbeat } from '../util/heartbeat.js';
import type { End } from '../wire/extension/end.js';
import { FEATURE_HEARTBEAT, FEATURE_MOVES } from '../wire/extension/features.js';
import { encodePing, encodePong } from '../wire/extension/heartbeat.js';
import type { Hello } from '../wire/extension/hello.js';
import { type ToClient, readToClient } from '../wire/extension/read.js';
import type { Welcome } from '../wire/extension/welcome.js';
import { ClientHandshake } from '../wire/handshake/client-handshake.js';
import type { PlainHandshakeOptions } from '../wire/handshake/plain-handshake.js';
import { type ArrivalKind, ReceivedMessage } from './received-message.js';

/** Hears of what arrives, when it arrives: before what came earlier is taken. */
export interface Arrivals {
  /** A frame of the extension. @returns whether it has taken it: else it has its place among the messages */
  frame(frame: ToClient): boolean;
  /** A message with data. */
  data(): void;
  /** A membership message of Spread. */
  membership(message: ReceivedMessage): void;
}

/**
 * What a layer above wants of the extension, and all of the code for it: a mailbox knows the type only, so a page that wants
 * nothing loads nothing. The SSP, SP and FL calls never want anything.
 */
export class ExtensionOffer {
  constructor(
    /** What is wanted. */
    readonly hello: Hello,
    /** Hears of what arrives; null: nobody does. */
    readonly arrivals: Arrivals | null = null,
  ) {}

  /** The handshake that asks for it. */
  handshake(options: PlainHandshakeOptions): ClientHandshake {
    return new ClientHandshake({ ...options, hello: this.hello });
  }

  /** The extension of a mailbox whose daemon has granted some of it. */
  granted(welcome: Welcome, mailbox: ExtensionMailbox): MailboxExtension {
    return new MailboxExtension(this, welcome, mailbox);
  }
}

/** A frame of the extension in its place among the messages. */
export class ReceivedExtension extends ReceivedMessage {
  constructor(
    bytes: Buffer,
    start: number,
    end: number,
    /** What it says, without what the reader has already. */
    public frame: ToClient,
  ) {
    super(bytes, start, end);
  }

  override get kind(): ArrivalKind {
    return 'extension';
  }
}

/** What the extension needs of its mailbox. */
export interface ExtensionMailbox {
  readonly clock: Clock;
  /** Counts that rise with what is sent, and with what comes. */
  sent(): number;
  heard(): number;
  /** Whether the daemon is not read at present. */
  isHeld(): boolean;
  send(frame: Buffer): void;
  /** The daemon has not been heard of for too long. */
  silent(error: Error): void;
}

export class MailboxExtension {
  /** Bits of what was wanted and granted. */
  readonly features: number;
  /** Hears of what arrives; null: nobody does. */
  arrivals: Arrivals | null;
  /** Why the daemon has ended the session, or is about to; null when it has not said. */
  ended: End | null = null;
  /** 0 without. */
  private readonly heartbeatMs: number;
  private readonly heartbeat: Heartbeat | null = null;
  private timer: Timer | null = null;
  private pings = 0n;

  constructor(
    private readonly offer: Pick<ExtensionOffer, 'hello' | 'arrivals'>,
    readonly welcome: Welcome,
    private readonly mailbox: ExtensionMailbox,
  ) {
    this.features = welcome.features & offer.hello.features;
    this.arrivals = offer.arrivals;
    // A daemon that grants what it was not asked for, or another interval than it may, does no harm.
    const isGranted = (this.features & FEATURE_HEARTBEAT) !== 0 && welcome.heartbeatMs > 0;
    this.heartbeatMs = isGranted ? boundedHeartbeat(welcome.heartbeatMs) : 0;
    if (isGranted) {
      this.heartbeat = new Heartbeat(this.heartbeatMs, mailbox.clock.now(), mailbox.sent(), mailbox.heard());
    }
    this.arm();
  }

  /**
   * A frame has arrived.
   * @returns it, if it has its place among the messages
   * @throws FrameFault
   */
  take(bytes: Buffer, start: number, end: number): ReceivedExtension | null {
    const frame = readToClient(bytes, start, end);
    if (frame === null) return null;
    if (frame.kind === 'ping') this.mailbox.send(encodePong(frame.value));
    if (frame.kind === 'end') this.ended = frame;
    // A daemon that was not asked to say where else the client could be says nothing by it.
    const isOfMoves = frame.kind === 'move' || frame.kind === 'peers';
    if (isOfMoves && (this.features & FEATURE_MOVES) === 0) return null;
    const isTaken = this.arrivals?.frame(frame) ?? false;
    if (isTaken || frame.kind === 'ping' || frame.kind === 'pong' || frame.kind === 'end') return null;
    return new ReceivedExtension(bytes, start, end, frame);
  }

  /** What was wanted. */
  get hello(): Hello {
    return this.offer.hello;
  }

  /** What the daemon said of the end of the session, as an error; undefined when it said nothing. */
  get endError(): Error | undefined {
    return this.ended ? new Error(`the daemon ended the session: ${this.ended.text}`) : undefined;
  }

  /** The connection is over. */
  stop(): void {
    this.timer?.cancel();
    this.timer = null;
  }

  private arm(): void {
    if (this.heartbeat) this.timer = this.mailbox.clock.after(this.heartbeat.lookMs, this.look).unref();
  }

  private readonly look = (): void => {
    const { mailbox } = this;
    const now = mailbox.clock.now();
    const step = this.heartbeat?.look(now, mailbox.sent(), mailbox.heard(), mailbox.isHeld());
    if (step === 'silent') {
      const text = `the daemon was silent for 2.5 heartbeats of ${this.heartbeatMs} ms`;
      mailbox.silent(Object.assign(new Error(text), { code: 'ETIMEDOUT' }));
      return;
    }
    if (step === 'ping') mailbox.send(encodePing(++this.pings));
    this.arm();
  };
}
