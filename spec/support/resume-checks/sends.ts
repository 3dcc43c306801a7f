/** what was sent is ordered once, in its order, and what the sender hears of it is true. */
import type { Violation } from '../../../daemon/testing/checks/log.js';
import type { ClientLog, DaemonLog, ResumeLogs, SettledEntry } from './log.js';

/** The last of the log: nobody went on from it. */
const END = '';

interface Delivered {
  readonly log: DaemonLog;
  /** View that it was delivered in. */
  readonly tag: string;
  /** The view that this daemon went to next. */
  readonly next: string;
}

/** Where each message was delivered. */
function placesOf(daemons: readonly DaemonLog[]): Map<string, Delivered[]> {
  const places = new Map<string, Delivered[]>();
  for (const log of daemons) {
    const tags = tagsOf(log);
    let at = -1;
    for (const entry of log.entries) {
      if (entry.kind === 'installed' || entry.kind === 'exchanged') {
        if (entry.tag !== tags[at]) at++;
      } else if (entry.kind === 'data') {
        const place = { log, tag: tags[at] ?? '', next: tags[at + 1] ?? END };
        const known = places.get(entry.id);
        if (known) known.push(place);
        else places.set(entry.id, [place]);
      }
    }
  }
  return places;
}

/** The views that a daemon went through. */
function tagsOf({ entries }: DaemonLog): string[] {
  const tags: string[] = [];
  for (const entry of entries) {
    if (entry.kind !== 'installed' && entry.kind !== 'exchanged') continue;
    if (tags[tags.length - 1] !== entry.tag) tags.push(entry.tag);
  }
  return tags;
}

/** The way of a daemon from a view to the next one: those who go it together have the same past there. */
function stepOf({ entries }: DaemonLog, tag: string, next: string): string {
  const into = entries.find((entry) => entry.kind === 'installed' && entry.tag === next);
  return `${tag} > ${next} ${into?.kind === 'installed' ? into.past : ''}`;
}

/**
 * What comes after the way from a view to the next one in any history; what another part of a partition does, does not. Parts
 * that have not completed an exchange together have not met.
 */
function successors(daemons: readonly DaemonLog[]): (step: string) => ReadonlySet<string> {
  const next = new Map<string, Set<string>>();
  for (const log of daemons) {
    const tags = tagsOf(log);
    const exchanged = new Set(log.entries.flatMap((each) => (each.kind === 'exchanged' ? [each.tag] : [])));
    const steps = tags.map((tag, i) => stepOf(log, tag, tags[i + 1] ?? END));
    for (const [i, step] of steps.entries()) {
      const known = next.get(step) ?? new Set();
      next.set(step, known);
      const after = steps.find((_, k) => k > i && exchanged.has(tags[k] as string));
      if (after !== undefined) known.add(after);
    }
  }
  return (step) => {
    const found = new Set<string>();
    const open = [step];
    for (let at = open.pop(); at !== undefined; at = open.pop()) {
      for (const each of next.get(at) ?? []) {
        if (found.has(each)) continue;
        found.add(each);
        open.push(each);
      }
    }
    return found;
  };
}

/** How the client was told of each message, the last word. */
const settledOf = ({ entries }: ClientLog): Map<string, SettledEntry['how']> =>
  new Map(entries.flatMap((entry) => (entry.kind === 'settled' ? [[entry.id, entry.how] as const] : [])));

const sentBy = ({ entries }: ClientLog): string[] =>
  entries.flatMap((entry) => (entry.kind === 'send' ? [entry.id] : []));

/** every message that was not rejected is delivered in one place of each history; FIFO over all names of a client. */
export function orderedOnce({ clients, daemons }: ResumeLogs): Violation[] {
  const found: Violation[] = [];
  const report = (text: string): void => {
    found.push({ property: 'R-5', text });
  };
  const places = placesOf(daemons);
  const after = successors(daemons);
  for (const [id, list] of places) {
    const logs = list.map(({ log }) => log);
    for (const log of new Set(logs)) {
      const count = logs.filter((each) => each === log).length;
      if (count > 1) report(`${log.daemon} delivered ${id} ${count} times`);
    }
    // A machine that died may have delivered it alone: only what somebody took into the next view counts.
    const lasting = [
      ...new Set(
        list
          .filter(({ log, next }) => next !== END || log.alive)
          .map(({ log, tag, next }) => stepOf(log, tag, next)),
      ),
    ];
    const again = lasting.find((step) => lasting.some((before) => after(before).has(step)));
    if (again !== undefined) report(`${id} was delivered in the views ${lasting.join()}`);
  }
  for (const client of clients) {
    const settled = settledOf(client);
    const ids = sentBy(client);
    for (const id of ids) {
      const how = settled.get(id);
      if (how === undefined && client.settled) report(`${client.client} was not told of ${id}`);
      if ((how === 'acknowledged' || how === 'confirmed') && !places.has(id))
        report(`nobody delivered ${id}`);
    }
    const rank = new Map(ids.map((id, i) => [id, i]));
    for (const { daemon, entries } of daemons) {
      let last: string | null = null;
      for (const entry of entries) {
        if (entry.kind !== 'data' || !rank.has(entry.id)) continue;
        if (last !== null && (rank.get(last) as number) > (rank.get(entry.id) as number))
          report(`${daemon} delivered ${entry.id} after ${last}`);
        last = entry.id;
      }
    }
  }
  return found;
}

