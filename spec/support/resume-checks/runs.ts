/** The parts of what a client saw of a group in which nothing may be missing: from a list to a gap, a leave or the end. */
import { type ClientEntry, type ClientLog, discardedBy, namesOf } from './log.js';
import { dataStep, viewStep } from './sequences.js';

export interface Run {
  readonly client: ClientLog;
  readonly group: string;
  /** Data and views as steps, the list first. */
  readonly steps: string[];
  /** The list is of an own join: what comes next follows it directly. */
  readonly isFromJoin: boolean;
  /** Whether the client is in the last view. */
  isListed: boolean;
  /** Nothing has come since its session was forgotten, and another one began. */
  isForgotten: boolean;
  /** A gap of the group came before, so that a message may come that was seen before it. */
  readonly isBehindGap: boolean;
  end: 'gap' | 'left' | 'log';
  /** Steps of own messages that the client does not want. */
  readonly hidden: ReadonlySet<string>;
}

export interface RunsOfClient {
  readonly runs: readonly Run[];
  /** What came while no run was open. */
  readonly outside: readonly ClientEntry[];
  /** The runs that are open when a link begins, by the entry of the link. */
  readonly openAt: ReadonlyMap<ClientEntry, readonly { readonly run: Run; readonly steps: number }[]>;
}

export function runsOf(client: ClientLog): RunsOfClient {
  const names = namesOf(client);
  const isIn = (members: readonly string[]): boolean => members.some((name) => names.has(name));
  const hidden = new Set([...discardedBy(client)].map(dataStep));
  const runs: Run[] = [];
  const open = new Map<string, Run>();
  const gaps = new Set<string>();
  /** Of a group that it is not in it hears of no gap. */
  let hasGap = false;
  const outside: ClientEntry[] = [];
  const openAt = new Map<ClientEntry, { run: Run; steps: number }[]>();
  const end = (group: string, how: Run['end']): void => {
    const run = open.get(group);
    if (run) run.end = how;
    open.delete(group);
  };
  for (const entry of client.entries) {
    switch (entry.kind) {
      case 'linked':
        for (const run of open.values()) run.isForgotten ||= entry.verdict === 'unknown';
        hasGap ||= entry.verdict !== 'new' && entry.verdict !== 'whole' && entry.verdict !== 'here';
        openAt.set(
          entry,
          [...open.values()].map((run) => ({ run, steps: run.steps.length })),
        );
        break;
      case 'list': {
        const { group, gid } = entry;
        if (open.has(group)) outside.push(entry);
        const isBehindGap = hasGap || gaps.has(group);
        const steps = [viewStep(gid)];
        const run: Run = {
          client,
          group,
          steps,
          isFromJoin: entry.of === 'join',
          isListed: isIn(entry.members),
          isForgotten: false,
          isBehindGap,
          end: 'log',
          hidden,
        };
        runs.push(run);
        open.set(group, run);
        break;
      }
      case 'data':
      case 'view': {
        const run = open.get(entry.group);
        if (run) run.isForgotten = false;
        if (!run) outside.push(entry);
        else if (entry.kind === 'data') run.steps.push(dataStep(entry.id));
        else {
          run.steps.push(viewStep(entry.gid));
          run.isListed = isIn(entry.members);
        }
        break;
      }
      case 'left':
        end(entry.group, 'left');
        break;
      case 'gap':
        gaps.add(entry.group);
        end(entry.group, 'gap');
        break;
      default:
    }
  }
  return { runs, outside, openAt };
}
