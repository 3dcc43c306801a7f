/** The channels of one connection: its own, those it has opened, and the registry of all. */
import type { Buffer } from 'node:buffer';
import { deferred } from '../util/deferred.js';
import { type TimerEntry, TimerQueue } from '../util/timer-queue.js';
import { parsePrivateGroup } from '../wire/name.js';
import { BoundedWait } from './bounded-wait.js';
import { checkName } from './check.js';
import { ClientChannel } from './client-channel.js';
import { type ChannelContext, type Dropped, nothingDropped } from './context.js';
import { IllegalParamError, ConnectionClosedError, type SspError } from '../errors.js';
import { NotAttachedError, NotFoundError, commandError } from './errors.js';
import type { WatchEvent } from './event.js';
import type { GroupLink } from './group-link.js';
import { SILENCE_LIMIT_MS, SPEAKER_LIMIT_MS } from './limits.js';
import {
  type ChannelsOptions,
  type CreateOptions,
  type OpenOptions,
  checkedCreateOptions,
  checkedOpenOptions,
} from './options.js';
import { type ChannelInfo, type Registry, infoOf, isShown, listOf, snapshotOf } from './registry-info.js';
import type { ApplyResult } from './registry/apply.js';
import type { Command } from './registry/command.js';
import type { RegistryEvent } from './registry/difference.js';
import type { ClaimId, Entry, Order } from './registry/entry.js';
import { RegistryMachine } from './registry/machine.js';
import { Router } from './router.js';
import { ServerChannel } from './server-channel.js';
import { Watches } from './watches.js';

type Settled = (outcome: ApplyResult) => void;

/** Waits for somebody to create the channel. */
interface Opening {
  readonly name: string;
  look(): void;
  fail(error: Error): void;
}

