/** What has to be true of all replicas of one group, at every moment and at the end. */
import type { Settled } from '../../../lib/recipes/core/replicated/submissions.js';
import { type GroupId, groupIdText } from '../../../lib/wire/group-id.js';
import type { ReplicaClient } from './replica-client.js';

/** A promise that was broken: the first word says which. */
export class Fault extends Error {
  override readonly name = 'Fault';

  get kind(): string {
    return this.message.split(':')[0] ?? '';
  }
}

interface Told {
  readonly client: ReplicaClient;
  readonly text: string;
  readonly outcome: Settled;
}

/** The last word of a view id counts joins and ends, which do not end a component. */
const componentOf = (id: GroupId | null): string => String(id?.slice(0, 2));

export class History {
  /** Commands that a writable member has shown; with a quorum only. */
  readonly committed: string[] = [];
  private readonly told: Told[] = [];
  /** The component of each epoch: what all its views have in common. */
  private readonly epochs = new Map<number, string>();
  /** The most commands that each member has shown. */
  private readonly highest = new Map<ReplicaClient, number>();
  /** Something that happened where it cannot be thrown. */
  private noted: string | null = null;

  constructor(private readonly hasQuorum: boolean) {}

  note(text: string): void {
    this.noted ??= text;
  }

  settled(client: ReplicaClient, text: string, outcome: Settled): void {
    this.told.push({ client, text, outcome });
  }

  /** After an input of a member. */
  look(client: ReplicaClient): void {
    const { core, machine, id: name } = client;
    const { lines } = machine;
    if (this.noted !== null) throw new Fault(`${this.noted} (${name})`);
    this.lookAtOrder(name, lines);
    if (!this.hasQuorum || !core.isWritable) return;
    this.commit(name, lines);
    const highest = this.highest.get(client) ?? 0;
    if (lines.length < highest)
      throw new Fault(`BACK: ${name} shows ${lines.length} after it has shown ${highest}`);
    this.highest.set(client, lines.length);
    this.lookAtEpoch(client);
  }

  /** Each process has its commands applied once, in the order in which it submits them; without a quorum some are undone. */
  private lookAtOrder(name: string, lines: readonly string[]): void {
    const last = new Map<string, number>();
    for (const line of lines) {
      const [process = '', number] = line.split('.');
      const before = last.get(process) ?? 0;
      const now = Number(number);
      last.set(process, now);
      if (now > before && (!this.hasQuorum || now === before + 1)) continue;
      const fault = lines.indexOf(line) === lines.lastIndexOf(line) ? 'ORDER' : 'TWICE';
      throw new Fault(`${fault}: ${name} has ${lines.join(' ')}`);
    }
  }

  /** What writable members show are beginnings of one history. */
  private commit(name: string, lines: readonly string[]): void {
    const { committed } = this;
    for (const [at, line] of lines.entries()) {
      committed[at] ??= line;
      if (committed[at] !== line)
        throw new Fault(`SPLIT: ${name} shows ${line} at ${at}, where it was ${committed[at]} elsewhere`);
    }
  }

  private lookAtEpoch({ core: { epoch }, id: name, viewId }: ReplicaClient): void {
    const component = componentOf(viewId);
    const before = this.epochs.get(epoch) ?? component;
    if (before !== component)
      throw new Fault(`EPOCH: ${name} has ${epoch} in component ${component}, it was that of ${before}`);
    this.epochs.set(epoch, component);
  }

  /** Nothing is on its way: members that show the same component to their applications show the same state. */
  atRest(clients: readonly ReplicaClient[]): void {
    if (this.hasQuorum) this.lookAtParts(clients);
    const shown = new Map<string, { readonly name: string; readonly text: string }>();
    for (const { core, machine, id: name, viewId, isFrozen } of clients) {
      const isShown = this.hasQuorum ? core.isWritable : core.hasState && !core.isPartitioned;
      if (!isShown || isFrozen || !viewId) continue;
      const text = `${machine.lines.join(' ')} | ${machine.who.join(' ')}`;
      const other = shown.get(groupIdText(viewId)) ?? { name, text };
      if (other.text !== text)
        throw new Fault(`DIFFERENT: ${name} has ${text}, in the same view ${other.name} has ${other.text}`);
      shown.set(groupIdText(viewId), other);
    }
  }

  /** Who is not parted from the others is not where others go on without it. */
  private lookAtParts(clients: readonly ReplicaClient[]): void {
    const awake = clients.filter(({ isFrozen, viewId }) => !isFrozen && viewId);
    const writer = awake.find(({ core }) => core.isWritable);
    if (!writer) return;
    for (const { core, id: name, viewId } of awake)
      if (!core.isPartitioned && componentOf(viewId) !== componentOf(writer.viewId))
        throw new Fault(`PARTED: ${name} is not, while ${writer.id} writes elsewhere`);
  }

  /** All is mended, and everybody has had the time it needs. */
  atEnd(clients: readonly ReplicaClient[]): void {
    const [first] = clients;
    if (!first) throw new Fault('GONE: nobody is there');
    const { lines } = first.machine;
    if (this.hasQuorum) this.lookForLosses(clients);
    for (const { id: name, core, machine } of clients) {
      if (!core.hasState) throw new Fault(`STUCK: ${name} is ${core.phase}, without the state`);
      if (!core.isWritable) throw new Fault(`STUCK: ${name} is ${core.phase} and cannot write`);
      if (core.waiting > 0) throw new Fault(`STUCK: ${core.waiting} commands of ${name} wait`);
      if (String(machine.lines) !== String(lines))
        throw new Fault(`DIFFERENT: ${name} has ${machine.lines.join(' ')}, ${first.id} ${lines.join(' ')}`);
    }
    if (this.hasQuorum) this.lookForResults(lines);
  }

  private lookForLosses(clients: readonly ReplicaClient[]): void {
    const { committed } = this;
    const has = ({ core, machine }: ReplicaClient): boolean =>
      core.hasState && committed.every((line, at) => machine.lines[at] === line);
    if (!clients.some(has)) throw new Fault(`GONE: nobody has ${committed.join(' ')} any more`);
  }

  private lookForResults(lines: readonly string[]): void {
    if (String(this.committed) !== String(lines))
      throw new Fault(`LOST: ${this.committed.join(' ')} became ${lines.join(' ')}`);
    for (const { client, text, outcome } of this.told) {
      const at = lines.indexOf(text);
      if (at === -1) throw new Fault(`LOST: ${text} of ${client.id}, which was told ${outcome.kind}`);
      if (outcome.kind === 'failed') throw new Fault(`FAILED: ${text} of ${client.id}`);
      if (outcome.kind === 'applied' && outcome.result !== at + 1)
        throw new Fault(`MOVED: ${text} was told to be number ${String(outcome.result)} and is ${at + 1}`);
    }
  }
}
