/** All sessions of the daemon: accepts connections, keeps the quota, logs and counts what becomes of them. */
import type { Socket } from 'node:net';
import { codeName, REJECT_QUOTA } from '../../lib/wire/codes.js';
import { encodeCode } from '../../lib/wire/handshake/accept.js';
import type { ConnectRequest } from '../../lib/wire/handshake/connect-request.js';
import type { HandshakePolicy } from '../../lib/wire/handshake/server-handshake.js';
import { versionText } from '../../lib/wire/handshake/version.js';
import type { Core } from '../core/core.js';
import type { Logger } from '../monitor/logger.js';
import { type Counters, newCounters } from '../monitor/counters.js';
import { Brake } from './brake.js';
import type { SessionHost } from './host.js';
import { type SessionLimits, STOP_TIMEOUT } from './limits.js';
import type { EndReason } from './reason.js';
import { Session } from './session.js';
import { Turn } from './turn.js';

/** Ends that are worth a line in an ordinary log; the others are the clients' own doing. */
const NOTABLE = /^(slow|illegal|too-many|handshake)/;

export class SessionServer implements SessionHost {
  readonly counters: Counters = newCounters();
  readonly policy: HandshakePolicy;
  readonly turn: Turn;
  private readonly sessions = new Set<Session>();
  private readonly brake = new Brake();
  private lastId = 0;
  private emptied: (() => void) | null = null;

  constructor(
    readonly core: Core,
    readonly limits: SessionLimits,
    private readonly log: Logger,
    methods: { readonly allowed: readonly string[]; readonly required: readonly string[] },
  ) {
    this.policy = {
      ...methods,
      reserve: ({ privateName }) => core.roster.reserve(privateName),
      passes: (method) => method === 'NULL',
    };
    this.turn = new Turn(
      () => this.order(),
      () => this.brake.endTurn(),
    );
  }

  /** Connections, those in their handshake included. */
  get size(): number {
    return this.sessions.size;
  }

  /** A new connection. */
  accept(socket: Socket): void {
    this.counters.connections++;
    if (this.sessions.size >= this.limits.maxSessions) {
      this.rejected(REJECT_QUOTA);
      this.log.warn({ sessions: this.sessions.size }, 'connection refused: as many sessions as allowed');
      socket.on('error', () => undefined);
      socket.write(encodeCode(REJECT_QUOTA));
      socket.destroySoon();
      return;
    }
    this.sessions.add(new Session(socket, this, ++this.lastId));
  }

  /** The engine's queue is below its mark again. */
  resume(): void {
    for (const session of this.sessions) session.hold('engine', false);
  }

  /** Ends all sessions: each client sees the end of its stream. Resolves when the connections are gone. */
  async stop(): Promise<void> {
    this.turn.stop();
    const gone = new Promise<void>((resolve) => {
      this.emptied = resolve;
    });
    for (const session of this.sessions) session.stop();
    if (this.sessions.size === 0) return;
    const timer = setTimeout(() => {
      for (const session of this.sessions) session.destroy();
    }, STOP_TIMEOUT);
    await gone;
    clearTimeout(timer);
  }

  accepted(session: Session, request: ConnectRequest): void {
    this.counters.sessions++;
    const { version, membership } = request;
    this.log.info(
      { session: session.id, name: session.name, version: versionText(version), membership },
      'session',
    );
  }

  rejected(code: number | 'timeout'): void {
    const name = code === 'timeout' ? code : codeName(code);
    this.counters.rejections[name] = (this.counters.rejections[name] ?? 0) + 1;
  }

  ended(session: Session, reason: EndReason, detail?: string): void {
    this.counters.ends[reason] = (this.counters.ends[reason] ?? 0) + 1;
    const level = NOTABLE.test(reason) ? 'warn' : 'info';
    this.log[level]({ session: session.id, name: session.name, reason, detail }, 'session ended');
  }

  closed(session: Session): void {
    this.sessions.delete(session);
    this.brake.forget(session);
    if (this.sessions.size === 0) this.emptied?.();
  }

  wasRead(session: Session, bytes: number): void {
    this.brake.wasRead(session, bytes);
  }

  wrote(session: Session): void {
    this.brake.wrote(session);
  }

  /** An engine that is behind stops all reading; `resume` follows its drain. */
  private order(): void {
    if (this.core.flush()) return;
    for (const session of this.sessions) session.hold('engine', true);
  }
}
