/**
 * One connection with the real registry machine, and what the channels of a connection do with it: create, close and
 * attach, take over names whose owner has been out of sight for long, nudge an exchange that takes long.
 */
import { Buffer } from 'node:buffer';
import type { ApplyResult } from '../../../lib/channel/registry/apply.js';
import type { Command } from '../../../lib/channel/registry/command.js';
import { isShown } from '../../../lib/channel/registry-info.js';
import type { RegistryEvent } from '../../../lib/channel/registry/difference.js';
import type { ClaimId, Settings } from '../../../lib/channel/registry/entry.js';
import type { Delivery } from '../../../lib/primary/delivery.js';
import { SILENCE_LIMIT_MS, SPEAKER_LIMIT_MS } from '../../../lib/channel/limits.js';
import { RegistryMachine } from '../../../lib/channel/registry/machine.js';
import type { IgnoreReason } from '../../../lib/channel/registry/ports.js';
import type { Daemon, GroupClient, GroupView } from '../../support/group-network/daemon.js';

/** After as many milliseconds out of sight an owner may lose a name. */
export const ORPHAN_TIMEOUT = 30_000;

/** Of all channels in these worlds. */
export const SETTINGS: Settings = {
  maxBuffered: 1,
  maxBufferedBytes: 1,
  overflow: 'block',
  maxBody: 1,
  order: 'fifo',
  ackReceipt: false,
  metadata: Buffer.alloc(0),
};

/** What a connection needs of its world. */
export interface ConnectionHost {
  readonly now: number;
  send(connection: RegistryConnection, to: readonly string[] | null, body: Buffer, isSafe: boolean): void;
  /** A command that the application gave has its outcome. */
  settled(connection: RegistryConnection, command: Command, outcome: ApplyResult): void;
  heard(connection: RegistryConnection, event: RegistryEvent): void;
  ignored(connection: RegistryConnection, member: string, reason: IgnoreReason): void;
  /** Somebody was disconnected, which others hear when the step is over. */
  departing(connection: RegistryConnection): void;
  /** It has returned without a gap, and a channel that it had opened is not open. */
  detached(connection: RegistryConnection): void;
  /** An exchange is complete. */
  ready(connection: RegistryConnection): void;
}

export class RegistryConnection implements GroupClient {
  machine: RegistryMachine;
  readonly isHostile: boolean = false;
  isJoined = false;
  isUp = true;
  /** Whether the process is frozen: what arrives waits. */
  isFrozen = false;
  /** The view in which the machine was ready for the first time. */
  readyIn: string | null = null;
  /** When the exchange is nudged. */
  nudgeAt = Infinity;
  /** When those who say nothing have been waited for long enough. */
  settleAt = Infinity;
  /** Since when the owners of these claims are out of sight. */
  readonly orphans = new Map<ClaimId, number>();
  /** When this connection had each member in its view for the last time. */
  readonly lastSeen = new Map<string, number>();
  /** For how long the owners of these claims were out of sight when they lost their names. */
  readonly unseen = new Map<ClaimId, number>();
  /** Claims to which it was attached. */
  readonly attached = new Set<ClaimId>();
  /** Claims whose beginning it was told, and not their end. */
  readonly begun = new Set<ClaimId>();
  /** Claims whose end it was told while it had their owner in its view. */
  readonly ended = new Set<ClaimId>();
  /** Claims that it wants to give up. */
  readonly releasing = new Set<ClaimId>();
  hasMoved = false;
  /** Whether it has returned, and no exchange has been complete since. */
  isNewHere = false;
  /** Whether all have seen it go before it came back. */
  wasGone = false;
  /** What the last view was for. */
  lastCause: GroupView['cause'] | null = null;
  /** Ids of before of those who have returned, by what its views and exchanges have said. */
  readonly knownBefore = new Set<string>();
  private calls = new Map<number, Command>();
  private inbox: (() => void)[] = [];

  /** @param told the names of all daemons, or none */
  constructor(
    public id: string,
    public daemon: Daemon<RegistryConnection>,
    private readonly host: ConnectionHost,
    private readonly listed: readonly string[],
  ) {
    this.machine = this.newMachine(null);
  }

  private newMachine(before: RegistryMachine | null): RegistryMachine {
    const { host, listed } = this;
    const sink = {
      send: (to: readonly string[] | null, bytes: Buffer, service: Delivery) => {
        if (this.isUp) host.send(this, to, bytes, service === 'safe');
      },
      settled: (serial: number, outcome: ApplyResult) => this.settled(serial, outcome),
      tell: (event: RegistryEvent) => this.hear(event),
      waiting: (place: number) => {
        this.nudgeAt = host.now + place * SPEAKER_LIMIT_MS;
      },
      exchanging: () => {
        this.settleAt = host.now + SILENCE_LIMIT_MS;
      },
      departing: () => host.departing(this),
      ignored: (member: string, reason: IgnoreReason) => host.ignored(this, member, reason),
      ready: () => this.ready(),
    };
    return new RegistryMachine(this.id, sink, listed, before);
  }

  /** It was lost, and has returned as another member. What it has asked for it asks again. */
  move(id: string, daemon: Daemon<RegistryConnection>): void {
    this.drain();
    this.hasMoved = this.isNewHere = true;
    this.id = id;
    this.daemon = daemon;
    this.isJoined = false;
    this.inbox = [];
    this.nudgeAt = this.settleAt = Infinity;
    const { machine: before } = this;
    this.machine = this.newMachine(before);
    const commands = [...this.calls].map(([serial, command]) => before.commandOf(serial) ?? command);
    this.calls = new Map();
    for (const command of commands) this.submit(command);
  }

