/** What the clients do: connect, join, leave, send in all services, break off, come back, stop reading. */
import { SAFE_MESS, SELF_DISCARD } from '../../lib/wire/service.js';
import type { Random } from '../support/random.js';
import type { Act, ClientPlan, Step } from './plan.js';
import type { Profile } from './profiles.js';
import { services } from './services.js';

const GROUPS = ['alpha', 'beta', 'gamma', 'delta', 'alph', 'Z'];
const BURST = 25;

export function workloadOf(
  random: Random,
  clients: readonly ClientPlan[],
  profile: Profile,
  start: number,
  end: number,
): Step[] {
  const groups = GROUPS.slice(0, 2 + random.below(GROUPS.length - 1));
  const steps: Step[] = [];
  for (const client of clients.keys()) {
    const add = (at: number, act: Act): void => void steps.push({ at: Math.round(at * 10) / 10, act });
    let at = random.next() * start * 0.6;
    add(at, { do: 'connect', client });
    for (const group of random.several(groups, 1 + random.below(2)))
      add((at += 1), { do: 'join', client, group });
    if (profile.tables > 0) add((at += 1), { do: 'join-many', client, group: 't', count: profile.tables });
    for (;;) {
      at += -Math.log(1 - random.next()) * profile.pace * 2;
      if (at >= end) break;
      if (!random.chance(profile.churn)) add(at, sendOf(random, client, clients, groups, profile));
      else at = change(random, client, groups, profile, at, add);
    }
  }
  return steps;
}

/** @returns the time behind it */
function change(
  random: Random,
  client: number,
  groups: readonly string[],
  profile: Profile,
  at: number,
  add: (at: number, act: Act) => void,
): number {
  const chance = random.next();
  if (chance < 0.4) add(at, { do: 'join', client, group: random.pick(groups) });
  else if (chance < 0.7) add(at, { do: 'leave', client, group: random.pick(groups) });
  else if (chance < 0.75 && profile.slow > 0) {
    add(at, { do: 'stop-reading', client });
    add(at + random.below(1500), { do: 'read', client });
  } else {
    add(at, { do: random.pick(['disconnect', 'close', 'reset']), client });
    const back = at + 1 + random.below(random.chance(0.5) ? 10 : 300);
    add(back, { do: 'connect', client });
    for (const group of random.several(groups, random.below(3))) add(back + 1, { do: 'join', client, group });
    return back + 1;
  }
  return at;
}

function sendOf(
  random: Random,
  client: number,
  clients: readonly ClientPlan[],
  groups: readonly string[],
  { bursts, safe }: Profile,
): Act {
  const chosen = random.chance(safe) ? SAFE_MESS : random.pick(Object.values(services));
  const service = random.chance(0.1) ? chosen | SELF_DISCARD : chosen;
  const size = random.chance(0.05) ? random.below(4000) : random.below(150);
  const count = random.chance(bursts) ? 2 + random.below(BURST) : 1;
  return { do: 'send', client, groups: destinations(random, clients, groups), service, size, count };
}

function destinations(random: Random, clients: readonly ClientPlan[], groups: readonly string[]): string[] {
  const chance = random.next();
  if (chance < 0.8) return [random.pick(groups)];
  const { name, daemon } = random.pick(clients);
  const session = `#${name}#d${daemon + 1}`;
  if (chance < 0.9) return [session];
  return [...random.several(groups, 1 + random.below(3)), ...(random.chance(0.3) ? [session] : [])];
}
