/** The pages of the monitor: a path and a query in, an answer out. Knows nothing of sockets. */
import type { Buffer } from 'node:buffer';
import { type Lists, QuestionError } from './lists.js';
import type { Delays, LoopDelay } from './loop-delay.js';
import type { Metrics } from './metrics.js';
import { stateOf } from './state.js';
import type { DaemonStatus } from './status.js';

export interface Page {
  readonly status: number;
  readonly type: string;
  readonly body: string | Buffer;
  /** Beside those that every page has. */
  readonly headers?: Readonly<Record<string, string>>;
}

export interface PageSources {
  readonly status: DaemonStatus;
  readonly metrics: Metrics;
  readonly lists: Lists;
  readonly loop: LoopDelay;
  /** Whether there is a console, which is served elsewhere. */
  readonly hasConsole: boolean;
}

const TEXT = 'text/plain; charset=utf-8';
const JSON_TYPE = 'application/json; charset=utf-8';
const MEMBERS = '/groups/';
const SESSION = '/sessions/';

const INDEX = `sspd monitor

/healthz        ok, or 503 without a daemon view and before a stop
/varz           everything in one JSON object
/sessions       sessions, JSON; ?sort=waitingBytes&limit=100&match=TEXT
/sessions/N     one session and the names of its groups, JSON
/groups         groups, JSON; ?limit=100&match=TEXT
/groups/NAME    members of one group in order, JSON
/metrics        for Prometheus
`;

const OF_CONSOLE = `/console        all this to look at, for a browser
/feed           what the console shows, JSON lines without end; ?group=NAME
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

async function find(path: string, query: URLSearchParams, sources: PageSources): Promise<Page | null> {
  const { status, metrics, lists, loop, hasConsole } = sources;
  switch (path) {
    case '/':
      return text(200, hasConsole ? INDEX + OF_CONSOLE : INDEX);
    case '/healthz':
      return healthOf(status);
    case '/varz':
      return json(200, varz(status, loop.delays, Date.now()));
    case '/sessions':
      return list(await lists.sessions(query));
    case '/groups':
      return list(await lists.groups(query));
    case '/metrics':
      return { status: 200, type: metrics.contentType, body: await metrics.text() };
    default:
      if (path.startsWith(SESSION)) return sessionOf(status, path.slice(SESSION.length));
      return path.startsWith(MEMBERS) ? list(await lists.members(path.slice(MEMBERS.length))) : null;
  }
}

function sessionOf(status: DaemonStatus, number: string): Page {
  const session = /^\d{1,15}$/.test(number) ? status.session(Number(number)) : null;
  return session === null ? errorPage(404, 'no such session') : json(200, session);
}

/** A daemon that is about to stop takes no clients: whoever sends them to daemons is to know. */
function healthOf(status: DaemonStatus): Page {
  const state = stateOf(status);
  if (state === 'operational') return text(200, 'ok\n');
  return text(503, state === 'no-view' ? 'no daemon view\n' : 'draining\n');
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
    state: stateOf(status),
    daemons,
    leader: daemons[0] ?? null,
    sessions: status.sessionCount,
    handshakes: status.handshakes,
    sessionsHeld: status.heldCount,
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
      oversized: core.oversized,
      outgrown: core.outgrown,
      records: core.records,
      illegalGroupNames: core.illegalGroupNames,
      exchanges: core.exchanges,
      deferred: core.deferred,
      damaged: core.damaged,
    },
    resume: { ...status.resume, returns: counters.returns, gaps: counters.gaps },
    engine,
    eventLoopDelayMilliseconds: delays,
    memoryBytes: { rss, heapTotal, heapUsed, external, arrayBuffers },
  };
}
