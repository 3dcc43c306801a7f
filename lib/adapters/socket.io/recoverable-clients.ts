/** The clients of a namespace that may come back: what recovery needs of the host, and the host of recovery. */
import { platformOf } from '../../mailbox/platform.js';
import type { OrderedLink, Origin } from './ordered-link.js';
import { KINDS, type LinkMessage } from './message.js';
import { Recovery, type Restored, type Taken } from './recovery/recovery.js';
import type { Session } from './recovery/sessions.js';
import { REQUEST_TIMEOUT_MS, type Requests } from './requests.js';

/** What is used of a socket of the host. */
interface HostSocket {
  readonly pid?: string;
  readonly rooms: ReadonlySet<string>;
  readonly data: unknown;
  readonly client: { onclose(reason: string): void; readonly conn: { close(discard?: boolean): void } };
}

/** The same of a namespace. */
interface HostNamespace {
  readonly sockets: ReadonlyMap<string, HostSocket>;
  readonly server: {
    readonly opts: { readonly connectionStateRecovery?: { readonly maxDisconnectionDuration?: number } };
  };
}

/** The default of the host. */
const MAX_DISCONNECTION_MS = 2 * 60 * 1_000;

export class RecoverableClients {
  readonly recovery: Recovery;
  /** Ids of sockets by private id. */
  private readonly live = new Map<string, string>();
  /** Private ids by socket. */
  private readonly pids = new Map<string, string>();
  /** Clients that go, and may come back. */
  private readonly persisted = new Set<string>();
  /** Messages up to the place of each question, in the count of this server. */
  private readonly counts = new Map<string, number>();
  /** Sockets whose rooms are announced after this turn. */
  private readonly unannounced = new Set<string>();

  private constructor(
    private readonly nsp: HostNamespace,
    private readonly link: OrderedLink,
    private readonly requests: Requests,
    private readonly isAnnounced: boolean,
    options: { readonly maxAgeMs: number; readonly bytes: number },
  ) {
    const { clock } = platformOf(link.connection);
    this.recovery = new Recovery(
      {
        now: () => clock.now(),
        endLive: (pid) => this.endLive(pid),
        ask: (pid, offset) => this.ask(pid, offset),
        submit: (message) => void link.submit(message),
        answer: (to, message) => void link.answer(to, message),
        hold: () => link.hold(),
        warn: (kind, why) => link.warnings.about(kind, why),
      },
      { ...options, crash: isAnnounced },
    );
  }

  /** Null where the host has not switched recovery on. */
  static of(
    nsp: HostNamespace,
    { bytes, crash }: { readonly bytes: number; readonly crash: boolean },
    link: OrderedLink,
    requests: Requests,
  ): RecoverableClients | null {
    const options = nsp.server.opts.connectionStateRecovery;
    if (!options) return null;
    const maxAgeMs = options.maxDisconnectionDuration ?? MAX_DISCONNECTION_MS;
    return new RecoverableClients(nsp, link, requests, crash, { maxAgeMs, bytes });
  }

  /** The rooms of a socket have changed. */
  changed(id: string): void {
    const pid = this.nsp.sockets.get(id)?.pid;
    if (pid === undefined) return;
    this.live.set(pid, id);
    this.pids.set(id, pid);
    if (!this.isAnnounced || this.unannounced.has(id)) return;
    this.unannounced.add(id);
    queueMicrotask(() => this.announce(id, pid));
  }

  /** A socket is gone. */
  left(id: string): void {
    const pid = this.pids.get(id);
    if (pid === undefined) return;
    this.pids.delete(id);
    if (this.live.get(pid) === id) this.live.delete(pid);
    if (!this.persisted.delete(pid)) this.recovery.gone(pid);
  }

  persist({ sid, pid, rooms, data }: Session): void {
    this.persisted.add(pid);
    this.recovery.persist({ sid, pid, rooms: [...rooms], data });
  }

  async restore(pid: string, offset: string): Promise<Restored | null> {
    await this.link.ready;
    return await this.recovery.restore(pid, offset);
  }

  /** A message about sessions. @param others servers that have to answer */
  act(message: LinkMessage, origin: Origin, others: readonly string[]): void {
    this.recovery.act(message, origin);
    if (message.type !== KINDS.take || !origin.fromMe) return;
    const requestId = message.data['requestId'] as string;
    this.counts.set(requestId, this.recovery.count);
    this.requests.placed(requestId, others);
  }

  private announce(id: string, pid: string): void {
    this.unannounced.delete(id);
    const socket = this.nsp.sockets.get(id);
    if (socket) this.recovery.changed({ sid: id, pid, rooms: [...socket.rooms], data: socket.data });
  }

  /** As if its transport had closed, which persists its session. */
  private endLive(pid: string): void {
    const id = this.live.get(pid);
    const socket = id === undefined ? undefined : this.nsp.sockets.get(id);
    if (!socket) return;
    socket.client.onclose('transport close');
    socket.client.conn.close(true);
  }

  private ask(pid: string, offset: string): Promise<Taken | null> {
    return new Promise((resolve) => {
      let taken: Taken | null = null;
      const requestId = this.requests.ask({
        timeoutMs: REQUEST_TIMEOUT_MS,
        answered: (value) => {
          const { session, missed } = value as Omit<Taken, 'count'> & { readonly session: Session | null };
          if (session === null) return false;
          taken = { session, missed, count: this.counts.get(requestId) ?? 0 };
          return true;
        },
        done: () => {
          this.counts.delete(requestId);
          resolve(taken);
        },
        silent: () => {
          this.counts.delete(requestId);
          resolve(null);
        },
      });
      void this.link.submit({ type: KINDS.take, data: { requestId, pid, offset } });
    });
  }
}
