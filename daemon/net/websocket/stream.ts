/**
 * A WebSocket as the byte stream of a session. Binary messages are pieces of it: where they are cut means nothing. A text message
 * is a control word: a page cannot leave its WebSocket unread, so it says when it wants nothing more, and when it wants more.
 */
import { Buffer } from 'node:buffer';
import type { Socket } from 'node:net';
import { Duplex } from 'node:stream';
import type { WebSocket } from 'ws';
import type { Clock } from '../../../lib/util/clock.js';
import { WEBSOCKET_ERROR } from '../peer.js';
import { MAX_AT_ONCE, MessageRate } from './message-rate.js';

const BINARY = { binary: true, fin: true } as const;
const MAX_WORD_BYTES = 64;

/** Codes of the WebSocket protocol that a browser is closed with. */
export const CLOSE = { normal: 1000, unsupported: 1003, policy: 1008, restart: 1012, expired: 4401 } as const;

type Done = (error?: Error | null) => void;

export class WebSocketStream extends Duplex {
  /** Something came since this was last set to false. */
  isHeard = true;
  /** What the connection is closed with. */
  closeCode: number = CLOSE.normal;
  private isStopped = false;
  /** What the page does not want yet. */
  private held: (() => void) | null = null;
  /** Why the connection broke, if the system says so. */
  private failure: Error | null = null;
  /** What came in one read, for the session to get at once: `ws` emits the messages of a read one by one. */
  private pieces: Buffer[] = [];
  /** The session wants nothing more at present. */
  private isFull = false;
  private readonly rate: MessageRate;

  constructor(
    private readonly socket: WebSocket,
    /** Carries it. */
    private readonly carrier: Socket,
    clock: Clock,
  ) {
    super({ allowHalfOpen: false, decodeStrings: false, emitClose: true });
    this.rate = new MessageRate(clock, () => this.readOn());
    socket.on('message', (data: Buffer, isBinary: boolean) => this.received(data, isBinary));
    socket.on('ping', () => void this.heard());
    socket.on('pong', () => void this.heard());
    socket.on('error', (error: Error) => this.fail(error));
    socket.on('close', () => this.socketClosed());
    carrier.on('error', (error) => {
      this.failure = error;
    });
  }

  /** It is not read at present, so what it says is not heard. */
  get isUnread(): boolean {
    return this.socket.isPaused;
  }

  ping(): void {
    if (this.socket.readyState === this.socket.OPEN) this.socket.ping();
  }

  /** Ends when everything is written, as a socket does. What the page does not want is written all the same. */
  destroySoon(): void {
    this.stop(false);
    if (this.writable) this.end();
    if (this.writableFinished) this.destroy();
    else this.once('finish', () => this.destroy());
  }

  override _read(): void {
    this.isFull = false;
    this.readOn();
  }

  override _write(chunk: Buffer, _encoding: string, done: Done): void {
    if (this.isStopped) this.held = () => this.send(chunk, done);
    else this.send(chunk, done);
  }

  override _writev(chunks: { chunk: Buffer }[], done: Done): void {
    if (this.isStopped) this.held = () => this.sendAll(chunks, done);
    else this.sendAll(chunks, done);
  }

  override _final(done: Done): void {
    this.socket.close(this.closeCode);
    done();
  }

  /** The other end has a moment to read its close, if it reads at all: `ws` ends the connection after that. */
  override _destroy(error: Error | null, done: Done): void {
    this.held = null;
    this.pieces = [];
    this.rate.stop();
    const { socket } = this;
    if (this.isStopped || socket.bufferedAmount > 0) socket.terminate();
    else socket.close(this.closeCode);
    done(error);
  }

  /** @returns whether what came may be taken */
  private heard(): boolean {
    this.isHeard = true;
    if (this.destroyed) return false;
    if (!this.rate.take()) {
      // First of all: a WebSocket that is being closed still reads all that comes.
      this.socket.terminate();
      this.destroy(faultOf(`more than ${MAX_AT_ONCE} messages at once`, 'TOO_MANY_MESSAGES'));
      return false;
    }
    if (this.rate.isHeld) this.socket.pause();
    return true;
  }

  private received(data: Buffer, isBinary: boolean): void {
    if (!this.heard()) return;
    if (!isBinary) this.takeWord(data);
    else if (data.length > 0 && this.pieces.push(data) === 1) process.nextTick(() => this.handOn());
  }

  private handOn(): void {
    const { pieces } = this;
    if (pieces.length === 0) return;
    this.pieces = [];
    const [first] = pieces as [Buffer];
    this.isFull = !this.push(pieces.length === 1 ? first : Buffer.concat(pieces));
    if (this.isFull) this.socket.pause();
  }

  private readOn(): void {
    if (!this.isFull && !this.rate.isHeld && this.socket.isPaused) this.socket.resume();
  }

  private takeWord(data: Buffer): void {
    const word = readWord(data);
    if (word !== null) return this.stop(word.stop);
    this.socket.close(CLOSE.unsupported);
    this.fail(faultOf('expected a binary message, {"stop":true} or {"stop":false}', 'UNEXPECTED_TEXT'));
  }

  /** What came before the fault was received. */
  private fail(error: Error): void {
    this.handOn();
    this.destroy(error);
  }

  private stop(isStopped: boolean): void {
    this.isStopped = isStopped;
    if (isStopped) return;
    const { held } = this;
    this.held = null;
    held?.();
  }

  private sendAll(chunks: readonly { readonly chunk: Buffer }[], done: Done): void {
    this.carrier.cork();
    for (const [i, { chunk }] of chunks.entries()) {
      if (i < chunks.length - 1) this.socket.send(chunk, BINARY);
      else this.send(chunk, done);
    }
    this.carrier.uncork();
  }

  /**
   * What the system has taken at once is done at once, so that the session need not wait for the next turn. What is for a
   * connection that is being closed is for nobody.
   */
  private send(chunk: Buffer, done: Done): void {
    if (this.socket.readyState !== this.socket.OPEN) return done();
    let isDone = false;
    const taken: Done = (error) => {
      if (isDone) return;
      isDone = true;
      done(error);
    };
    this.socket.send(chunk, BINARY, taken);
    if (this.socket.bufferedAmount === 0) taken();
  }

  private socketClosed(): void {
    if (this.destroyed) return;
    if (this.failure !== null) {
      this.fail(this.failure);
      return;
    }
    this.handOn();
    this.push(null);
    // What the page did not want is for nobody: the stream ends when it is written, and the session with it.
    this.stop(false);
  }
}

const faultOf = (problem: string, code: string): Error =>
  Object.assign(new Error(problem), { code: WEBSOCKET_ERROR + code });

/** Null for a text that is not a control word. */
function readWord(data: Buffer): { readonly stop: boolean } | null {
  if (data.length > MAX_WORD_BYTES) return null;
  try {
    const word = JSON.parse(data.toString()) as { readonly stop?: unknown } | null;
    const isWord = typeof word === 'object' && word !== null && Object.keys(word).join() === 'stop';
    return isWord && typeof word.stop === 'boolean' ? { stop: word.stop } : null;
  } catch {
    return null;
  }
}
