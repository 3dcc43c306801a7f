/** `ssp top`: the sessions, groups and daemons of a daemon's view, the busiest first, live. */
import { Argument, type Command, Option } from 'commander';
import { interruption, print } from '../failure.js';
import { type MonitorFlags, ask, monitorVerb } from '../monitor/ask.js';
import { duration, jsonOption } from '../values.js';
import { type Ask, newDisplays } from './display.js';
import { KeyScreen, painted } from './key-screen.js';
import { LiveTop } from './live.js';
import { type ListName, allSorts, layout, listNames } from './lists.js';

const SHORTEST_INTERVAL = 100;

interface Flags extends MonitorFlags {
  readonly sort?: string;
  /** Milliseconds. */
  readonly interval: number;
}

export const topCommand = (command: Command): Command =>
  monitorVerb(command, [
    'ssp top',
    'ssp top groups',
    'ssp top --sort out --interval 5s',
    'ssp top --json | jq .total',
  ])
    .addArgument(new Argument('[list]', 'list to begin with').choices(listNames).default('sessions'))
    .addOption(
      new Option('-s, --sort <column>', 'sort key (default: waiting; of groups: members)').choices(allSorts),
    )
    .addOption(
      new Option('-i, --interval <time>', 'refresh interval; a plain number is seconds')
        .argParser(duration('s'))
        .default(2_000, '2s'),
    )
    .addOption(jsonOption('one snapshot as a JSON object'))
    .action(top);

async function top(list: ListName, flags: Flags, command: Command): Promise<void> {
  const { sort, json, interval } = flags;
  const displays = newDisplays();
  const display = displays[list];
  if (sort !== undefined) {
    if (!display.sorts.includes(sort)) command.error(sortFault(list, sort, display.sorts));
    display.sort = sort;
  }
  const stop = interruption(false);
  const asking =
    (signal: AbortSignal): Ask =>
    (each) =>
      ask(each.path, each.page, flags, signal);
  // The first answer decides whether there is anything to look at.
  await display.look(asking(stop));
  const content = display.content();
  if (content === null) throw display.problem;
  if (json === true) await print(JSON.stringify(display.page), stop);
  else if (KeyScreen.isPossible)
    await new LiveTop(displays, list).run({
      interval: Math.max(SHORTEST_INTERVAL, interval),
      stop,
      ask: asking,
    });
  else
    await print(
      layout(content)
        .map((line) => painted(line))
        .join('\n'),
      stop,
    );
}

function sortFault(list: ListName, sort: string, sorts: readonly string[]): string {
  const expected = sorts.length === 0 ? 'they have one order' : `expected one of ${sorts.join(', ')}`;
  return `error: --sort ${sort} does not apply to ${list}: ${expected}`;
}
