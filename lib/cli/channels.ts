/** `ssp channels`: the channels that there are. */
import { Buffer } from 'node:buffer';
import { type Command, Option } from 'commander';
import { type ChannelInfo, openChannels } from '../channel/index.js';
import { FAILED_STATUS, interruption, print } from './failure.js';
import { table } from './monitor/table.js';
import { withStatuses } from './run/exit-status.js';
import { WaitLimit } from './run/wait-limit.js';
import { type Access, withConnection } from './session.js';
import { bodyFields, printable } from './text.js';
import { group as groupName, jsonOption, nameOption, verb, waitTime } from './values.js';

/** Milliseconds, unless `--timeout` says otherwise. */
const DEFAULT_TIMEOUT_MS = 10_000;

interface Flags extends Access {
  readonly group?: string;
  readonly timeout: number;
  readonly json?: boolean;
}

export const channelsCommand = (command: Command): Command =>
  verb(command, [
    'ssp channels',
    'ssp channels shop/                    # those whose name begins so',
    "ssp channels --json | jq -r 'select(.clients | length == 0) | .name'",
  ])
    .argument('[prefix]', 'how the names begin', '')
    .addOption(nameOption())
    .addOption(
      new Option('-g, --group <group>', 'group of the registry (default: that of the library)').argParser(
        groupName,
      ),
    )
    .addOption(
      new Option('--timeout <time>', 'give up if the list is not here after this time')
        .default(DEFAULT_TIMEOUT_MS, '10s')
        .argParser(waitTime),
    )
    .addOption(jsonOption('one JSON object per line, each a channel'))
    .action(async (prefix: string, flags: Flags) => {
      const stop = interruption(true);
      const found = await list(prefix, flags, stop);
      const lines = flags.json === true ? found.map(channelJson) : channelsTable(found);
      for (const line of lines) await print(line, stop);
    });

async function list(prefix: string, flags: Flags, stop: AbortSignal): Promise<ChannelInfo[]> {
  using limit = new WaitLimit(flags.timeout, 'the list of channels did not come');
  limit.start();
  const signal = AbortSignal.any([stop, limit.signal]);
  let found: ChannelInfo[] = [];
  await withStatuses(FAILED_STATUS, () =>
    withConnection(flags, signal, async (connection) => {
      const { registry } = await openChannels(connection, { group: flags.group, signal });
      found = await registry.list(prefix);
    }),
  );
  return found;
}

/** Metadata as text where it is one, as bodies are. */
function channelJson({ metadata, ...info }: ChannelInfo): string {
  return JSON.stringify({ ...info, metadata: bodyFields(Buffer.from(metadata)) });
}

/** A table for people. */
export const channelsTable = (channels: readonly ChannelInfo[]): string[] =>
  table(
    ['channel', 'server', 'state', 'clients', 'posts at most', 'when full'],
    channels.map(({ name, owner, state, clients, maxBuffered, overflow }) => [
      printable(name),
      printable(owner),
      state,
      clients.length,
      maxBuffered,
      overflow,
    ]),
  );
