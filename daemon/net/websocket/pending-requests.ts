/**
 * Connections that have not asked for their upgrade yet. They wait for their turn by address, and have a time from there, as those
 * of other clients in their handshake: so silent ones keep nobody out.
 */
import type { Socket } from 'node:net';
import type { Clock, Timer } from '../../../lib/util/clock.js';
import { Handshakes, type PendingHandshake } from '../../session/handshakes.js';
import type { SessionLimits } from '../../session/limits.js';
import { addressKey } from '../peer.js';

/** Connections without an upgrade at one time; of more, the address with the most loses its oldest. */
export const MAX_PENDING = 2_000;

class PendingRequest implements PendingHandshake {
  readonly address: string;
  private deadline: Timer | null = null;

  constructor(
    private readonly socket: Socket,
    private readonly start: () => void,
    private readonly clock: Clock,
    private readonly timeoutMs: number,
  ) {
    this.address = addressKey(socket);
  }

  begin(): void {
    this.deadline = this.clock.after(this.timeoutMs, () => this.giveWay());
    this.start();
  }

  giveWay(): void {
    this.socket.destroy();
  }

  end(): void {
    this.deadline?.cancel();
  }
}

export class PendingRequests {
  private readonly handshakes: Handshakes<PendingRequest>;
  /** By both ends of their connection: the encrypted socket does not tell which one it stands on. */
  private readonly pending = new Map<string, PendingRequest>();

  constructor(
    private readonly limits: SessionLimits,
    private readonly clock: Clock,
  ) {
    this.handshakes = new Handshakes(limits, clock);
  }

  get size(): number {
    return this.pending.size;
  }

  /** A new connection, unread. @param start called when its turn has come */
  add(socket: Socket, start: () => void): void {
    if (this.pending.size >= MAX_PENDING && !this.handshakes.makeRoomFor(addressKey(socket))) {
      socket.destroy();
      return;
    }
    const request = new PendingRequest(socket, start, this.clock, this.limits.handshakeTimeoutMs);
    const ends = endsOf(socket);
    this.pending.set(ends, request);
    socket.once('close', () => {
      // A later connection may have the same ends by now.
      if (this.pending.get(ends) === request) this.end(ends, request);
    });
    this.handshakes.add(request);
  }

  /** It has asked. @param socket the one that was added, or the encrypted one on it */
  remove(socket: Socket): void {
    const ends = endsOf(socket);
    const request = this.pending.get(ends);
    if (request) this.end(ends, request);
  }

  /** Ends all of them. */
  stop(): void {
    for (const [ends, request] of Array.from(this.pending)) {
      this.end(ends, request);
      request.giveWay();
    }
  }

  private end(ends: string, request: PendingRequest): void {
    this.pending.delete(ends);
    request.end();
    this.handshakes.remove(request);
  }
}

const endsOf = ({ remoteAddress, remotePort, localAddress, localPort }: Socket): string =>
  [remoteAddress, remotePort, localAddress, localPort].join(' ');
