/**
 * What an engine promises the groups, over the logs of all engines [corosync 5.3]: one view for one id,
 * senders in the view, one order, no payload lost or twice, the same payloads for those who come along together, safe
 * payloads everywhere, the exchange before everything else.
 */
import type { Violation } from '../../../daemon/testing/checks/log.js';
import { type EngineEntry, type EngineLog, runOf } from '../../../daemon/testing/network/engine-log.js';
import { type Spell, spellsOf } from './spells.js';

export function engineViews(logs: readonly EngineLog[]): Violation[] {
  const spells = logs.flatMap(spellsOf);
  const byView = new Map<bigint, Spell[]>();
  for (const spell of spells) {
    const { tag } = spell.view.id;
    const together = byView.get(tag);
    if (together) together.push(spell);
    else byView.set(tag, [spell]);
  }
  const found: string[] = [];
  for (const together of byView.values()) {
    found.push(...identityFaults(together), ...orderFaults(together), ...everywhereFaults(together));
  }
  for (const spell of spells) found.push(...ownFaults(spell));
  found.push(...companionFaults(spells), ...placeFaults(spells), ...logs.flatMap(deliveryFaults));
  return found.map((text) => ({ property: 'views', text }));
}

const at = ({ log, view }: Spell): string => `${log.self.name} in ${view.id.text}`;

const partsOf = ({ view }: Spell): string =>
  `${view.members.map(runOf).join()} as ${view.sets
    .map((set) => set.map(runOf).join())
    .toSorted()
    .join(' | ')}`;

/** One id, one list of members, one division into sets. */
function identityFaults(together: readonly Spell[]): string[] {
  const [first] = together;
  const expected = first ? partsOf(first) : '';
  return together
    .filter((spell) => partsOf(spell) !== expected)
    .map((spell) => `${at(spell)}: ${partsOf(spell)}; at ${first?.log.self.name}: ${expected}`);
}

/** What stands before the end of a view has one place, the same everywhere, and one sequence. */
function orderFaults(together: readonly Spell[]): string[] {
  const found: string[] = [];
  const places = new Map<number, string>();
  const [longest] = together.toSorted((a, b) => b.messages.length - a.messages.length);
  const position = new Map(longest?.messages.map(({ id }, i) => [id, i]));
  for (const spell of together) {
    let last = -1;
    for (const [i, { id, index }] of spell.messages.entries()) {
      const place = position.get(id) ?? -1;
      if (place >= 0 && place < last) found.push(`${at(spell)}: ${id} in another order`);
      last = Math.max(last, place);
      if (i >= spell.before) continue;
      const other = places.get(index) ?? id;
      places.set(index, other);
      if (other !== id) found.push(`${at(spell)}: number ${index} is ${id}, elsewhere ${other}`);
    }
  }
  return found;
}

/** A payload that is said to be at all members, or that is safe and came before the end of the view, comes to all that go on. */
function everywhereFaults(together: readonly Spell[]): string[] {
  const due = new Map<string, Spell>();
  for (const spell of together) {
    for (const { id, safe, index } of spell.messages.slice(0, spell.before))
      if (safe || index <= spell.stable) due.set(id, spell);
  }
  if (due.size === 0) return [];
  const found: string[] = [];
  for (const spell of together) {
    if (spell.next === null) continue;
    const got = new Set(spell.messages.map(({ id }) => id));
    for (const [id, by] of due)
      if (!got.has(id)) found.push(`${at(spell)}: ${id}, which is everywhere for ${at(by)}, is missing`);
  }
  return found;
}

/** What one engine must get right by itself. */
function ownFaults(spell: Spell): string[] {
  const found: string[] = [];
  const { log, view, before, messages, transitional, next } = spell;
  const members = new Set(view.members.map(runOf));
  if (!view.sets[0]?.some((each) => runOf(each) === runOf(log.self)))
    found.push(`${at(spell)}: not in its own set`);
  if (next && !transitional) found.push(`${at(spell)}: no transitional event at its end`);
  if (next && transitional && !isSame(transitional, next.sets[0] ?? []))
    found.push(`${at(spell)}: another set than told`);
  if (next && next.previous?.text !== view.id.text) found.push(`${at(spell)}: not the one before its next`);
  const reports = new Set<string>();
  let last = 0;
  for (const [i, message] of messages.entries()) {
    const sender = runOf(message.sender);
    if (!members.has(sender)) found.push(`${at(spell)}: ${message.id} of ${sender}, not a member`);
    if (i < before && message.index <= last)
      found.push(`${at(spell)}: number ${message.index} behind ${last}`);
    last = message.index;
    if (message.exchange) reports.add(sender);
    else if (reports.size < members.size) found.push(`${at(spell)}: ${message.id} during the exchange`);
  }
  return found;
}

const isSame = (a: Spell['view']['members'], b: Spell['view']['members']): boolean =>
  a.map(runOf).toSorted().join() === b.map(runOf).toSorted().join();

/** Those who are in each other's set got the same in the view before. */
function companionFaults(spells: readonly Spell[]): string[] {
  const found: string[] = [];
  const ways = new Map<string, Spell>();
  for (const spell of spells) {
    if (spell.next === null) continue;
    const way = `${spell.next.id.text} ${(spell.next.sets[0] ?? []).map(runOf).toSorted().join()}`;
    const other = ways.get(way);
    if (!other) ways.set(way, spell);
    else if (sequence(other) !== sequence(spell)) {
      found.push(`${at(spell)} and ${at(other)} go together with ${sequence(spell)} and ${sequence(other)}`);
    }
  }
  return found;
}

const sequence = ({ view, messages }: Spell): string =>
  `${view.id.text}: ${messages.map(({ id }) => id).join()}`;

/** Each payload is delivered in one view, everywhere. */
function placeFaults(spells: readonly Spell[]): string[] {
  const found: string[] = [];
  const views = new Map<string, Spell>();
  for (const spell of spells) {
    for (const { id } of spell.messages) {
      const other = views.get(id);
      if (!other) views.set(id, spell);
      else if (other.view.id.tag !== spell.view.id.tag)
        found.push(`${id} comes to ${at(spell)} and to ${at(other)}`);
    }
  }
  return found;
}

type Message = Extract<EngineEntry, { kind: 'message' }>;

/** No duplicates, the order of each sender, own payloads exactly once. */
function deliveryFaults(log: EngineLog): string[] {
  const found: string[] = [];
  const seen = new Set<string>();
  const last = new Map<string, number>();
  const { self, entries } = log;
  for (const entry of entries) {
    if (entry.kind !== 'message') continue;
    if (seen.has(entry.id)) found.push(`${self.name} got ${entry.id} twice`);
    seen.add(entry.id);
    const stream = `${runOf(entry.sender)} ${entry.exchange}`;
    if (numberOf(entry) < (last.get(stream) ?? 0)) found.push(`${self.name} got ${entry.id} too late`);
    last.set(stream, numberOf(entry));
  }
  if (log.end !== 'open') return found;
  for (const entry of entries) {
    if (entry.kind !== 'send' || entry.exchange || seen.has(entry.id)) continue;
    found.push(`${self.name} never got its own ${entry.id}`);
  }
  return found;
}

const numberOf = ({ id }: Message): number => Number(id.slice(id.lastIndexOf('.') + 1));
