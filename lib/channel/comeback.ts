/**
 * The channels of a connection that was lost and is a member of the registry again, under whatever id. Where the others have
 * seen that it has returned, its names and opened channels are still its own. Else it has ended for them and is new: own names
 * are claimed again, opened channels are attached to again, as soon as the table is here.
 */
import type { ClientChannel } from './client-channel.js';
import type { GoneReason } from './errors.js';
import type { ApplyResult } from './registry/apply.js';
import type { Command } from './registry/command.js';
import type { ClaimId, Entry } from './registry/entry.js';
import type { RegistryMachine } from './registry/machine.js';
import type { ServerChannel } from './server-channel.js';

/** What it needs of the channels. */
export interface ComebackHost {
  /** The registry of now. */
  machine(): RegistryMachine;
  /** Whether only the primary component gives names away. */
  readonly strict: boolean;
  readonly servers: Map<ClaimId, ServerChannel>;
  /** Whether a claim of that name is under way. */
  isClaiming(name: string): boolean;
  submit(command: Command, settled: (outcome: ApplyResult) => void): void;
}

export class Comeback {
  /** Own channels whose names are still to be claimed, and opened ones to be attached to. */
  private readonly servers = new Set<ServerChannel>();
  private readonly clients = new Set<ClientChannel>();
  /** Those of them that are asked for. */
  private readonly asked = new Set<object>();
  /** Own channels whose clients were told to have gone. */
  private readonly forsaken = new Set<ServerChannel>();
  private isWhole = false;
  /** Whether the table has not been looked through since. */
  private isNew = false;

  constructor(private readonly host: ComebackHost) {}

  /** It is a member again. @param isWhole whether it has missed nothing */
  begin(servers: Iterable<ServerChannel>, clients: Iterable<ClientChannel>, isWhole: boolean): void {
    this.asked.clear();
    this.isWhole = isWhole;
    this.isNew = true;
    for (const server of servers) this.servers.add(server);
    for (const client of clients) this.clients.add(client);
  }

  /** The table may have changed. */
  look(): void {
    if (!this.host.machine().isReady) return;
    for (const server of this.servers) this.claim(server);
    for (const client of this.clients) this.attach(client);
    if (this.isNew) this.clean();
    this.isNew = false;
  }

  /** Gives back what it owns and has no channel of: it was released in a part of the network that others did not hear. */
  private clean(): void {
    const { host } = this;
    const machine = host.machine();
    for (const { claim, name, owner } of machine.table.entries()) {
      if (owner !== machine.self || host.servers.has(claim) || host.isClaiming(name)) continue;
      host.submit({ kind: 'release', claim, force: true }, ignore);
    }
  }

  /** Whether the name of that one is still to be claimed, or that one to be attached to. */
  owes(handle: object): boolean {
    return this.servers.has(handle as ServerChannel) || this.clients.has(handle as ClientChannel);
  }

  /** A channel is closed. What this connection takes from itself after a loss is its own. */
  closed(client: ClientChannel | undefined, server: ServerChannel | undefined, reason: GoneReason): void {
    if (client) this.clients.delete(client);
    const isTaken = reason === 'conflict' || reason === 'taken-over';
    if (server && isTaken && !this.owes(server)) server.lost(reason);
    this.look();
  }

  /** The handle is not used any more. */
  forget(handle: object): void {
    this.servers.delete(handle as ServerChannel);
    this.clients.delete(handle as ClientChannel);
  }

  private claim(server: ServerChannel): void {
    const { host } = this;
    const machine = host.machine();
    const present = machine.table.find(server.name);
    const isOwn = present?.claim === server.claim;
    if (isOwn && present.owner === machine.self) return this.keep(server, present);
    if (!this.forsaken.has(server)) {
      this.forsaken.add(server);
      server.forsaken();
    }
    // The session before has not ended yet for the others: the name is free when it has.
    if (this.asked.has(server) || (isOwn && machine.isMember(present.owner))) return;
    this.asked.add(server);
    const { name, settings } = server;
    const from = isOwn ? present.claim : null;
    const claim = machine.newClaim();
    host.submit({ kind: 'claim', name, claim, settings, strict: host.strict, from }, (outcome) => {
      this.asked.delete(server);
      if (!this.servers.has(server)) return this.giveBack(outcome);
      if (!outcome.ok && outcome.code !== 'EXISTS') return;
      this.servers.delete(server);
      this.forsaken.delete(server);
      if (!outcome.ok) return server.lost('taken-over');
      host.servers.delete(server.claim);
      server.claimed(outcome.entry as Entry);
      host.servers.set(server.claim, server);
    });
  }

  /** The name has followed its owner. */
  private keep(server: ServerChannel, entry: Entry): void {
    this.servers.delete(server);
    this.asked.delete(server);
    server.rehomed(entry, this.isWhole && !this.forsaken.delete(server));
  }

  /** It was closed meanwhile. */
  private giveBack(outcome: ApplyResult): void {
    if (outcome.ok && outcome.entry)
      this.host.submit({ kind: 'release', claim: outcome.entry.claim, force: true }, ignore);
  }

  private attach(client: ClientChannel): void {
    const machine = this.host.machine();
    const present = machine.table.get(client.claim);
    if (present?.clients.has(machine.self) === true && !this.asked.has(client)) {
      this.clients.delete(client);
      return client.returned(present.owner, machine.isMember(present.owner));
    }
    if (this.asked.has(client)) return;
    this.asked.add(client);
    this.host.submit({ kind: 'attach', name: client.name }, (outcome) => {
      this.asked.delete(client);
      const isIt = outcome.ok && outcome.entry?.claim === client.claim;
      if (outcome.ok && (!isIt || !this.clients.has(client)))
        this.host.submit({ kind: 'detach', claim: (outcome.entry as Entry).claim }, ignore);
      if (!this.clients.has(client)) return;
      if (!outcome.ok && outcome.code === 'SERVER_UNREACHABLE') return client.unreachable();
      this.clients.delete(client);
      if (isIt) client.attached();
      else client.gone('disconnect');
    });
  }
}

const ignore = (): void => undefined;
