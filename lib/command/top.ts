/** `ssp top`: the sessions of a daemon, the busiest first, live. */
import { setTimeout as sleep } from 'node:timers/promises';
import { type Command, Option } from 'commander';
import { interruption } from './interruption.js';
import { ask } from './monitor/ask.js';
import { KeyScreen } from './monitor/key-screen.js';
import { type SessionsPage, sessionsPage } from './monitor/pages.js';
import { type MonitorFlags, monitorVerb } from './monitor/place.js';
import { type Sort, SORTS } from './monitor/rates.js';
import { topLines } from './monitor/top-table.js';
import { print } from './output.js';
import { duration } from './values.js';
import { jsonOption } from './verb.js';

/** All of them, as far as the monitor gives them: who is busiest is found out here. */
const PAGE = '/sessions?sort=waitingBytes&limit=10000';

const LEGEND = 'w waiting   i in   o out   n name   q quit';
const keys: Readonly<Record<string, Sort>> = { w: 'waiting', i: 'in', o: 'out', n: 'name' };
const endKeys = new Set(['q', 'ctrl-c', 'ctrl-d']);

const SHORTEST_INTERVAL = 100;

interface Flags extends MonitorFlags {
  readonly sort: Sort;
  /** Milliseconds. */
  readonly interval: number;
}

export const topCommand = (): Command =>
  monitorVerb('top', 'Show the sessions of a daemon, live. Without a terminal one table is printed.', [
    'ssp top',
    'ssp top --sort out --interval 5s',
    'ssp top --json | jq .total',
  ])
    .addOption(new Option('-s, --sort <column>', 'what comes first').choices([...SORTS]).default('waiting'))
    .option('-i, --interval <time>', 'time between two looks', duration('s'), 2_000)
    .addOption(jsonOption('what the monitor tells, once, as one JSON object'))
    .action(async (flags: Flags) => {
      const stop = interruption(false);
      const page = await ask(PAGE, sessionsPage, flags, stop);
      if (flags.json === true) await print(JSON.stringify(page), stop);
      else if (KeyScreen.isPossible) await follow(page, flags, stop);
      else await print(topLines({ page, before: null, sort: flags.sort }).join('\n'), stop);
    });

async function follow(first: SessionsPage, flags: Flags, stop: AbortSignal): Promise<void> {
  const quit = new AbortController();
  const over = AbortSignal.any([stop, quit.signal]);
  const interval = Math.max(SHORTEST_INTERVAL, flags.interval);
  let { sort } = flags;
  let page = first;
  let before: SessionsPage | null = null;

  const draw = (): void =>
    screen.draw([
      ...topLines({ page, before, sort }, screen.rows - 1, screen.columns),
      LEGEND.slice(0, screen.columns),
    ]);
  const pressed = (key: string): void => {
    sort = keys[key] ?? sort;
    if (endKeys.has(key)) quit.abort();
    else draw();
  };
  using screen = new KeyScreen(pressed, () => draw());
  try {
    for (;;) {
      draw();
      await sleep(interval, undefined, { signal: over });
      const next = await ask(PAGE, sessionsPage, flags, over);
      before = page;
      page = next;
    }
  } catch (error) {
    if (!quit.signal.aborted) throw stop.aborted ? stop.reason : error;
  }
}