/** What `Channels` was told, checked. */
export interface ChannelsSettings {
  readonly registry: NonNullable<ChannelsOptions['registry']>;
  readonly daemons: readonly string[];
  readonly orphanTimeoutMs: number;
}

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
  private readonly machine: RegistryMachine;
  private readonly hub: ChannelContext;
  private readonly servers = new Map<ClaimId, ServerChannel>();
  private readonly clients = new Map<ClaimId, ClientChannel>();
  private readonly router: Router;
  private readonly commands = new Map<number, { settled: Settled; failed: (error: Error) => void }>();
  private readonly openings = new Set<Opening>();
  private readonly watches = new Watches();
  /** Since when owners are out of sight, by claim. */
  private readonly orphans = new Map<ClaimId, number>();
  private nudge: TimerEntry | null = null;
  private silence: TimerEntry | null = null;
  private ids = 0;
  private end: Error | null = null;
  private readonly readied = deferred<void>();
  private closing: Promise<void> | null = null;

  /** @internal Made by `openChannels`. */
  constructor(
    private readonly link: GroupLink,
    private readonly settings: ChannelsSettings,
  ) {
    this.machine = new RegistryMachine(
      link.id,
      {
        send: (to, bytes, service) => void link.send(to, bytes, service).catch(() => undefined),
        settled: (serial, outcome) => this.settle(serial, outcome),
        tell: (event) => this.hear(event),
        waiting: (place) => this.speakIfNeeded(place),
        exchanging: () => this.waitForSilent(),
        ignored: (member, reason) => this.router.ignored(member, reason),
        ready: () => this.ready(),
      },
      settings.daemons,
    );
    this.alarm = new TimerQueue(link.clock);
    const { alarm, dropped } = this;
    this.router = new Router(link.id, this.machine, this.servers, this.clients, dropped);
    this.hub = {
      alarm,
      dropped,
      date: () => link.clock.date(),
      nextId: () => ++this.ids,
      transmit: (to, messages, order) => this.transmit(to, messages, order),
      command: (command) => this.command(command),
      forget: (handle) => this.forget(handle),
    };
    this.registry = {
      lookup: (name, options) => this.lookup(name, options?.linearizable === true),
      list: (prefix = '') => Promise.resolve(listOf(this.machine, prefix)),
      snapshot: () => Promise.resolve(snapshotOf(this.machine)),
    };
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
        view: (view) => this.machine.view(view),
        transition: () => this.machine.transition(),
        message: (sender, service, body) => this.router.take(sender, service, body),
        refused: (body, error) => this.refused(body, error),
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
      { kind: 'claim', name, claim, settings, strict, from: this.takeable(name) },
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
    const { alarm, openings } = this;
    let opening: Opening;
    const waiting = new BoundedWait<ClientChannel>(alarm, patience, () => openings.delete(opening));
    opening = {
      name,
      look: () => {
        openings.delete(opening);
        if (!waiting.isOver) attach();
      },
      fail: (error) => {
        openings.delete(opening);
        waiting.reject(error);
      },
    };
    let isLate = waitMs === 0;
    const attach = (): void =>
      this.attach(name, waiting, (error) => {
        if (isLate || !(error instanceof NotFoundError)) waiting.reject(error);
        else openings.add(opening);
      });
    const end = (): void => {
      isLate = true;
      if (openings.delete(opening)) waiting.reject(new NotFoundError(`${name} within ${waitMs} ms`));
    };
    const due = isLate ? null : alarm.after(waitMs, end);
    try {
      attach();
      return await waiting.promise;
    } finally {
      alarm.cancel(due);
    }
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

  /** The owner's claim, if he has been out of sight for so long that the name may be taken from him. */
  private takeable(name: string): ClaimId | null {
    const { orphanTimeoutMs } = this.settings;
    const entry = this.machine.table.find(name);
    const since = entry && this.orphans.get(entry.claim);
    if (since === undefined || orphanTimeoutMs === 0) return null;
    return this.alarm.now() - since >= orphanTimeoutMs ? (entry?.claim ?? null) : null;
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
    if (this.end) return failed(this.end);
    this.commands.set(this.machine.submit(command), { settled, failed });
  }

  private command(command: Command): Promise<ApplyResult> {
    return new Promise((resolve, reject) => this.submit(command, resolve, reject));
  }

  private settle(serial: number, outcome: ApplyResult): void {
    const command = this.commands.get(serial);
    this.commands.delete(serial);
    command?.settled(outcome);
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
    if (handle instanceof ServerChannel && this.servers.get(handle.claim) === handle) {
      this.servers.delete(handle.claim);
    } else if (handle instanceof ClientChannel && this.clients.get(handle.claim) === handle) {
      this.clients.delete(handle.claim);
    }
  }

  private speakIfNeeded(place: number): void {
    this.alarm.cancel(this.nudge);
    this.nudge = this.alarm.after(place * SPEAKER_LIMIT_MS, () => this.machine.nudge());
  }

  private waitForSilent(): void {
    this.alarm.cancel(this.silence);
    this.silence = this.alarm.after(SILENCE_LIMIT_MS, () => this.machine.settle());
  }

  private ready(): void {
    for (const waits of [this.nudge, this.silence]) this.alarm.cancel(waits);
    this.readied.resolve();
    for (const { claim, owner } of this.machine.table.entries()) {
      if (!this.machine.isMember(owner) && !this.orphans.has(claim))
        this.orphans.set(claim, this.alarm.now());
    }
  }

  private hear(event: RegistryEvent): void {
    this.watches.hear(event);
    if ('member' in event) {
      if (event.kind !== 'member-back') this.router.forget(event.member);
      return;
    }
    const { claim } = event.entry;
    const client = this.clients.get(claim);
    switch (event.kind) {
      case 'opened':
        for (const opening of this.openings) if (opening.name === event.entry.name) opening.look();
        break;
      case 'closed':
        this.orphans.delete(claim);
        this.clients.delete(claim);
        client?.gone(event.reason);
        if (event.reason === 'conflict' || event.reason === 'taken-over') {
          this.servers.get(claim)?.lost(event.reason);
        }
        break;
      case 'server-unreachable':
        this.orphans.set(claim, this.alarm.now());
        client?.unreachable();
        break;
      case 'server-back':
        this.orphans.delete(claim);
        client?.back();
        break;
      default:
        this.servers.get(claim)?.hear(event);
    }
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
    for (const { failed } of this.commands.values()) failed(error);
    this.commands.clear();
    for (const opening of this.openings) opening.fail(error);
    for (const client of this.clients.values()) client.lost(error);
    const end = isOwn ? new NotAttachedError('the connection was closed') : error;
    for (const server of this.servers.values()) server.finish(end);
    for (const waits of [this.nudge, this.silence]) this.alarm.cancel(waits);
    this.watches.end();
    this.readied.resolve();
  }
}

const ignore = (): void => undefined;