/**
 * acknowledged means that each daemon that went on from that view, together with one that has delivered it, has it too. Where all of
 * them died, nobody can say in which of its views it was acknowledged, if it was sent again: one of them is enough.
 */
export function acknowledged({ clients, daemons }: ResumeLogs): Violation[] {
  const found: Violation[] = [];
  const places = placesOf(daemons);
  for (const client of clients) {
    for (const [id, how] of settledOf(client)) {
      if (how !== 'acknowledged' && how !== 'confirmed') continue;
      const list = places.get(id) ?? [];
      // What a machine delivered alone before it died counts for nothing, when it was sent again.
      const lasting = list.filter(({ log, next }) => next !== END || log.alive);
      const ways =
        lasting.length > 0
          ? [new Set(lasting.map(({ log, tag, next }) => stepOf(log, tag, next)))]
          : [...new Set(list.map(({ tag }) => tag))].map((tag) => new Set([tag]));
      const missing = ways.map((steps) =>
        daemons.filter((log) => hasGoneOn(log, steps) && !list.some((place) => place.log === log)),
      );
      if (missing.some((each) => each.length === 0)) continue;
      for (const { daemon } of missing[0] ?? [])
        found.push({ property: 'R-6', text: `${id} is acknowledged, and ${daemon} went on without it` });
    }
  }
  return found;
}

/** @param steps views, or ways from one to the next: those whom a cut has parted from it may lack what was delivered there */
function hasGoneOn(log: DaemonLog, steps: ReadonlySet<string>): boolean {
  const views = tagsOf(log);
  return views.some(
    (tag, i) =>
      (steps.has(tag) || steps.has(stepOf(log, tag, views[i + 1] ?? END))) &&
      (i + 1 < views.length || log.alive),
  );
}

/** a confirmed send is not called unknown later, and one that was never sent is never delivered. */
export function confirmed({ clients, daemons }: ResumeLogs): Violation[] {
  const found: Violation[] = [];
  const places = placesOf(daemons);
  for (const { client, entries } of clients) {
    const sure = new Set<string>();
    for (const entry of entries) {
      if (entry.kind !== 'settled') continue;
      const { id, how } = entry;
      if (how === 'confirmed' || how === 'acknowledged') sure.add(id);
      else if (sure.has(id)) found.push({ property: 'R-7', text: `${client}: ${id} is ${how} after all` });
      if (how === 'not-sent' && places.has(id))
        found.push({ property: 'R-7', text: `${client}: ${id} was not sent, and is delivered` });
    }
  }
  return found;
}

/**
 * a member gets each of its own messages once, over moves too, or never when it discards them. It is a member from
 * the list that answers its join until it asks to leave; behind a gap nothing is promised.
 */
export function selfDelivery({ clients }: ResumeLogs): Violation[] {
  const found: Violation[] = [];
  for (const client of clients) {
    const report = (text: string): void => {
      found.push({ property: 'R-8', text: `${client.client} ${text}` });
    };
    const settled = settledOf(client);
    const got = new Map<string, number>();
    for (const entry of client.entries)
      if (entry.kind === 'data') got.set(entry.id, (got.get(entry.id) ?? 0) + 1);
    const member = new Set<string>();
    const wanted = new Set<string>();
    const due = new Map<string, string>();
    const broken = new Set<string>();
    for (const entry of client.entries) {
      if (entry.kind === 'list') {
        if (wanted.has(entry.group)) member.add(entry.group);
      } else if (entry.kind === 'join') {
        wanted.add(entry.group);
      } else if (entry.kind === 'leave' || entry.kind === 'left') {
        member.delete(entry.group);
        wanted.delete(entry.group);
      } else if (entry.kind === 'linked' && entry.verdict === 'unknown') {
        // Its groups have a gap, or were being left, and are left by that.
        due.clear();
      } else if (entry.kind === 'gap') {
        member.delete(entry.group);
        broken.add(entry.group);
        for (const [id, group] of due) if (group === entry.group) due.delete(id);
      } else if (entry.kind === 'send') {
        if (entry.discard && got.has(entry.id)) report(`got ${entry.id}, which it discards`);
        if (!entry.discard && member.has(entry.group)) due.set(entry.id, entry.group);
        if ((got.get(entry.id) ?? 0) > 1 && !broken.has(entry.group) && !hasGap(client, entry.group))
          report(`got its own ${entry.id} ${got.get(entry.id)} times`);
      }
    }
    if (!client.settled) continue;
    for (const id of due.keys()) {
      const how = settled.get(id);
      if (!got.has(id) && how !== 'unknown' && how !== 'not-sent') report(`did not get its own ${id}`);
    }
  }
  return found;
}

const hasGap = ({ entries }: ClientLog, group: string): boolean =>
  entries.some((entry) => entry.kind === 'gap' && entry.group === group);
