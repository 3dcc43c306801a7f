/** Everything in one look: the status record of [daemon 5] as far as it means something here, and its wishes. */
import type { Delays } from './loop-delay.js';
import type { DaemonStatus } from './sight.js';

/** The object of the page `/varz`. A field that is there stays there; others may come. */
export function varz(sight: DaemonStatus, delays: Delays, now: number): object {
  const { counters, core, engine, daemons } = sight;
  const { rss, heapTotal, heapUsed, external, arrayBuffers } = process.memoryUsage();
  return {
    name: sight.name,
    id: sight.id,
    version: sight.version,
    node: process.version,
    pid: process.pid,
    configurationHash: sight.configurationHash,
    started: new Date(sight.started).toISOString(),
    uptimeSeconds: Math.max(0, Math.floor((now - sight.started) / 1_000)),
    addresses: sight.addresses,
    unixPath: sight.unixPath,
    state: isOperational(sight) ? 'operational' : 'no-view',
    daemons,
    leader: daemons[0] ?? null,
    sessions: sight.sessionCount,
    handshakes: sight.handshakes,
    groups: sight.groupCount,
    memberships: sight.membershipCount,
    waitingBytes: sight.waitingBytes,
    sessionsBehind: sight.behindCount,
    connections: {
      accepted: counters.connections,
      established: counters.sessions,
      rejections: counters.rejections,
      ends: counters.ends,
    },
    traffic: {
      messagesIn: counters.messagesIn,
      messagesOut: counters.messagesOut,
      bytesIn: counters.bytesIn,
      bytesOut: counters.bytesOut,
    },
    requests: {
      submitted: core.submitted,
      ordered: core.ordered,
      refused: core.refused,
      limited: core.limited,
      illegalGroupNames: core.illegalGroupNames,
      exchanges: core.exchanges,
      deferred: core.deferred,
      damaged: core.damaged,
    },
    engine,
    eventLoopDelayMilliseconds: delays,
    memoryBytes: { rss, heapTotal, heapUsed, external, arrayBuffers },
  };
}

/** Whether there is a daemon view: without one nothing is ordered. */
export const isOperational = ({ daemons }: DaemonStatus): boolean => daemons.length > 0;
