/** `ssp top`: the sessions of a daemon, the busiest first, live. */
import { setTimeout as sleep } from 'node:timers/promises';
import { type Command, Option } from 'commander';
import { Failure, interruption, print } from './failure.js';
import { type MonitorFlags, ask, monitorVerb } from './monitor/ask.js';
import { type SessionsPage, sessionsPage } from './monitor/pages.js';
import { KeyScreen, SORTS, type Sort, topLines } from './monitor/top-screen.js';
import { printable } from './text.js';
import { duration, jsonOption } from './values.js';

/** All of them, as far as the monitor gives them: who is busiest is found out here. */
export const PAGE = '/sessions?sort=waitingBytes&limit=10000';

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
    .addOption(new Option('-s, --sort <column>', 'sort key').choices([...SORTS]).default('waiting'))
    .option('-i, --interval <time>', 'refresh interval', duration('s'), 2_000)
    .addOption(jsonOption('one snapshot as a JSON object'))
    .action(async (flags: Flags) => {
      const stop = interruption(false);
      const page = await ask(PAGE, sessionsPage, flags, stop);
      if (flags.json === true) await print(JSON.stringify(page), stop);
      else if (KeyScreen.isPossible) await follow(page, flags, stop);
      else await print(topLines({ page, before: null, sort: flags.sort }).join('\n'), stop);
    });

/** What the monitor has told, and why it tells nothing now: a daemon that is started again does not end the watching. */
export class TopDisplay {
  /** The look before, for rates. */
  before: SessionsPage | null = null;
  problem: string | null = null;

  constructor(public page: SessionsPage) {}

  /** @param next gives the next page @throws what is no Failure */
  async look(next: () => Promise<SessionsPage>): Promise<void> {
    try {
      const page = await next();
      this.before = this.page;
      this.page = page;
      this.problem = null;
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      this.problem = error.message;
    }
  }
}

async function follow(first: SessionsPage, flags: Flags, stop: AbortSignal): Promise<void> {
  const quit = new AbortController();
  const over = AbortSignal.any([stop, quit.signal]);
  const interval = Math.max(SHORTEST_INTERVAL, flags.interval);
  const watch = new TopDisplay(first);
  let { sort } = flags;

  const draw = (): void => {
    const { page, before, problem: trouble } = watch;
    const last = trouble === null ? LEGEND : `${printable(trouble)}   q quit`;
    const lines = topLines({ page, before, sort }, screen.rows - 1, screen.columns);
    screen.draw([...lines, last.slice(0, screen.columns)]);
  };
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
      await watch.look(() => ask(PAGE, sessionsPage, flags, over));
    }
  } catch (error) {
    if (!quit.signal.aborted) throw stop.aborted ? stop.reason : error;
  }
}
