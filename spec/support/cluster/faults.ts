/** What can be done to a rig, as data: a line of text for people and for specs, and the deed. */
import { setTimeout as pause } from 'node:timers/promises';
import type { Cluster } from './cluster.js';
import { type Role, ROLES } from './node.js';

/** What can be done to one process. A freeze may have an end. */
type Deed = 'kill' | 'stop' | 'start' | 'freeze' | 'thaw';

export type Fault =
  | { readonly kind: 'cut'; readonly nodes: readonly number[] }
  | { readonly kind: 'split'; readonly sides: readonly (readonly number[])[] }
  | { readonly kind: 'heal' | 'restore' | 'formed' }
  | { readonly kind: 'loss'; readonly percent: number }
  | { readonly kind: 'delay'; readonly milliseconds: number }
  | { readonly kind: Deed; readonly role: Role; readonly node: number; readonly milliseconds?: number };

export const FAULT_FORMS = `cut N[,N]              the nodes hear nobody, each for itself
split N[,N] N[,N] ...  each side hears itself only
heal                   all hear all again
loss P                 so many per cent of the packets are lost; 0 ends it
delay MS               the packets take so long; needs netem in the kernel
kill ROLE N            SIGKILL; a role is corosync or sspd
stop ROLE N            SIGTERM
start ROLE N
freeze ROLE N [5s]     SIGSTOP, with a time only for so long (ms or s)
thaw ROLE N            SIGCONT
restore                everything runs and hears all
formed                 waits until all nodes are in every ring`;

/** @throws Error for a line that is none */
export function parseFault(line: string): Fault {
  const [kind = '', ...words] = line.trim().split(/\s+/);
  switch (kind) {
    case 'heal':
    case 'restore':
    case 'formed':
      return { kind };
    case 'cut':
      return { kind, nodes: numbers(words[0]) };
    case 'split':
      return { kind, sides: words.map(numbers) };
    case 'loss':
      return { kind, percent: number(words[0]) };
    case 'delay':
      return { kind, milliseconds: milliseconds(words[0]) };
    case 'kill':
    case 'stop':
    case 'start':
    case 'freeze':
    case 'thaw': {
      const [role, node, time] = words;
      const limit = time === undefined ? {} : { milliseconds: milliseconds(time) };
      return { kind, role: roleOf(role), node: number(node), ...limit };
    }
    default:
      throw new Error(`"${line}" is none of\n${FAULT_FORMS}`);
  }
}

/** Resolves when it is done; a freeze with an end, when that has come. */
export async function applyFault(cluster: Cluster, fault: Fault): Promise<void> {
  const { network } = cluster;
  switch (fault.kind) {
    case 'cut':
      for (const node of fault.nodes) network.cut(node);
      break;
    case 'split':
      network.split(fault.sides);
      break;
    case 'heal':
      network.heal();
      break;
    case 'restore':
      cluster.restore();
      break;
    case 'formed':
      await cluster.formed();
      break;
    case 'loss':
      network.lose(fault.percent);
      break;
    case 'delay':
      network.delay(fault.milliseconds);
      break;
    default:
      await doTo(cluster, fault);
  }
}

async function doTo(cluster: Cluster, fault: Extract<Fault, { kind: Deed }>): Promise<void> {
  const node = cluster.node(fault.node);
  if (fault.kind === 'start') {
    node.start(fault.role);
    return;
  }
  const process = node.running(fault.role);
  switch (fault.kind) {
    case 'kill':
      return await process.kill();
    case 'stop':
      return await process.stop();
    case 'thaw':
      process.thaw();
      return;
    case 'freeze':
      process.freeze();
      if (fault.milliseconds === undefined) return;
      await pause(fault.milliseconds);
      if (process.isRunning) process.thaw();
  }
}

function number(word = ''): number {
  if (!/^\d+(\.\d+)?$/.test(word)) throw new Error(`"${word}" is no number`);
  return Number(word);
}

const numbers = (words = ''): number[] => words.split(',').map(number);

/** `500`, `500ms` or `5s`. */
function milliseconds(word = ''): number {
  const [, count, unit] = /^([\d.]+)(ms|s)?$/.exec(word) ?? [];
  return number(count) * (unit === 's' ? 1_000 : 1);
}

function roleOf(word = ''): Role {
  const role = ROLES.find((each) => each === word);
  if (!role) throw new Error(`"${word}" is neither corosync nor sspd`);
  return role;
}
