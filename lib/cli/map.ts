/** `ssp map`: reads, writes and follows a replicated map. */
import { Argument, type Command, Option } from 'commander';
import type { Connection } from '../index.js';
import { type ReplicatedMap, map } from '../recipes/index.js';
import { FAILED_STATUS, Failure, interruption, print } from './failure.js';
import { valueLine, valueOf } from './json-values.js';
import { watchMap } from './map-changes.js';
import {
  checkQuorumFlags,
  maxMembersOption,
  type QuorumFlags,
  quorumOf,
  quorumOption,
} from './quorum-flags.js';
import { withStatuses } from './run/exit-status.js';
import { WaitLimit } from './run/wait-limit.js';
import { type Access, withConnection } from './session.js';
import { printable } from './text.js';
import { group as groupName, jsonOption, nameOption, verb, waitTime } from './values.js';

const ACTIONS = ['get', 'set', 'watch'] as const;
type Action = (typeof ACTIONS)[number];

/** Milliseconds for reading and writing, unless `--timeout` says otherwise. */
const DEFAULT_TIMEOUT_MS = 10_000;

interface Flags extends Access, QuorumFlags {
  readonly timeout?: number;
  readonly json?: boolean;
}

export const mapCommand = (command: Command): Command =>
  verb(command, [
    'ssp map get settings                  # all of it',
    'ssp map get settings colour',
    'ssp map set settings colour green',
    'ssp map set settings limits \'{"rate":5}\' --json',
    'ssp map watch settings --json | jq -c .',
  ])
    .addArgument(new Argument('<action>', 'what to do').choices([...ACTIONS]))
    .argument('<group>', 'group of the map', groupName)
    .argument('[key]', 'one key; get and watch without one: all of them')
    .argument('[value]', 'for set: a text, or JSON with --json')
    .addOption(nameOption())
    .addOption(quorumOption())
    .addOption(maxMembersOption())
    .addOption(
      new Option(
        '--timeout <time>',
        'give up if the map is not here after this time (default: 10s, for watch no limit)',
      ).argParser(waitTime),
    )
    .addOption(jsonOption('values are JSON, the one to set, too; one JSON object per line'))
    .hook('preAction', checkQuorumFlags)
    .hook('preAction', checkArguments)
    .action(async (action: Action, group: string, key: string | undefined, value: string, flags: Flags) => {
      const isJson = flags.json === true;
      const wanted = action === 'set' ? valueOf(value, isJson, 'the value') : undefined;
      const stop = interruption(action !== 'watch');
      await withMap(action, group, flags, stop, async (it) => {
        if (action === 'watch') return await watchMap(it, key, isJson, stop);
        if (action === 'set') {
          await it.set(key as string, wanted, { signal: stop });
          return isJson ? await print(JSON.stringify({ key, value: wanted }), stop) : undefined;
        }
        for (const line of read(it, group, key, isJson)) await print(line, stop);
      });
    });

function checkArguments(command: Command): void {
  const [action, , key, value] = command.processedArgs as readonly (string | undefined)[];
  if (action === 'set' && (key === undefined || value === undefined))
    command.error('error: map set requires a group, a key and a value');
  if (action !== 'set' && value !== undefined)
    command.error(`error: map ${action} takes a group and a key, got a value as well`);
}

/** Joins, waits for the state, and works with it. A map that nobody else holds would be gone with this process. */
async function withMap(
  action: Action,
  group: string,
  flags: Flags,
  stop: AbortSignal,
  work: (it: ReplicatedMap<unknown>) => Promise<void>,
): Promise<void> {
  const isWatch = action === 'watch';
  using limit = new WaitLimit(
    flags.timeout ?? (isWatch ? undefined : DEFAULT_TIMEOUT_MS),
    `the map ${group} was not ${action === 'set' ? 'changed' : 'here'}`,
  );
  limit.start();
  const signal = AbortSignal.any([stop, limit.signal]);
  const run = async (connection: Connection): Promise<void> => {
    const members = membersOf(connection, group);
    const it = await map<unknown>(connection, group, { ...quorumOf(flags), signal });
    await it.ready({ signal });
    if (!isWatch && members() < 2) throw new Failure(`no other member of the group ${group} holds a map`);
    if (action !== 'set') limit.stop();
    await work(it);
  };
  await withStatuses(FAILED_STATUS, () =>
    withConnection(flags, signal, run, isWatch ? 'comes-back' : 'ends'),
  );
}

/** Counts the members in the latest view. */
function membersOf(connection: Connection, group: string): () => number {
  let count = 0;
  connection.on('event', (event) => {
    if (event.kind === 'view' && event.group === group) count = event.members.length;
  });
  return () => count;
}

function read(it: ReplicatedMap<unknown>, group: string, key: string | undefined, isJson: boolean): string[] {
  const line = (name: string, value: unknown): string =>
    isJson ? JSON.stringify({ key: name, value }) : `${printable(name)}  ${valueLine(value)}`;
  if (key === undefined) return sorted(it).map(([name, value]) => line(name, value));
  if (!it.has(key)) throw new Failure(`no key ${JSON.stringify(key)} in the map ${group}`);
  const value = it.get(key);
  return [isJson ? line(key, value) : valueLine(value)];
}

const sorted = (it: ReplicatedMap<unknown>): [string, unknown][] =>
  [...it].toSorted(([a], [b]) => (a < b ? -1 : 1));
