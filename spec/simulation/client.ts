/** A simulated client: does what its plan says and writes down what it sent and saw. */
import { Buffer } from 'node:buffer';
import type { ReceivedMessage } from '../../lib/mailbox/received-message.js';
import { encodeMessage, encodeRequest } from '../../lib/wire/request.js';
import { JOIN_MESS, KILL_MESS, LEAVE_MESS } from '../../lib/wire/service.js';
import type { Entry, SessionLog } from '../../daemon/testing/checks/log.js';
import { membershipEntry } from '../../daemon/testing/checks/membership-entry.js';
import { SimulatedConnection } from './connection.js';
import type { SimulatedDaemon } from './daemon.js';
import type { Loop } from '../../daemon/testing/time/loop.js';
import type { ClientPlan } from './plan.js';
import { tellEntry } from './tell.js';
import type { Trace } from '../../daemon/testing/network/trace.js';

const SEPARATOR = '\n';

export class SimulatedClient {
  readonly logs: SessionLog[] = [];
  /** Connections that the daemon refused. */
  refusals = 0;
  /** Of the present connection, from its acceptance on. */
  log: SessionLog | null = null;
  private connection: SimulatedConnection | null = null;
  private connections = 0;
  private messages = 0;
  private isStopped = false;

  constructor(
    readonly plan: ClientPlan,
    private readonly loop: Loop,
    private readonly socketBytes: number,
    private readonly trace: Trace,
  ) {}

  get isConnected(): boolean {
    return this.connection !== null;
  }

  /** Nothing is on its way to it. */
  get isIdle(): boolean {
    return this.connection?.isIdle ?? true;
  }

  connect(daemon: SimulatedDaemon | null): void {
    if (this.connection || !daemon) return;
    this.connections++;
    this.log = null;
    this.connection = new SimulatedConnection(
      daemon,
      { ...this.plan, socketBytes: this.socketBytes },
      this.loop,
      {
        accepted: (privateGroup) => this.accepted(privateGroup),
        refused: () => void this.refusals++,
        frame: (arrival) => this.frame(arrival),
        ended: () => this.end(),
      },
    );
    if (this.isStopped) this.connection.stopReading();
  }

  join(group: string): void {
    this.request(() => {
      this.note({ kind: 'join', group });
      this.write(encodeRequest(JOIN_MESS, this.privateGroup, [group]));
    });
  }

  joinMany(group: string, count: number): void {
    // Half of the groups are those of all clients.
    const names = Array.from({ length: count }, (_, i) => `${group}${i}${i % 2 === 0 ? '' : this.plan.name}`);
    this.request(() => {
      for (const name of names) this.note({ kind: 'join', group: name });
      this.write(Buffer.concat(names.map((name) => encodeRequest(JOIN_MESS, this.privateGroup, [name]))));
    });
  }

  leave(group: string): void {
    this.request(() => {
      this.note({ kind: 'leave', group });
      this.write(encodeRequest(LEAVE_MESS, this.privateGroup, [group]));
    });
  }

  send(groups: readonly string[], service: number, size: number, count: number): void {
    this.request(() => {
      const frames: Buffer[] = [];
      for (let i = 0; i < count; i++) {
        const id = `${this.log?.session}:${++this.messages}`;
        const body = Buffer.alloc(Math.max(size, id.length + 1), 0x2e);
        body.write(id + SEPARATOR, 'latin1');
        this.note({ kind: 'send', id, groups, service });
        frames.push(encodeMessage(service, this.privateGroup, groups, 0, [body]));
      }
      this.write(Buffer.concat(frames));
    });
  }

  disconnect(): void {
    this.request(() => {
      this.note({ kind: 'disconnect' });
      if (this.log) this.log.end = 'disconnected';
      this.write(encodeRequest(KILL_MESS, this.privateGroup, [this.privateGroup]));
    });
  }

  /** Breaks off: closes its side, or resets the connection. */
  close(how: 'end' | 'reset'): void {
    const { connection, log } = this;
    if (!connection) return;
    if (log?.end === 'open') log.end = 'killed';
    this.trace.note(this.plan.name, () => (how === 'end' ? 'closes' : 'resets'));
    connection.close(how);
  }

  stopReading(): void {
    this.isStopped = true;
    this.connection?.stopReading();
  }

  readAgain(): void {
    this.isStopped = false;
    this.connection?.readAgain();
  }

  private get privateGroup(): string {
    return this.log?.privateGroup ?? '';
  }

  private request(act: () => void): void {
    if (this.log?.end !== 'disconnected') this.connection?.whenAccepted(act);
  }

  private write(bytes: Buffer): void {
    this.connection?.write(bytes);
  }

  private accepted(privateGroup: string): void {
    this.log = {
      session: `${privateGroup}~${this.connections}`,
      privateGroup,
      daemon: `d${this.plan.daemon + 1}`,
      membership: this.plan.membership,
      entries: [],
      end: 'open',
    };
    this.logs.push(this.log);
  }

  private end(): void {
    if (this.log?.end === 'open') this.log.end = 'closed';
    this.trace.note(this.plan.name, () => 'is at the end of the stream');
    this.connection = null;
    this.log = null;
  }

  private note(entry: Entry): void {
    this.log?.entries.push(entry);
    this.trace.note(this.plan.name, () => tellEntry(entry));
  }

  private frame(delivery: ReceivedMessage): void {
    const { body, name, service } = delivery;
    const id = (): string => body.toString('latin1', 0, body.indexOf(SEPARATOR));
    this.note(
      membershipEntry(delivery) ?? {
        kind: 'data',
        id: id(),
        sender: name,
        groups: delivery.names(),
        service,
      },
    );
  }
}
