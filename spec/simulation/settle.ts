/** The end of every world: everything is mended, and within a bounded time everything must be as if nothing had been. */
import type { Violation } from '../../daemon/testing/checks/log.js';
import { MAX_GROUPS } from '../../lib/wire/limits.js';
import { AGREED_MESS } from '../../lib/wire/service.js';
import { unrestOf } from '../../daemon/testing/settle.js';
import type { World } from './world.js';

/** Virtual milliseconds that the daemons have for it. */
const LIMIT = 30_000;
const STEP = 47;
/** It must stay so for a while. */
const QUIET_STEPS = 4;

/** Mends everything and waits. @returns what did not come about */
export function settle(world: World): Violation[] {
  mend(world);
  const found = quiet(world);
  if (found.length > 0) return found;
  // Whoever is away comes back: its name is free.
  for (const client of world.clients) client.connect(world.daemons[client.plan.daemon] ?? null);
  const late = quiet(world);
  if (late.length > 0) return late;
  // A last word of everybody to the groups it is in: the world does not only look alive.
  for (const client of world.clients) {
    const groups = groupsOf(client.log?.privateGroup ?? '', world);
    if (groups.length > 0) client.send(groups.slice(0, MAX_GROUPS), AGREED_MESS, 0, 1);
  }
  return [...quiet(world), ...missing(world)];
}

const missing = ({ clients }: World): Violation[] =>
  clients
    .filter(({ isConnected }) => !isConnected)
    .map(({ plan }) => ({ property: 'leaks', text: `${plan.name} cannot come back to d${plan.daemon + 1}` }));

function mend(world: World): void {
  const { daemons, fabric } = world;
  world.trace.note('world', () => 'everything is mended');
  fabric.connect([[...daemons.keys()]]);
  for (const index of daemons.keys()) {
    for (const from of daemons.keys()) fabric.deafen?.(index, from, false);
    fabric.corosync?.(index, 'thaw');
    fabric.corosync?.(index, 'start');
    const daemon = daemons[index];
    if (!daemon) {
      world.startDaemon(index);
    } else if (daemon.isOther) {
      world.replaceDaemon(index, false);
    } else {
      daemon.reports = 'good';
      daemon.thaw();
    }
  }
  for (const client of world.clients) client.readAgain();
}

function quiet(world: World): Violation[] {
  let calm = 0;
  let why: string | null = '';
  for (let waited = 0; waited < LIMIT && calm < QUIET_STEPS; waited += STEP) {
    world.loop.runTo(world.loop.now + STEP);
    // Daemons that were stopping when the others were started.
    for (const index of world.daemons.keys()) world.startDaemon(index);
    why = unrest(world);
    calm = why === null ? calm + 1 : 0;
  }
  return why === null ? [] : [{ property: 'liveness', text: `after ${LIMIT} ms ${why}` }];
}

/** What is not at rest yet. */
function unrest({ daemons, clients, fabric }: World): string | null {
  if (!fabric.isSettled) return 'the network is not at rest';
  const [first] = daemons;
  const names = daemons.map((_, index) => `d${index + 1}`);
  for (const daemon of daemons) {
    const why = daemon ? unrestOf(daemon, names) : 'a daemon is down';
    if (why !== null) return why;
    if (daemon?.engine.view?.id.tag !== first?.engine.view?.id.tag) return 'daemons are in different views';
  }
  // Of a client that is gone, what it sent before is read first, and its end has its place in the order.
  const connected = clients.filter(({ isConnected }) => isConnected).length;
  const taken = daemons.reduce((sum, daemon) => sum + (daemon?.core.roster.size ?? 0), 0);
  if (taken !== connected) return `there are ${taken} names for ${connected} clients`;
  const busy = clients.find((client) => !client.isIdle);
  return busy ? `${busy.plan.name} has not read everything` : null;
}

/** As the first daemon has it. */
function groupsOf(privateGroup: string, { daemons }: World): string[] {
  const groups = [...(daemons[0]?.core.groups.values() ?? [])];
  return groups
    .filter(({ members }) => members.toArray().some((member) => member.privateGroup === privateGroup))
    .map(({ name }) => name);
}
