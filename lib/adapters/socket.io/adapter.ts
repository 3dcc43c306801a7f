/** The adapter of one namespace: what the host asks of a cluster adapter, each thing at its place in the order. */
import type {
  Adapter,
  BroadcastOptions,
  ClusterMessage,
  ClusterResponse,
  Room,
  Session,
} from 'socket.io-adapter';
import type { Connection } from '../../client/connection.js';
import type { Service } from '../../client/send.js';
import { platformOf } from '../../mailbox/platform.js';
import { TimerQueue } from '../../util/timer-queue.js';
import { AckRequest } from './ack-request.js';
import { AckRequests } from './ack-requests.js';
import type { HostModule } from './load-host.js';
import { OrderedLink, type Origin } from './ordered-link.js';
import { KINDS, type LinkMessage, type WireOptions } from './message.js';
import { RecoverableClients } from './recoverable-clients.js';
import type { Recovery } from './recovery/recovery.js';
import { REQUEST_TIMEOUT_MS, Requests } from './requests.js';

/** What all adapters of a server have in common. */
export interface AdapterPlan {
  readonly connection: Connection;
  /** Name of the group for a namespace. */
  readonly groupOf: (namespace: string) => string;
  readonly service: Service;
  readonly recovery: { readonly bytes: number; readonly crash: boolean };
  /** An adapter has joined its group, or left it. */
  readonly opened: (adapter: object) => void;
  readonly closed: (adapter: object) => Promise<void>;
}

/** The function at the end of a server-side emit. */
type Acknowledge = (error: Error | null, responses: unknown[]) => void;

const optionsOf = ({ rooms, except, flags }: BroadcastOptions): WireOptions => ({
  rooms: [...rooms],
  except: [...(except ?? [])],
  flags: { ...flags },
});
const broadcastOptions = ({ rooms, except, flags }: WireOptions): BroadcastOptions => ({
  rooms: new Set(rooms),
  except: new Set(except),
  flags,
});
const timeoutText = (missing: number): string => `timeout reached: missing ${missing} responses`;

