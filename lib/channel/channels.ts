/** The channels of one connection: its own, those it has opened, and the registry of all. */
import type { Buffer } from 'node:buffer';
import { deferred } from '../util/deferred.js';
import { TimerQueue } from '../util/timer-queue.js';
import { parsePrivateGroup } from '../wire/name.js';
import { BoundedWait } from './bounded-wait.js';
import { checkName } from './check.js';
import { ClientChannel } from './client-channel.js';
import { Comeback } from './comeback.js';
import { type ChannelContext, type Dropped, nothingDropped } from './context.js';
import { IllegalParamError, ConnectionClosedError, type SspError } from '../errors.js';
import { NotAttachedError, commandError } from './errors.js';
import type { WatchEvent } from './event.js';
import type { GroupLink } from './group-link.js';
import { Openings } from './openings.js';
import { Orphans } from './orphans.js';
import {
  type ChannelsSettings,
  type CreateOptions,
  type OpenOptions,
  checkedCreateOptions,
  checkedOpenOptions,
} from './options.js';
import { type ChannelInfo, type Registry, infoOf, isShown, registryOf } from './registry-info.js';
import type { ApplyResult } from './registry/apply.js';
import type { Command } from './registry/command.js';
import type { RegistryEvent } from './registry/difference.js';
import type { ClaimId, Entry, Order } from './registry/entry.js';
import { RegistryMachine } from './registry/machine.js';
import type { RegistryView } from './registry/ports.js';
import { Router } from './router.js';
import { ServerChannel } from './server-channel.js';
import { SubmittedCommands } from './submitted-commands.js';
import { SpeakingTurns } from './speaking-turns.js';
import { Watches } from './watches.js';

type Settled = (outcome: ApplyResult) => void;

/**
 * The channels of one connection: creates and opens them, looks names up, and watches other connections. Made
 * by `openChannels`.
 */
export class Channels implements AsyncDisposable {
  /** Messages that were dropped, by the reason. */
  readonly dropped: Dropped = nothingDropped();
  /** The names of all channels. */
  readonly registry: Registry;

  private readonly alarm: TimerQueue;
  private machine: RegistryMachine;
  private readonly hub: ChannelContext;
  private readonly servers = new Map<ClaimId, ServerChannel>();
  private readonly clients = new Map<ClaimId, ClientChannel>();
  private readonly router: Router;
  private readonly commands = new SubmittedCommands(() => this.machine);
  private readonly openings: Openings;
  private readonly watches = new Watches();
  private readonly comeback: Comeback;
  /** Whether the table is awaited after a loss. */
  private isBack = false;
  private readonly orphans: Orphans;
  private readonly turns: SpeakingTurns;
  private ids = 0;
  private end: Error | null = null;
  private readonly readied = deferred<void>();
  private closing: Promise<void> | null = null;

  /** @internal Made by `openChannels`. */
  constructor(
    private readonly link: GroupLink,
    private readonly settings: ChannelsSettings,
  ) {
    this.machine = this.newMachine(link.id);
    this.alarm = new TimerQueue(link.clock);
    this.orphans = new Orphans(this.alarm, settings.orphanTimeoutMs);
    this.openings = new Openings(this.alarm);
    this.turns = new SpeakingTurns(this.alarm, () => this.machine);
    const { alarm, dropped } = this;
    this.router = new Router(link.id, this.machine, this.servers, this.clients, dropped);
    this.comeback = new Comeback({
      machine: () => this.machine,
      strict: settings.registry === 'primary-partition',
      servers: this.servers,
      isClaiming: (name) => this.commands.isAsking('claim', name),
      submit: (command, settled) => this.submit(command, settled, ignore),
    });
    this.hub = {
      alarm,
      dropped,
      date: () => link.clock.date(),
      nextId: () => ++this.ids,
      transmit: (to, messages, order) => this.transmit(to, messages, order),
      command: (command) => this.command(command),
      forget: (handle) => this.forget(handle),
    };
    this.registry = registryOf(
      () => this.machine,
      (name, options) => this.lookup(name, options?.linearizable === true),
    );
  }

  private newMachine(self: string, before: RegistryMachine | null = null): RegistryMachine {
    const { link, settings } = this;
    return new RegistryMachine(
      self,
      {
        send: (to, bytes, service) => void link.send(to, bytes, service).catch(() => undefined),
        settled: (serial, outcome) => this.commands.settle(serial, outcome),
        tell: (event) => this.hear(event),
        waiting: (place) => this.turns.waitForOther(place),
        exchanging: () => this.turns.waitForSilent(),
        ignored: (member, reason) => this.router.ignored(member, reason),
        ready: () => this.ready(),
        departing: () => this.link.clock.soon(() => this.machine.returns.tellLast()),
      },
      settings.daemons,
      before,
    );
  }

  /** Id of the connection, `#bob#d1`: what servers and clients see of it. */
  get id(): string {
    return this.link.id;
  }

  /** Name of the connection at its daemon, `bob`. */
  get name(): string {
    return parsePrivateGroup(this.id)?.name ?? '';
  }

