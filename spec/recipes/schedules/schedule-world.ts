/** A group of replicas on daemons that break in every way that their promises allow. */
import { type Choices, theFirst } from '../../support/group-network/choices.js';
import { Fault, History } from './history.js';
import { daemonNames } from '../../support/group-network/daemon.js';
import { GroupNetwork } from '../../support/group-network/network.js';
import { entryText } from './trace.js';
import { type Daemon, ReplicaClient } from './replica-client.js';

/** Which processes may end. */
export type Ends =
  /** Enough others remember for a quorum to count on them. */
  | 'loose'
  /** A quorum of others has all that was ever shown, and remembers. */
  | 'strict';

export interface WorldOptions {
  /** Members there can be at one time. */
  readonly of: number;
  /** Null: any component continues by itself; then one that is live has to stay where another ends. */
  readonly quorum: number | null;
  readonly ends: Ends;
  /** Whether somebody lies, and somebody speaks who is not a member; not by default. */
  readonly hasGuests?: boolean;
}

const MOST_STEPS = 20_000;
const MOST_TICKS = 3000;
const MOST_WAITING = 2;
/** More than anything takes. */
const REST_MS = 15_000;

export class ScheduleWorld {
  /** Milliseconds since 1970. */
  now = 1_700_000_000_000;
  readonly network: GroupNetwork<ReplicaClient>;
  readonly history: History;
  /** How far the clock of the next process is ahead. */
  clockAhead: () => number = () => 0;
  private instances = 100;

  /** @param isTogether whether all daemons begin in one component */
  constructor(
    readonly options: WorldOptions,
    isTogether: boolean,
    tell?: (line: string) => void,
  ) {
    this.network = new GroupNetwork({
      daemons: daemonNames(options.of),
      isTogether,
      tell,
      describe: entryText,
    });
    this.history = new History(options.quorum !== null);
  }

  get daemons(): readonly Daemon[] {
    return this.network.daemons;
  }

  clientOf(daemon: Daemon): ReplicaClient | undefined {
    return daemon.clients[0];
  }

  /** Those that are up, in the order of their daemons. */
  get up(): ReplicaClient[] {
    return this.network.clients;
  }

  tell(line: string): void {
    this.network.log(line);
  }

  start(daemon: Daemon, name = `m${daemon.index}`): ReplicaClient {
    const before = this.clientOf(daemon);
    if (before) return before;
    const { of, quorum } = this.options;
    const instance = ++this.instances;
    const id = `#${name}#d${daemon.index}`;
    const time = (): number => this.now;
    const client: ReplicaClient = new ReplicaClient(
      { id, instance, of, quorum, clockAhead: this.clockAhead() },
      {
        get now(): number {
          return time();
        },
        send: (body, service, to) =>
          this.network.sendAs(daemon, id, to === null ? null : [to], body, service === 'safe'),
        settled: (text, outcome) => {
          this.tell(`      ${id}: ${text} is ${outcome.kind}`);
          this.history.settled(client, text, outcome);
        },
        took: () => this.history.look(client),
        fault: (text) => this.history.note(text),
      },
    );
    this.network.connect(daemon, client);
    this.tell(`  start of ${id}, instance ${instance}`);
    return client;
  }

  submit(daemon: Daemon): void {
    const client = this.clientOf(daemon);
    if (!client || client.core.waiting > MOST_WAITING) return;
    const text = client.submit();
    this.tell(`  ${client.id} submits ${text}`);
  }

  /** A process ends. @param isPowerLoss whether what its daemon had to send is lost with it */
  end(daemon: Daemon, isPowerLoss: boolean): void {
    const client = this.clientOf(daemon);
    if (!client) return;
    this.tell(`  ${isPowerLoss ? 'power loss' : 'end'} of ${client.id}`);
    client.end();
    if (isPowerLoss)
      daemon.outbox = daemon.outbox.filter(({ kind }) => kind === 'leave' || kind === 'disconnect');
    this.network.disconnect(daemon, client, 'disconnect');
  }

  /** Power loss: the others see the daemon vanish. */
  losePower(daemon: Daemon, choices: Choices): void {
    const others = this.network.components.map(({ daemons }) => daemons.filter((each) => each !== daemon));
    this.regroup([...others.filter(({ length }) => length > 0), [daemon]], choices);
    if (this.mayEnd(daemon)) this.end(daemon, true);
  }

  mayEnd(daemon: Daemon): boolean {
    const { of, quorum, ends } = this.options;
    const own = this.clientOf(daemon);
    const others = this.up.filter((client) => client !== own);
    if (quorum === null) return others.some(({ core }) => core.hasState);
    const remembering = others.filter(({ core }) => core.remembers);
    if (ends === 'loose') return remembering.length > of - quorum;
    const { length } = this.history.committed;
    const complete = remembering.filter(
      ({ core, machine }) => core.hasState && machine.lines.length >= length,
    );
    return complete.length >= quorum;
  }

  regroup(sets: readonly (readonly Daemon[])[], choices: Choices = theFirst): void {
    this.network.regroup(sets, choices);
  }

  /** At most this many entries in each component, or all. @returns whether nothing is left */
  run(steps = Infinity): boolean {
    for (let count = 0; count < steps; count++) {
      if (!this.network.step()) {
        this.history.atRest(this.up);
        return true;
      }
      if (count > MOST_STEPS) throw new Fault('LIVELOCK: messages without an end');
    }
    return false;
  }

  /** Time passes, and those who see that it does act. */
  pass(milliseconds: number): void {
    this.now += milliseconds;
    for (const client of this.up) if (client.dueAt <= this.now) client.tick();
  }

  /** Everything that follows within this time. */
  settle(milliseconds = REST_MS): void {
    const end = this.now + milliseconds;
    for (let count = 0; count < MOST_TICKS; count++) {
      this.run();
      const due = Math.min(...this.up.map(({ dueAt }) => dueAt));
      if (due > end) {
        this.now = end;
        return;
      }
      this.pass(Math.max(0, due - this.now));
    }
    throw new Fault('LIVELOCK: timers without an end');
  }

  /** Everything is mended, and all have to go on. */
  heal(): void {
    this.tell('HEAL');
    for (const client of this.up) {
      client.restoreTakes = () => 0;
      client.thaw();
      client.endRestore();
    }
    const { daemons } = this;
    this.regroup([daemons]);
    this.settle();
    for (const daemon of daemons) {
      if (this.clientOf(daemon)) continue;
      this.start(daemon);
      this.settle();
    }
    for (const daemon of daemons) this.submit(daemon);
    this.settle();
    this.history.atEnd(this.up);
  }
}