/** The class of the adapters. @param host the package that they extend */
export function adapterClass(host: HostModule): new (nsp: unknown, plan: AdapterPlan) => Adapter {
  const { Adapter: InMemory, ClusterAdapter } = host;

  return class SspAdapter extends ClusterAdapter {
    private readonly link: OrderedLink;
    private readonly questions: Requests;
    private readonly acks: AckRequests;
    private readonly timers: TimerQueue;
    private readonly clients: RecoverableClients | null;
    private readonly recovery: Recovery | null;

    constructor(
      nsp: unknown,
      private readonly plan: AdapterPlan,
    ) {
      super(nsp);
      const { connection } = plan;
      this.timers = new TimerQueue(platformOf(connection).clock);
      this.questions = new Requests(`${this.uid}-`, this.timers);
      this.acks = new AckRequests(`${this.uid}-a`, this.timers);
      this.link = new OrderedLink(connection, plan.groupOf(this.nsp.name as string), plan.service, {
        act: (message, origin) => this.act(message, origin),
        answer: (message, sender) => this.answered(message, sender),
        placed: (how) => this.recovery?.placed(how),
        beginPlaces: (view) => this.recovery?.begin(view),
        members: ({ isMember, returned }) => {
          this.questions.view(isMember, returned);
          this.acks.view(isMember, returned);
          this.recovery?.members(isMember, returned);
        },
        gap: () => this.recovery?.gap(),
        degraded: (why) => void (why ? this.emit('degraded', why) : this.emit('restored')),
      });
      this.clients = RecoverableClients.of(this.nsp, plan.recovery, this.link, this.questions);
      this.recovery = this.clients?.recovery ?? null;
    }

    override async init(): Promise<void> {
      this.plan.opened(this);
      await this.link.join();
    }

    override async close(): Promise<void> {
      const left = this.link.close();
      this.acks.close();
      await left;
      await this.plan.closed(this);
    }

    override async serverCount(): Promise<number> {
      await this.link.ready;
      return this.link.servers.length;
    }

    override broadcast(packet: unknown, opts: BroadcastOptions): Promise<void> {
      if (opts.flags?.local) return Promise.resolve(InMemory.prototype.broadcast.call(this, packet, opts));
      const data = { packet, opts: optionsOf(opts) };
      return this.link.submit({ type: KINDS.broadcast, data }, opts.flags?.volatile === true);
    }

    override broadcastWithAck(
      packet: unknown,
      opts: BroadcastOptions,
      clientCountCallback: (clientCount: number) => void,
      ack: (...args: unknown[]) => void,
    ): void {
      if (opts.flags?.local)
        return InMemory.prototype.broadcastWithAck.call(this, packet, opts, clientCountCallback, ack);
      const options = optionsOf(opts);
      // Where it is emitted somebody can catch what these throw.
      this.link.check({ type: KINDS.broadcast, data: { packet, requestId: '', opts: options } });
      const requestId = this.acks.add(opts.flags?.timeout ?? REQUEST_TIMEOUT_MS);
      // The host asks in this very turn how many servers there are.
      void this.serverCount()
        .then((servers) => {
          this.acks.begin(requestId, new AckRequest(servers, clientCountCallback, ack));
          return this.link.submit({ type: KINDS.broadcast, data: { packet, requestId, opts: options } });
        })
        .catch((error: unknown) => {
          this.acks.end(requestId);
          this.link.warnings.about('a broadcast cannot be sent', error);
        });
    }

    override addSockets(opts: BroadcastOptions, rooms: Room[]): Promise<void> {
      if (opts.flags?.local) return Promise.resolve(InMemory.prototype.addSockets.call(this, opts, rooms));
      return this.link.submit({ type: KINDS.join, data: { opts: optionsOf(opts), rooms: [...rooms] } });
    }

    override delSockets(opts: BroadcastOptions, rooms: Room[]): Promise<void> {
      if (opts.flags?.local) return Promise.resolve(InMemory.prototype.delSockets.call(this, opts, rooms));
      return this.link.submit({ type: KINDS.leave, data: { opts: optionsOf(opts), rooms: [...rooms] } });
    }

    override disconnectSockets(opts: BroadcastOptions, close: boolean): Promise<void> {
      if (opts.flags?.local)
        return Promise.resolve(InMemory.prototype.disconnectSockets.call(this, opts, close));
      return this.link.submit({ type: KINDS.disconnect, data: { opts: optionsOf(opts), close } });
    }

    override async fetchSockets(opts: BroadcastOptions): Promise<unknown[]> {
      if (opts.flags?.local) return await InMemory.prototype.fetchSockets.call(this, opts);
      const others: unknown[] = [];
      await new Promise<void>((resolve, reject) => {
        const requestId = this.questions.ask({
          timeoutMs: opts.flags?.timeout ?? REQUEST_TIMEOUT_MS,
          answered: (sockets) => {
            others.push(...(sockets as unknown[]));
            return false;
          },
          done: resolve,
          silent: (missing) => reject(new Error(timeoutText(missing))),
        });
        void this.link.submit({ type: KINDS.fetch, data: { opts: optionsOf(opts), requestId } });
      });
      return others;
    }

    override serverSideEmit(packet: unknown[]): Promise<void> {
      const acknowledge = packet.at(-1);
      if (typeof acknowledge !== 'function')
        return this.link.submit({ type: KINDS.serverEmit, data: { packet } });
      const data = { packet: packet.slice(0, -1) };
      // Where it is emitted somebody can catch that; the host drops what this returns.
      this.link.check({ type: KINDS.serverEmit, data });
      const responses: unknown[] = [];
      const requestId = this.questions.ask({
        timeoutMs: REQUEST_TIMEOUT_MS,
        answered: (value) => {
          responses.push(value);
          return false;
        },
        done: () => (acknowledge as Acknowledge)(null, responses),
        silent: (missing) => (acknowledge as Acknowledge)(new Error(timeoutText(missing)), responses),
      });
      return this.link.submit({ type: KINDS.serverEmit, data: { ...data, requestId } });
    }

    override addAll(id: string, rooms: Set<Room>): void {
      void super.addAll(id, rooms);
      this.clients?.changed(id);
    }

    override del(id: string, room: Room): void {
      void super.del(id, room);
      this.clients?.changed(id);
    }

    override delAll(id: string): void {
      super.delAll(id);
      this.clients?.left(id);
    }

    override persistSession(session: Omit<Session, 'missedPackets'>): void {
      this.clients?.persist(session);
    }

    override async restoreSession(pid: string, offset: string): Promise<Session> {
      // The host takes null for a client that begins as a new one.
      return (await this.clients?.restore(pid, offset)) as Session;
    }

    protected override async doPublish({ type, ...message }: ClusterMessage): Promise<string> {
      const data = 'data' in message ? (message.data as LinkMessage['data']) : {};
      await this.link.submit({ type, data });
      return '';
    }

    protected override async doPublishResponse(
      requesterUid: string,
      { type, data }: ClusterResponse,
    ): Promise<void> {
      try {
        await this.link.answer(requesterUid, { type, data });
      } catch (error) {
        // The host says so to its debug log only.
        this.link.warnings.about('another server gets no answer', error);
      }
    }

    /** A message at its place. */
    private act(message: LinkMessage, origin: Origin): void {
      const { type, data } = message;
      const { fromMe } = origin;
      const requestId = data['requestId'] as string | undefined;
      switch (type) {
        case KINDS.broadcast:
          if (requestId === undefined) return this.deliver(message, origin);
          if (fromMe) this.acks.placed(requestId, this.link.servers);
          return this.byHost(message, origin);
        case KINDS.fetch:
          if (fromMe) return this.fetchHere(requestId as string, data['opts'] as WireOptions);
          return this.byHost(message, origin);
        case KINDS.serverEmit:
          if (!fromMe) return this.byHost(message, origin);
          if (requestId !== undefined) this.questions.placed(requestId, this.others);
          return;
        case KINDS.join:
        case KINDS.leave:
        case KINDS.disconnect:
          return this.byHost(message, origin);
        default:
          this.clients?.act(message, origin, this.others);
      }
    }

    /** The sockets of this server count at the place of the request, as those of the others do. */
    private fetchHere(requestId: string, opts: WireOptions): void {
      const { self } = this.link;
      this.questions.placed(requestId, [...this.others, self]);
      void InMemory.prototype.fetchSockets
        .call(this, broadcastOptions(opts))
        .then((sockets) => this.questions.answer(requestId, sockets, self));
    }

    /** Leaves messages of other servers to the code of the host; `uid` is the server that it answers. */
    private byHost({ type, data }: LinkMessage, { sender }: Origin): void {
      const message: unknown = { type, data, uid: sender, nsp: this.nsp.name as string };
      this.onMessage(message as ClusterMessage);
    }

    private deliver({ data }: LinkMessage, { bytes }: Origin): void {
      const { packet, opts } = data as unknown as {
        packet: { type: number; data: unknown[] };
        opts: WireOptions;
      };
      this.recovery?.broadcast(packet, opts, bytes);
      InMemory.prototype.broadcast.call(this, packet, broadcastOptions(opts));
    }

    private answered({ type, data }: LinkMessage, sender: string): void {
      const requestId = data['requestId'] as string;
      switch (type) {
        case KINDS.fetched:
          return this.questions.answer(requestId, data['sockets'], sender);
        case KINDS.serverEmitted:
          return this.questions.answer(requestId, data['packet'], sender);
        case KINDS.taken:
          return this.questions.answer(requestId, data, sender);
        case KINDS.clientCount:
          return this.acks.counted(requestId, sender, data['clientCount'] as number);
        case KINDS.ack:
          return this.acks.acknowledged(requestId, sender, data['packet']);
        default:
      }
    }

    /** Servers that act in the order with this one. */
    private get others(): readonly string[] {
      return this.link.servers.filter((id) => id !== this.link.self);
    }
  };
}
