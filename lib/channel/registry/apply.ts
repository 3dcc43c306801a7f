/**
 * One command, one departure: the same function of the same table everywhere [channels 15.2]. Who sent a
 * command comes from the group layer, never from the command.
 */
import type { ChannelCondition } from '../errors.js';
import type { Command } from './command.js';
import { type ClaimId, type Entry, isKnown } from './entry.js';
import type { Tell } from './difference.js';
import type { Table } from './table.js';

/** What a member had when it went. */
export interface Belongings {
  readonly owned: readonly Entry[];
  /** Claims of the channels that it had opened. */
  readonly attached: readonly ClaimId[];
}

/** Why a command failed; `BAD_ARGUMENT`: its claim id was used before. */
type Refusal = ChannelCondition | 'BAD_ARGUMENT';

/** What a command came to. `count` of HAS_CLIENTS. */
export type ApplyResult =
  | { readonly ok: true; readonly entry: Entry | null }
  | { readonly ok: false; readonly code: Refusal; readonly count: number };

export interface ApplyContext {
  /** Members of the view. */
  readonly members: ReadonlySet<string>;
  /** Of the primary component; 0: this is not one. */
  readonly epoch: number;
  /** Whether the transitional signal came before. */
  readonly inTransition: boolean;
  readonly tell: Tell;
}

const done = (entry: Entry | null): ApplyResult => ({ ok: true, entry });
const refused = (code: Refusal, count = 0): ApplyResult => ({ ok: false, code, count });

export function apply(table: Table, sender: string, command: Command, around: ApplyContext): ApplyResult {
  switch (command.kind) {
    case 'claim':
      return claim(table, sender, command, around);
    case 'release':
      return release(table, sender, command, around);
    case 'attach':
      return attach(table, sender, command, around);
    case 'detach':
      return detach(table, sender, command, around);
    case 'update':
      return update(table, sender, command);
    case 'nothing':
      return done(null);
  }
}

type Of<K extends Command['kind']> = Extract<Command, { kind: K }>;

function claim(table: Table, owner: string, command: Of<'claim'>, around: ApplyContext): ApplyResult {
  const present = table.find(command.name);
  // It was sent once more after a loss of the connection.
  if (present?.claim === command.claim && present.owner === owner) return done(present);
  const mayTake =
    present !== undefined && !around.members.has(present.owner) && command.from === present.claim;
  if (present && !mayTake) return refused(around.members.has(present.owner) ? 'EXISTS' : 'ORPHANED');
  if (table.get(command.claim)) return refused('BAD_ARGUMENT');
  if (command.strict && around.epoch === 0) return refused('NOT_PRIMARY');
  if (present) {
    table.remove(present);
    around.tell({ kind: 'closed', entry: present, reason: 'taken-over' });
  }
  const { name, settings } = command;
  const over = present ? [...present.over, present.claim] : [];
  const { epoch, inTransition } = around;
  const unsure = command.strict && inTransition;
  const clients = new Set<string>();
  const entry = { name, owner, claim: command.claim, epoch, unsure, settings, over, clients };
  table.put(entry);
  if (!unsure) around.tell({ kind: 'opened', entry });
  return done(entry);
}

function release(table: Table, sender: string, command: Of<'release'>, { tell }: ApplyContext): ApplyResult {
  const entry = table.get(command.claim);
  if (!entry) return refused('NOT_FOUND');
  if (entry.owner !== sender) return refused('NOT_OWNER');
  if (entry.clients.size > 0 && !command.force) return refused('HAS_CLIENTS', entry.clients.size);
  table.remove(entry);
  tell({ kind: 'closed', entry, reason: 'released' });
  return done(entry);
}

function attach(table: Table, client: string, command: Of<'attach'>, around: ApplyContext): ApplyResult {
  const entry = table.find(command.name);
  if (!entry) return refused('NOT_FOUND');
  if (!around.members.has(entry.owner)) return refused('SERVER_UNREACHABLE');
  if (entry.clients.has(client)) return done(entry);
  const changed = { ...entry, clients: new Set([...entry.clients, client]) };
  table.put(changed);
  around.tell({ kind: 'client-joined', entry: changed, client });
  return done(changed);
}

function detach(table: Table, client: string, command: Of<'detach'>, { tell }: ApplyContext): ApplyResult {
  const entry = table.get(command.claim);
  if (!entry?.clients.has(client)) return refused('NOT_ATTACHED');
  const changed = without(entry, client);
  table.put(changed);
  tell({ kind: 'client-left', entry: changed, client });
  return done(changed);
}

function update(table: Table, sender: string, command: Of<'update'>): ApplyResult {
  const entry = table.get(command.claim);
  if (!entry) return refused('NOT_FOUND');
  if (entry.owner !== sender) return refused('NOT_OWNER');
  const changed = { ...entry, settings: command.settings };
  table.put(changed);
  return done(changed);
}

const without = (entry: Entry, client: string): Entry => ({
  ...entry,
  clients: new Set([...entry.clients].filter((each) => each !== client)),
});

/**
 * A member has ended, or has left the registry: its channels and its places at others go with it.
 * @param told the members by what was last told
 */
export function depart(
  table: Table,
  member: string,
  reason: 'left' | 'disconnect',
  told: ReadonlySet<string>,
  tell: Tell,
): Belongings {
  const owned: Entry[] = [];
  const attached: ClaimId[] = [];
  for (const entry of table.entries()) {
    if (entry.owner === member) {
      owned.push(entry);
      table.remove(entry);
      if (isKnown(entry, told)) tell({ kind: 'closed', entry, reason });
    } else if (entry.clients.has(member)) {
      attached.push(entry.claim);
      const changed = without(entry, member);
      table.put(changed);
      if (reason === 'left') tell({ kind: 'client-left', entry: changed, client: member });
      else tell({ kind: 'client-gone', entry: changed, client: member, reason });
    }
  }
  return { owned, attached };
}
