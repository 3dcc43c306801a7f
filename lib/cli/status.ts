/** `ssp status`: how a daemon does. */
import type { Command } from 'commander';
import { Failure, interruption, print } from './failure.js';
import { type MonitorFlags, ask, monitorVerb } from './monitor/ask.js';
import { type StatusPage, statusPage } from './monitor/pages.js';
import { printable } from './text.js';
import { age, bytes, count, plural } from './units.js';
import { jsonOption } from './values.js';

export const statusCommand = (command: Command): Command =>
  monitorVerb(command, ['ssp status', 'ssp status --monitor /run/sspd/monitor --json'])
    .addOption(jsonOption('the whole status as one JSON object'))
    .action(async (flags: MonitorFlags) => {
      const stop = interruption(true);
      const page = await ask('/varz', statusPage, flags, stop);
      await print(flags.json === true ? JSON.stringify(page) : statusText(page), stop);
      if (page.daemons.length === 0) throw new Failure('the daemon has no daemon view');
    });

/** A page for people. */
export function statusText(page: StatusPage): string {
  const {
    daemons,
    connections,
    traffic,
    engine,
    memoryBytes: memory,
    eventLoopDelayMilliseconds: delay,
  } = page;
  const places = [
    ...page.addresses.map(({ host, port }) => `${port}@${host}`),
    ...(page.unixPath === null ? [] : [page.unixPath]),
  ];
  const lines: readonly (readonly [string, string])[] = [
    ['daemon', `${page.name}, version ${page.version}, up ${age(page.uptimeSeconds)}`],
    ['listens on', places.join(', ')],
    ['configuration', page.configurationHash],
    ['daemon view', daemons.length === 0 ? `none (${page.state})` : daemons.join(', ')],
    ['engine', `${engine.kind}, ${plural(engine.views, 'view')}, ${bytes(engine.queuedBytes)} queued`],
    ['sessions', `${count(page.sessions)}, ${count(page.handshakes)} of them in their handshake`],
    ['groups', count(page.groups)],
    ['waiting', `${bytes(page.waitingBytes)} for all sessions`],
    ['in', `${plural(traffic.messagesIn, 'message')}, ${bytes(traffic.bytesIn)}`],
    ['out', `${plural(traffic.messagesOut, 'message')}, ${bytes(traffic.bytesOut)}`],
    ['connections', `${count(connections.accepted)} accepted, ${count(connections.established)} established`],
    ['rejected', tallyText(connections.rejections)],
    ['ended', tallyText(connections.ends)],
    ['event loop', `late by ${delay.p50} ms (median), ${delay.p99} ms (99%), ${delay.max} ms (most)`],
    ['memory', `${bytes(memory.rss)}, of which heap ${bytes(memory.heapUsed)}`],
  ];
  return lines.map(([what, value]) => `${what.padEnd(15)}${printable(value)}`).join('\n');
}

const tallyText = (tally: Readonly<Record<string, number>>): string =>
  Object.entries(tally)
    .map(([cause, value]) => `${cause} ${count(value)}`)
    .join(', ') || 'none';
