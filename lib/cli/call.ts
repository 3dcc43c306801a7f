/** `ssp call`: asks all members of a group. */
import { type Command, Option } from 'commander';
import { type CallMode, type CallOutcome, type CallResult, groupRpc } from '../recipes/index.js';
import { FAILED_STATUS, Failure, interruption, print } from './failure.js';
import { valueLine, valueOf } from './json-values.js';
import { TIMEOUT_STATUS, withStatuses } from './run/exit-status.js';
import { WaitLimit } from './run/wait-limit.js';
import { type Access, withConnection } from './session.js';
import { printable } from './text.js';
import { plural } from './units.js';
import { group as groupName, jsonOption, nameOption, verb, waitTime } from './values.js';

/** Milliseconds, unless `--timeout` says otherwise. */
const DEFAULT_TIMEOUT_MS = 5_000;

interface Flags extends Access {
  readonly mode: CallMode;
  readonly timeout: number;
  readonly json?: boolean;
}

export const callCommand = (command: Command): Command =>
  verb(command, [
    'ssp call shops apples',
    'ssp call shops \'{"fruit":"apples"}\' --json | jq .values',
    'ssp call shops apples --mode first --timeout 1s || echo "nobody has apples"',
  ])
    .argument('<group>', 'group to ask', groupName)
    .argument('[request]', 'a text, or JSON with --json; nothing: a call without a value')
    .addOption(nameOption())
    .addOption(
      new Option(
        '--mode <mode>',
        'when it is over: with the first value, those of a majority, or all answers',
      )
        .choices(['first', 'majority', 'all'])
        .default('all'),
    )
    .addOption(
      new Option('--timeout <time>', 'time that the members have to answer, and the daemon before that')
        .default(DEFAULT_TIMEOUT_MS, '5s')
        .argParser(waitTime),
    )
    .addOption(jsonOption('the request is JSON; one JSON object'))
    .action(async (group: string, text: string | undefined, flags: Flags) => {
      const isJson = flags.json === true;
      const request = text === undefined ? undefined : valueOf(text, isJson, 'the request');
      const stop = interruption(true);
      const result = await ask(group, request, flags, stop);
      for (const line of isJson ? [resultJson(group, result)] : resultLines(result)) await print(line, stop);
      checkSatisfied(group, result);
    });

async function ask(
  group: string,
  request: unknown,
  flags: Flags,
  stop: AbortSignal,
): Promise<CallResult<unknown>> {
  const { mode, timeout: timeoutMs } = flags;
  using limit = new WaitLimit(timeoutMs, `the group ${group} was not joined`);
  limit.start();
  const signal = AbortSignal.any([stop, limit.signal]);
  let result: CallResult<unknown> | null = null;
  await withStatuses(FAILED_STATUS, () =>
    withConnection(flags, signal, async (connection) => {
      const rpc = await groupRpc(connection, group, { signal });
      limit.stop();
      result = await rpc.call(request, { mode, timeoutMs, signal: stop });
    }),
  );
  // The call has settled, or thrown.
  return result as unknown as CallResult<unknown>;
}

const resultJson = (group: string, { outcomes, values, satisfied }: CallResult<unknown>): string =>
  JSON.stringify({ verb: 'call', group, satisfied, outcomes: Object.fromEntries(outcomes), values });

const resultLines = ({ outcomes }: CallResult<unknown>): string[] =>
  [...outcomes].map(([member, outcome]) => `${printable(member)}  ${outcomeText(outcome)}`);

function outcomeText(outcome: CallOutcome<unknown>): string {
  if (outcome.kind === 'value') return valueLine(outcome.value);
  return outcome.kind === 'error' ? `error: ${printable(outcome.message)}` : outcome.kind;
}

/** @throws Failure where there are fewer values than the mode asks for */
function checkSatisfied(group: string, { outcomes, values, satisfied }: CallResult<unknown>): void {
  if (satisfied) return;
  if (outcomes.size === 0) throw new Failure(`no member of the group ${group} answers calls`);
  const isLate = [...outcomes.values()].some(({ kind }) => kind === 'timeout');
  const text = `${plural(outcomes.size, 'member')} asked, ${plural(values.length, 'value')} received`;
  throw new Failure(text, isLate ? TIMEOUT_STATUS : FAILED_STATUS);
}