  /** Whether channels can be used: until `close()`, or the end of the connection. */
  get isOpen(): boolean {
    return this.end === null;
  }

  /** @internal Resolves when the registry is there. */
  async enter(signal: AbortSignal | undefined): Promise<void> {
    await this.link.enter(
      {
        view: (view) => this.machine.view(this.router.viewed(view)),
        transition: () => this.machine.transition(),
        message: (sender, service, body) => this.router.take(sender, service, body),
        refused: (body, error) => this.refused(body, error),
        lost: () => this.suspend(true),
        continued: () => this.suspend(false),
        rejoined: (id, isWhole) => this.rejoined(id, isWhole),
        observed: (returned) => this.observed(returned),
        closed: (isOwn) => this.finish(new ConnectionClosedError(), isOwn),
      },
      signal,
    );
    await this.readied.promise;
    if (this.end) throw this.end;
  }

  /**
   * Creates a channel of that name, unless there is one.
   * @param name 1 to 47 bytes of UTF-8 without control characters and `#`
   * @throws ExistsError, OrphanedError, NotPrimaryError, BadNameError, IllegalParamError, TimeoutError, the signal's reason,
   * ConnectionClosedError
   */
  async createChannel(name: string, options: CreateOptions = {}): Promise<ServerChannel> {
    checkName(name);
    const { settings, patience } = checkedCreateOptions(options);
    this.checkOpen();
    patience.signal?.throwIfAborted();
    const claim = this.machine.newClaim();
    const waiting = new BoundedWait<ServerChannel>(this.alarm, patience, () => undefined);
    const strict = this.settings.registry === 'primary-partition';
    this.submit(
      { kind: 'claim', name, claim, settings, strict, from: this.orphans.takeable(name, this.machine) },
      (outcome) => {
        if (!outcome.ok) return waiting.reject(commandError(outcome.code, name));
        const entry = outcome.entry as Entry;
        // Nobody waits for it any more.
        if (waiting.isOver)
          return this.submit({ kind: 'release', claim: entry.claim, force: true }, ignore, ignore);
        const server = new ServerChannel(this.hub, entry);
        this.servers.set(entry.claim, server);
        waiting.resolve(server);
      },
      (error) => waiting.reject(error),
    );
    return await waiting.promise;
  }

  /**
   * Opens a channel that somebody has created. One that is open here already is the same handle again.
   * @throws NotFoundError, ServerUnreachableError, BadNameError, IllegalParamError, TimeoutError, the signal's reason,
   * ConnectionClosedError
   */
  async openChannel(name: string, options: OpenOptions = {}): Promise<ClientChannel> {
    checkName(name);
    const { waitMs, ...patience } = checkedOpenOptions(options);
    this.checkOpen();
    patience.signal?.throwIfAborted();
    return await this.openings.open(name, waitMs, patience, (waiting, failed) =>
      this.attach(name, waiting, failed),
    );
  }

  /**
   * Reports when a connection that uses channels ends, or goes out of sight.
   * @param id of that connection, such as `#bob#d1`: `ServerRequest.from`, `ClientChannel.server`, a member of the registry
   * @returns a loop that ends after `gone`, and when the channels or the connection are closed; an aborted signal ends it with
   * the signal's reason
   * @throws IllegalParamError for a malformed id, NotAttachedError after `close()`, ConnectionClosedError
   */
  watch(id: string, { signal }: { signal?: AbortSignal | undefined } = {}): AsyncIterable<WatchEvent> {
    if (typeof id !== 'string' || !parsePrivateGroup(id)) {
      throw new IllegalParamError(`expected an id such as #bob#d1, got ${String(id)}`);
    }
    this.checkOpen();
    return this.watches.watch(id, this.machine.isMember(id), signal);
  }

  /** Gives up everything here: own channels are gone for their clients, opened ones are left. Harmless twice. */
  close(): Promise<void> {
    this.closing ??= this.leave();
    return this.closing;
  }

