/** How many connections there are, of which addresses, and whether one more may come. Those in their TLS handshake count too. */
import type { Handshakes, PendingHandshake } from './handshakes.js';
import type { SessionLimits } from './limits.js';

/** What becomes of a connection that has its TLS handshake before it. */
export interface TlsHandshake {
  /** It can begin. */
  readonly begin: () => void;
  /** It cannot. */
  readonly destroy: () => void;
}

interface QuotaHost {
  readonly limits: Pick<SessionLimits, 'maxSessions' | 'maxSessionsPerAddress'>;
  /** Connections that are sessions, or in the handshake of one. */
  readonly size: number;
  /** One more connection of the address is too many. */
  refuse(address: string, reason: string): void;
  /** A TLS handshake ended without a session. */
  rejected(code: 'crowded' | 'tls'): void;
}

export class ConnectionQuota {
  /** Connections by address. */
  private readonly addresses = new Map<string, number>();
  /** Those in their TLS handshake, which are not sessions yet, and what ends each. */
  private readonly tlsHandshakes = new Map<PendingHandshake, () => void>();

  constructor(
    private readonly host: QuotaHost,
    private readonly handshaking: Handshakes,
  ) {}

  /** A connection of the address has come, or gone. */
  count(address: string, change: 1 | -1): void {
    const count = (this.addresses.get(address) ?? 0) + change;
    if (count === 0) this.addresses.delete(address);
    else this.addresses.set(address, count);
  }

  /** Why one more connection of the address is too many; null when there is room, or another one made room. */
  refusalOf(address: string): string | null {
    const { maxSessions, maxSessionsPerAddress } = this.host.limits;
    const ofAddress = this.addresses.get(address) ?? 0;
    if (maxSessionsPerAddress > 0 && ofAddress >= maxSessionsPerAddress) {
      return 'session limit per address reached';
    }
    const isFull = this.host.size + this.tlsHandshakes.size >= maxSessions;
    return isFull && !this.handshaking.makeRoomFor(address) ? 'session limit reached' : null;
  }

  /**
   * A new connection that has its TLS handshake before it.
   * @returns to be called when that is over, or the connection gone
   */
  acceptTls(address: string, { begin, destroy }: TlsHandshake): (isThrough: boolean) => void {
    const refusal = this.refusalOf(address);
    if (refusal !== null) {
      this.host.refuse(address, refusal);
      destroy();
      return () => undefined;
    }
    let isOver = false;
    const end = (): void => {
      isOver = true;
      this.handshaking.remove(pending);
      this.tlsHandshakes.delete(pending);
      this.count(address, -1);
    };
    const cut = (): void => {
      end();
      destroy();
    };
    const giveWay = (): void => {
      this.host.rejected('crowded');
      cut();
    };
    const pending: PendingHandshake = { address, begin, giveWay };
    this.tlsHandshakes.set(pending, cut);
    this.count(address, 1);
    this.handshaking.add(pending);
    return (isThrough) => {
      if (isOver) return;
      end();
      if (!isThrough) this.host.rejected('tls');
    };
  }

  /** Ends all TLS handshakes. */
  stop(): void {
    for (const end of Array.from(this.tlsHandshakes.values())) end();
  }
}
