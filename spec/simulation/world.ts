/** One world: daemons on a fabric, clients, and a plan that is carried out in virtual time. */
import type { SessionLog, Violation } from '../../daemon/testing/checks/log.js';
import { Random } from '../support/random.js';
import { groupTable } from './checks/group-table.js';
import { SimulatedClient } from './client.js';
import { CpgFabric } from './cpg/fabric.js';
import { type Observer, SimulatedDaemon } from './daemon.js';
import type { EngineLog } from '../../daemon/testing/network/engine-log.js';
import type { Fabric, NetworkContext } from '../../daemon/testing/network/fabric.js';
import { IdealNetwork } from '../../daemon/testing/network/network.js';
import { Loop } from '../../daemon/testing/time/loop.js';
import type { Act, Plan } from './plan.js';
import { watchWaiting } from './checks/waiting.js';
import { Trace } from '../../daemon/testing/network/trace.js';

export class World implements Observer {
  readonly loop = new Loop();
  readonly trace: Trace;
  readonly fabric: Fabric;
  /** Null while a daemon is down. */
  readonly daemons: (SimulatedDaemon | null)[];
  readonly clients: readonly SimulatedClient[];
  readonly engineLogs: EngineLog[] = [];
  /** What went wrong while it ran. */
  readonly violations: Violation[] = [];
  /** A daemon of another release runs, or has run: what it sent may still be on its way. */
  private hasMixed = false;
  /** The groups at the end of the exchange of each daemon view, as the first daemon had them. */
  private readonly tables = new Map<bigint, { readonly table: string; readonly by: string }>();

  constructor(
    readonly plan: Plan,
    isTracing = false,
  ) {
    this.trace = new Trace(this.loop, isTracing);
    const { loop, trace, violations } = this;
    const context: NetworkContext = { time: loop, random: new Random(~plan.seed), trace, violations };
    this.fabric =
      plan.kind === 'ideal'
        ? new IdealNetwork(context, plan.daemons, plan.ideal)
        : new CpgFabric(context, plan.daemons, plan.cpg, plan.views);
    this.daemons = Array.from({ length: plan.daemons }, (_, index) => this.newDaemon(index));
    this.clients = plan.clients.map(
      (each) => new SimulatedClient(each, this.loop, plan.socketBytes, this.trace),
    );
  }

  get logs(): SessionLog[] {
    return this.clients.flatMap(({ logs }) => logs);
  }

  /** Carries out the plan. */
  run(): void {
    for (const { at, act } of this.plan.steps) this.loop.after(at, () => this.act(act));
    if (this.plan.profile === 'mixed') watchWaiting(this);
    this.loop.runTo(this.plan.end);
  }

  act(act: Act): void {
    if ('client' in act) this.clientActs(act);
    else this.worldActs(act);
  }

  startDaemon(index: number, isOther = false): void {
    this.daemons[index] ??= this.newDaemon(index, isOther);
  }

  /** The daemon's process ends, and another one begins. */
  replaceDaemon(index: number, isOther: boolean): void {
    this.daemons[index]?.crash();
    this.daemons[index] = null;
    this.startDaemon(index, isOther);
  }

  // Observer

  proceeded({ name, core }: SimulatedDaemon): void {
    const tag = core.view?.tag ?? 0n;
    const table = groupTable(core);
    this.trace.note(name, () => `has exchanged: ${table}`);
    const first = this.tables.get(tag);
    if (!first) this.tables.set(tag, { table, by: name });
    else if (first.table !== table) {
      const text = `after one exchange ${first.by} has ${first.table}; ${name} has ${table}`;
      this.violations.push({ property: 'groups', text });
    }
  }

  fatal(daemon: SimulatedDaemon, error: Error): void {
    const { name, index } = daemon;
    // A newcomer can meet one of the other release that has had a view, and then it is the newcomer that has to go.
    if (/speaks version/.test(error.message) && this.hasMixed) {
      this.loop.after(0, () => {
        daemon.crash();
        if (this.daemons[index] === daemon) this.daemons[index] = null;
      });
      return;
    }
    this.violations.push({ property: 'fatal', text: `${name}: ${error.message}` });
  }

  private newDaemon(index: number, isOther = false): SimulatedDaemon {
    this.hasMixed ||= isOther;
    const { limits, slice, seed } = this.plan;
    const slices = slice === null ? null : { size: slice, random: new Random(seed ^ (index + 1)) };
    const daemon = new SimulatedDaemon(index, this.loop, this.fabric, { limits, slices, isOther }, this);
    this.engineLogs.push(daemon.engine.log);
    return daemon;
  }

  private clientActs(act: Extract<Act, { client: number }>): void {
    const client = this.clients[act.client] as SimulatedClient;
    switch (act.do) {
      case 'connect':
        client.connect(this.daemons[client.plan.daemon] ?? null);
        break;
      case 'join-many':
        client.joinMany(act.group, act.count);
        break;
      case 'join':
      case 'leave':
        client[act.do](act.group);
        break;
      case 'send':
        client.send(act.groups, act.service, act.size, act.count);
        break;
      case 'disconnect':
        client.disconnect();
        break;
      case 'close':
      case 'reset':
        client.close(act.do === 'close' ? 'end' : 'reset');
        break;
      case 'stop-reading':
        client.stopReading();
        break;
      default:
        client.readAgain();
    }
  }

  private worldActs(act: Exclude<Act, { client: number }>): void {
    this.trace.note('world', () => JSON.stringify(act));
    if (act.do === 'connect-sides') {
      this.fabric.connect(act.sides);
      return;
    }
    const daemon = this.daemons[act.daemon] ?? null;
    switch (act.do) {
      case 'deafen':
      case 'hear':
        this.fabric.deafen?.(act.daemon, act.from, act.do === 'deafen');
        break;
      case 'corosync':
        this.fabric.corosync?.(act.daemon, act.what);
        break;
      case 'report':
        if (daemon) daemon.reports = act.kind;
        break;
      case 'replace':
        this.replaceDaemon(act.daemon, act.isOther);
        break;
      case 'start':
        this.startDaemon(act.daemon);
        break;
      case 'crash':
        daemon?.crash();
        this.daemons[act.daemon] = null;
        break;
      case 'stop':
        if (daemon?.process.isRunning) this.stop(daemon);
        break;
      case 'freeze':
        daemon?.freeze();
        break;
      default:
        daemon?.thaw();
    }
  }

  /** Clients are told first, then it leaves; its process ends when that is through. */
  private stop(daemon: SimulatedDaemon): void {
    daemon.stop();
    this.loop.after(STOPPING, () => {
      if (this.daemons[daemon.index] !== daemon) return;
      daemon.crash();
      this.daemons[daemon.index] = null;
    });
  }
}

const STOPPING = 1100;