  /** Closes. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  private async leave(): Promise<void> {
    this.finish(new NotAttachedError('the channels of this connection were closed'));
    await this.link.leave().catch(() => undefined);
  }

  private checkOpen(): void {
    if (this.end) throw this.end;
  }

  private attach(name: string, waiting: BoundedWait<ClientChannel>, failed: (error: SspError) => void): void {
    const attached = (outcome: ApplyResult): void => {
      if (!outcome.ok) return failed(commandError(outcome.code, name));
      const entry = outcome.entry as Entry;
      const { claim } = entry;
      const known = this.clients.get(claim);
      if (waiting.isOver) {
        if (!known) this.submit({ kind: 'detach', claim }, ignore, ignore);
        return;
      }
      const client = known ?? new ClientChannel(this.hub, entry);
      this.clients.set(claim, client);
      waiting.resolve(client);
    };
    const present = this.machine.table.find(name);
    if (present && !isShown(present, this.machine)) return failed(commandError('NOT_FOUND', name));
    this.submit({ kind: 'attach', name }, attached, (error) => waiting.reject(error));
  }

  private submit(command: Command, settled: Settled, failed: (error: Error) => void): void {
    this.commands.submit(command, settled, failed);
  }

  private command(command: Command): Promise<ApplyResult> {
    return new Promise((resolve, reject) => this.submit(command, resolve, reject));
  }

  private async lookup(name: string, linearizable: boolean): Promise<ChannelInfo | undefined> {
    checkName(name);
    this.checkOpen();
    if (linearizable) await this.command({ kind: 'nothing' });
    const entry = this.machine.table.find(name);
    return entry && isShown(entry, this.machine) ? infoOf(entry, this.machine) : undefined;
  }

  private async transmit(to: string, messages: readonly Buffer[], order: Order): Promise<void> {
    if (this.end instanceof ConnectionClosedError) throw this.end;
    try {
      const [first] = messages;
      if (messages.length === 1 && first) await this.link.send([to], first, order);
      // All of them in this turn, so that nothing comes between the parts of a body.
      else await Promise.all(messages.map((message) => this.link.send([to], message, order)));
    } catch (error) {
      throw new ConnectionClosedError(undefined, { cause: error });
    }
  }

  private forget(handle: object): void {
    this.comeback.forget(handle);
    if (handle instanceof ServerChannel && this.servers.get(handle.claim) === handle) {
      this.servers.delete(handle.claim);
    } else if (handle instanceof ClientChannel && this.clients.get(handle.claim) === handle) {
      this.clients.delete(handle.claim);
    }
  }

  private observed(returned: RegistryView['returned']): void {
    this.router.alias(returned);
    this.machine.returns.observe(returned);
  }

  private suspend(isSuspended: boolean): void {
    this.turns.suspend(isSuspended);
    for (const client of this.clients.values()) client.suspend(isSuspended);
  }

  /**
   * Asks again for what has no outcome yet. @param isWhole whether it has missed nothing: else it knows nothing, and is new for
   * the others if they have not seen that it has returned
   */
  private rejoined(id: string, isWhole: boolean): void {
    const { machine: before } = this;
    const submitted = this.commands.drain(before);
    this.turns.suspend(false);
    if (!isWhole) this.orphans.clear();
    this.machine = this.newMachine(id, isWhole ? before : null);
    this.router.rejoined(id, this.machine);
    this.comeback.begin(this.servers.values(), this.clients.values(), isWhole);
    for (const { command, settled, failed } of submitted) this.submit(command, settled, failed);
    this.isBack = true;
  }

  private ready(): void {
    this.turns.end();
    this.router.settled();
    this.readied.resolve();
    this.orphans.compare(this.machine);
    if (this.isBack) this.watches.compare((id) => this.machine.isMember(id));
    this.isBack = false;
    this.comeback.look();
  }

  private hear(event: RegistryEvent): void {
    this.watches.hear(event);
    if ('member' in event) {
      if (event.kind !== 'member-back') this.router.forget(event.member);
      return;
    }
    if (event.kind === 'returned') return this.returned(event.from, event.to);
    const { claim } = event.entry;
    const client = this.clients.get(claim);
    switch (event.kind) {
      case 'opened':
        this.openings.opened(event.entry.name);
        this.leaveIfGone(event.entry);
        break;
      case 'closed':
        this.orphans.delete(claim);
        this.clients.delete(claim);
        client?.gone(event.reason);
        this.comeback.closed(client, this.servers.get(claim), event.reason);
        break;
      case 'server-unreachable':
        this.orphans.add(claim);
        client?.unreachable();
        this.comeback.look();
        break;
      case 'server-back':
        this.orphans.delete(claim);
        if (client && !this.comeback.owes(client)) client.back();
        this.comeback.look();
        break;
      default:
        this.servers.get(claim)?.hear(event);
    }
  }

  /** The channel was told to be over, and its owner has returned after all: its handle here is gone. */
  private leaveIfGone({ claim, name, clients }: Entry): void {
    const isOpen = this.clients.has(claim) || this.commands.isAsking('attach', name);
    if (!clients.has(this.machine.self) || isOpen) return;
    this.submit({ kind: 'detach', claim }, ignore, ignore);
  }

  private returned(from: string, to: string): void {
    this.router.renamed(from, to);
    for (const server of this.servers.values()) server.returned(from, to);
    for (const client of this.clients.values()) if (client.server === from) client.serverReturned(to);
  }

  /** @see LinkHandler.refused */
  private refused(body: Buffer | null, error: Error): void {
    if (body) return this.router.refused(body, error);
    this.finish(error);
    void this.close();
  }

  /** Everything that waits for something ends here. @param isOwn whether that was wanted: then loops end without an error */
  private finish(error: Error, isOwn = false): void {
    if (this.end) return;
    this.end = error;
    this.commands.end(error);
    this.openings.end(error);
    for (const client of this.clients.values()) client.lost(error);
    const end = isOwn ? new NotAttachedError('the connection was closed') : error;
    for (const server of this.servers.values()) server.finish(end);
    this.turns.end();
    this.watches.end();
    this.readied.resolve();
  }
}

const ignore = (): void => undefined;
