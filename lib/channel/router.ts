/** From what arrives to the handle that it is for. Everything else is dropped and counted [channels 17]. */
import type { Buffer } from 'node:buffer';
import type { ReturnedMember } from '../client/event.js';
import type { Service } from '../client/send.js';
import type { ClaimId } from './registry/entry.js';
import type { ClientChannel } from './client-channel.js';
import type { Dropped } from './context.js';
import { reportDropped } from '../mailbox/diagnostics.js';
import { MAX_NAMED_MEMBERS, REGISTRY_GROUP, SILENCE_LIMIT_MS } from './limits.js';
import { CREDIT } from './protocol/credit.js';
import { decodeMessage, type Message } from './protocol/message.js';
import { Parts } from './protocol/parts.js';
import type { RegistryMachine } from './registry/machine.js';
import type { IgnoreReason, RegistryView } from './registry/ports.js';
import type { ServerChannel } from './server-channel.js';

/** What only servers send. */
const fromServer: ReadonlySet<string> = new Set(['reply', 'refusal', 'pong', 'answer', 'received']);
/** What clients wait for an answer of. */
const answered: ReadonlySet<string> = new Set(['request', 'queued', 'ping']);
const serverCredit: ReadonlySet<number> = new Set([CREDIT.grant, CREDIT.first, CREDIT.recall, CREDIT.ask]);

const isForClient = ({ kind, word }: Message): boolean =>
  fromServer.has(kind) || (kind === 'credit' && serverCredit.has(word));

/** First byte of the registry's messages; those of clients and servers are below. */
const FIRST_REGISTRY_KIND = 32;

/** What the registry ignores, as a warning says it. */
const WHAT: Readonly<Record<IgnoreReason, (member: string) => string>> = {
  stranger: (member) => `messages of ${member}, which is not a member`,
  version: (member) => `messages of ${member}, which runs an incompatible version of ssp-toolkit`,
  malformed: (member) => `messages of ${member} that are damaged or out of bounds`,
  claim: (member) => `the epoch claimed by ${member}, which is far above all others`,
  silent: (member) =>
    `${member}, which said nothing for ${SILENCE_LIMIT_MS / 1000} s after the members changed`,
};

/** The warning of each member counts, not only the first. */
const namesEach: ReadonlySet<IgnoreReason> = new Set(['claim', 'silent']);

export class Router {
  private readonly parts = new Parts();
  /** Ids of before, by those of now, of members that have returned: handles know them under these still. */
  private readonly before = new Map<string, string>();
  /** Their ids of now, by those of before: what was sent under these may come late. */
  private readonly after = new Map<string, string>();
  /** Warnings that were given: a word for the reason, or the reason and the member. */
  private readonly warned = new Set<string>();
  private hasWarned = false;

  /** @param self id of the connection */
  constructor(
    private self: string,
    private registry: RegistryMachine,
    private readonly servers: ReadonlyMap<ClaimId, ServerChannel>,
    private readonly clients: ReadonlyMap<ClaimId, ClientChannel>,
    private readonly dropped: Dropped,
  ) {}

  /** @param service with which it was sent to the registry's group, where no message of clients and servers belongs; null: to others */
  take(sender: string, service: Service | null, body: Buffer): void {
    if ((body[0] ?? 0) >= FIRST_REGISTRY_KIND) return this.registry.message(sender, body, service);
    const { dropped } = this;
    const { malformed, stranger } = dropped;
    const known = this.before.get(sender) ?? this.after.get(sender) ?? sender;
    this.message(known, service !== null, body, known !== sender);
    if (dropped.malformed > malformed) this.report(sender, 'malformed');
    else if (dropped.stranger > stranger) this.report(sender, 'stranger');
  }

  /** Members have returned: what comes from them is from those that the handles know. */
  alias(returned: readonly ReturnedMember[]): void {
    for (const { from, to } of returned) if (from !== to) this.before.set(to, this.before.get(from) ?? from);
  }

  /** What the registry sees of a view. Ids of before can belong to others then. */
  viewed(view: RegistryView): RegistryView {
    this.alias(view.returned);
    for (const id of this.after.keys()) if (view.members.includes(id)) this.after.delete(id);
    return view;
  }

  /** The handles know the member under its new id. */
  renamed(from: string, to: string): void {
    for (const id of [from, to]) this.before.delete(id);
    for (const [first, last] of this.after) if (last === from) this.after.set(first, to);
    this.after.set(from, to);
    for (const id of this.after.keys()) if (this.after.size > MAX_NAMED_MEMBERS) this.after.delete(id);
    this.parts.rename(from, to);
  }

  /** The handles know all members under their ids of now. */
  settled(): void {
    this.before.clear();
  }

  /** The connection is a member again after a loss. */
  rejoined(self: string, registry: RegistryMachine): void {
    this.self = self;
    this.registry = registry;
  }

  /** The registry ignores something of that member. Each time is reported, the first one warns. */
  ignored(member: string, reason: IgnoreReason): void {
    this.dropped[reason === 'version' ? 'malformed' : reason]++;
    this.report(member, reason);
    const isNamed = namesEach.has(reason);
    const key = isNamed ? `${reason} ${member}` : reason;
    if (this.warned.has(key) || (isNamed && this.warned.size >= MAX_NAMED_MEMBERS)) return;
    this.warned.add(key);
    process.emitWarning(`${REGISTRY_GROUP}: ignoring ${WHAT[reason](member)}`, 'SspIgnoredWarning');
  }

  private report(sender: string, reason: string): void {
    reportDropped({ id: this.self, group: REGISTRY_GROUP, sender, reason });
  }

  /** @param hasReturned whether the sender has, and is known under another id */
  private message(sender: string, toGroup: boolean, body: Buffer, hasReturned: boolean): void {
    const message = toGroup ? null : decodeMessage(body);
    if (!message) this.dropped.malformed++;
    else if (message.kind === 'part') this.part(sender, message);
    else this.whole(sender, message, hasReturned);
  }

  /** The daemon has refused a message: what waits for its answer fails. Where nothing does, the first is reported. */
  refused(body: Buffer, error: Error): void {
    const message = decodeMessage(body);
    // The message that it is a piece of follows.
    if (message?.kind === 'part') return;
    const client = message && answered.has(message.kind) ? this.clients.get(message.claim) : undefined;
    if (client?.refused(message?.id ?? 0, error) || this.hasWarned) return;
    this.hasWarned = true;
    process.emitWarning(`channels: ${error.message}`, 'SspRefusedWarning');
  }

  /** The sender is gone: nothing more of its message comes. */
  forget(sender: string): void {
    this.parts.forget(sender);
  }

  private part(sender: string, message: Message): void {
    const channel = this.servers.get(message.claim) ?? this.clients.get(message.claim);
    if (!channel) this.dropped.unknownChannel++;
    else if (!this.parts.take(sender, message, channel.maxBody)) this.dropped.unfit++;
  }

  private whole(sender: string, arrived: Message, hasReturned: boolean): void {
    const message = this.parts.whole(sender, arrived);
    if (!message) {
      this.dropped.unfit++;
    } else if (isForClient(message)) {
      const client = this.clients.get(message.claim);
      if (!client) this.dropped.unknownChannel++;
      else if (client.server !== sender) this.dropped.stranger++;
      else client.take(message);
    } else {
      const server = this.servers.get(message.claim);
      if (server) server.take(sender, message, hasReturned);
      else this.dropped.unknownChannel++;
    }
  }
}
