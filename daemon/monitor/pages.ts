/** The pages of the monitor: a path and a query in, an answer out. Knows nothing of sockets. */
import type { Buffer } from 'node:buffer';
import { type Lists, QuestionError } from './lists.js';
import type { Delays, LoopDelay } from './loop-delay.js';
import type { Metrics } from './metrics.js';
import type { DaemonStatus } from './status.js';

export interface Page {
  readonly status: number;
  readonly type: string;
  readonly body: string | Buffer;
}

export interface PageSources {
  readonly status: DaemonStatus;
  readonly metrics: Metrics;
  readonly lists: Lists;
  readonly loop: LoopDelay;
}

const TEXT = 'text/plain; charset=utf-8';
const JSON_TYPE = 'application/json; charset=utf-8';
const MEMBERS = '/groups/';

const INDEX = `sspd monitor

/healthz        ok, or 503 without a daemon view
/varz           everything in one JSON object
/sessions       sessions, JSON; ?sort=waitingBytes&limit=100
/groups         groups, JSON; ?limit=100
/groups/NAME    members of one group in order, JSON
/metrics        for Prometheus
`;

const text = (status: number, body: string): Page => ({ status, type: TEXT, body });
const json = (status: number, value: object): Page => ({
  status,
  type: JSON_TYPE,
  body: `${JSON.stringify(value)}\n`,
});

/** What everything that goes wrong looks like. */
export const errorPage = (status: number, error: string): Page => json(status, { error });

/**
 * @param target as it stands in the request: path and query. Not made a URL first: that would take `.` and `..`, which
 * are good names of groups, for steps.
 */
export async function pageOf(target: string, sources: PageSources): Promise<Page> {
  const [path = '', ...query] = target.split('?');
  try {
    const page = await find(path, new URLSearchParams(query.join('?')), sources);
    return page ?? errorPage(404, 'no such page; / lists them');
  } catch (error) {
    if (error instanceof QuestionError) return errorPage(400, error.message);
    throw error;
  }
}

async function find(
  path: string,
  query: URLSearchParams,
  { status, metrics, lists, loop }: PageSources,
): Promise<Page | null> {
  switch (path) {
    case '/':
      return text(200, INDEX);
    case '/healthz':
      return isOperational(status) ? text(200, 'ok\n') : text(503, 'no daemon view\n');
    case '/varz':
      return json(200, varz(status, loop.delays, Date.now()));
    case '/sessions':
      return list(await lists.sessions(query));
    case '/groups':
      return list(await lists.groups(query));
    case '/metrics':
      return { status: 200, type: metrics.contentType, body: await metrics.text() };
    default:
      return path.startsWith(MEMBERS) ? list(await lists.members(path.slice(MEMBERS.length))) : null;
  }
}

const list = (body: Buffer | null): Page =>
  body === null ? errorPage(404, 'no such group') : { status: 200, type: JSON_TYPE, body };

// Everything in one look: the status record of [daemon 5] as far as it means something here, and its wishes.

/** The object of the page `/varz`. A field that is there stays there; others may come. */
export function varz(status: DaemonStatus, delays: Delays, now: number): object {
  const { counters, core, engine, daemons } = status;
  const { rss, heapTotal, heapUsed, external, arrayBuffers } = process.memoryUsage();
  return {
    name: status.name,
    id: status.id,
    version: status.version,
    node: process.version,
    pid: process.pid,
    configurationHash: status.configurationHash,
    started: new Date(status.started).toISOString(),
    uptimeSeconds: Math.max(0, Math.floor((now - status.started) / 1_000)),
    addresses: status.addresses,
    unixPath: status.unixPath,
    state: isOperational(status) ? 'operational' : 'no-view',
    daemons,
    leader: daemons[0] ?? null,
    sessions: status.sessionCount,
    handshakes: status.handshakes,
    groups: status.groupCount,
    memberships: status.membershipCount,
    waitingBytes: status.waitingBytes,
    sessionsBehind: status.behindCount,
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