  /** Whether it still knows what was decided when it took part. */
  get remembers(): boolean {
    const machine = this.machine as RegistryMachine & { readonly remembers?: boolean };
    return machine.remembers ?? machine.isReady;
  }

  /** The last primary component that it knows of. */
  get epoch(): number {
    const { testimony } = this.machine as unknown as {
      readonly testimony: { readonly epoch: number | null };
    };
    return testimony.epoch ?? 0;
  }

  /** Kinds of the commands that have no outcome yet. */
  get openCalls(): string[] {
    return [...this.calls.values()].map(({ kind }) => kind);
  }

  /** Whether a claim of that id has no outcome yet, which it has when a primary component has it. */
  isClaiming(claim: ClaimId): boolean {
    return [...this.calls.keys()].some((serial) => {
      const command = this.machine.commandOf(serial);
      return command?.kind === 'claim' && command.claim === claim;
    });
  }

  /** Commands make sense from the first table on. */
  get hasEntered(): boolean {
    return this.readyIn !== null;
  }

  /** Takes the name over when its owner has been out of sight for long. @returns whether it could be asked for */
  create(name: string): boolean {
    if (!this.hasEntered || this.isNewHere) return false;
    const { machine, host } = this;
    const present = machine.table.find(name);
    const since = present && this.orphans.get(present.claim);
    const from = present && since !== undefined && host.now - since >= ORPHAN_TIMEOUT ? present.claim : null;
    this.submit({ kind: 'claim', name, claim: machine.newClaim(), settings: SETTINGS, strict: true, from });
    return true;
  }

  release(claim: ClaimId): void {
    this.releasing.add(claim);
    this.submit({ kind: 'release', claim, force: true });
  }

  attach(name: string): void {
    const entry = this.machine.table.find(name);
    if (entry && !isShown(entry, this.machine)) return;
    if (this.hasEntered) this.submit({ kind: 'attach', name });
  }

  submit(command: Command): void {
    this.calls.set(this.machine.submit(command), command);
  }

  view(view: GroupView): void {
    this.receive(() => {
      this.seeMembers();
      this.lastCause = view.cause;
      for (const { from } of view.returned) this.knownBefore.add(from);
      this.machine.view(view);
      this.seeMembers();
    });
  }

  transition(): void {
    this.receive(() => this.machine.transition());
  }

  message(sender: string, body: Buffer, toGroup: boolean): void {
    const own = Buffer.from(body);
    this.receive(() => this.machine.message(sender, own, toGroup ? 'safe' : null));
  }

  /** Time has passed with these members in the view. */
  seeMembers(): void {
    if (!this.isJoined) return;
    const { machine, host } = this;
    for (const member of machine.members) if (machine.isMember(member)) this.lastSeen.set(member, host.now);
  }

  /** When it does something by itself. */
  get dueAt(): number {
    return this.isFrozen ? Infinity : Math.min(this.nudgeAt, this.settleAt);
  }

  nudgeWhenDue(): void {
    if (!this.isUp || this.isFrozen) return;
    const { now } = this.host;
    if (this.nudgeAt <= now) {
      this.nudgeAt = Infinity;
      this.machine.nudge();
    }
    if (this.settleAt > now) return;
    this.settleAt = Infinity;
    this.machine.settle();
  }

  /** @param isTimerFirst whether the clock is looked at before the messages that wait */
  thaw(isTimerFirst: boolean): void {
    this.isFrozen = false;
    if (isTimerFirst) this.nudgeWhenDue();
    this.drain();
  }

  private receive(input: () => void): void {
    if (!this.isJoined || !this.isUp) return;
    this.inbox.push(input);
    this.drain();
  }

  private drain(): void {
    while (!this.isFrozen && this.isUp) {
      const input = this.inbox.shift();
      if (!input) return;
      input();
    }
  }

  private settled(serial: number, outcome: ApplyResult): void {
    const command = this.calls.get(serial);
    // The machine gives commands of its own, too.
    if (!command) return;
    this.calls.delete(serial);
    if (command.kind === 'attach' && outcome.ok && outcome.entry) this.attached.add(outcome.entry.claim);
    this.host.settled(this, command, outcome);
  }

  private hear(event: RegistryEvent): void {
    if (event.kind === 'closed') {
      const { claim, owner } = event.entry;
      if (event.reason === 'taken-over')
        this.unseen.set(claim, this.host.now - (this.lastSeen.get(owner) ?? -Infinity));
      this.orphans.delete(claim);
      this.attached.delete(claim);
    } else if (event.kind === 'server-unreachable') {
      this.orphans.set(event.entry.claim, this.host.now);
    } else if (event.kind === 'server-back') {
      this.orphans.delete(event.entry.claim);
    } else if (event.kind === 'returned') {
      this.knownBefore.add(event.from);
    }
    this.host.heard(this, event);
  }

  private ready(): void {
    this.nudgeAt = Infinity;
    this.settleAt = Infinity;
    for (const { claim, owner } of this.machine.table.entries())
      if (!this.machine.isMember(owner) && !this.orphans.has(claim)) this.orphans.set(claim, this.host.now);
    this.host.ready(this);
    this.readyIn ??= this.machine.viewId.join('.');
    const { isNewHere } = this;
    this.isNewHere = false;
    if (!this.wasGone && !isNewHere) return;
    for (const claim of this.attached) {
      if (this.machine.table.get(claim)?.clients.has(this.id) === true) continue;
      this.attached.delete(claim);
      // A channel attaches again where those who saw the return do not know that it was attached.
      if (!this.wasGone) this.host.detached(this);
    }
  }
}
