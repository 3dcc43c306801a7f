/**
 * What Prometheus reads. Everything is taken from the status when somebody asks, so that counting costs the daemon
 * nothing; and nothing here depends on the number of sessions or groups, so that a scrape is cheap however many there
 * are. docs/operate/metrics.md has every name; a spec compares.
 */
import { CONTENT_TYPE, type Metric, exposition } from './exposition.js';
import { ProcessMetrics } from './process-metrics.js';
import type { DaemonStatus } from './status.js';

const PREFIX = 'sspd_';

type Reading = (status: DaemonStatus) => number;

/** Rise as long as the daemon runs. */
const totals: readonly (readonly [name: string, help: string, read: Reading])[] = [
  ['connections_accepted_total', 'Connections that a listener accepted.', (s) => s.counters.connections],
  ['sessions_established_total', 'Successful handshakes.', (s) => s.counters.sessions],
  ['received_bytes_total', 'Bytes that came from sessions.', (s) => s.counters.bytesIn],
  ['sent_bytes_total', 'Bytes that went to sessions.', (s) => s.counters.bytesOut],
  ['received_messages_total', 'Frames taken from sessions.', (s) => s.counters.messagesIn],
  ['sent_messages_total', 'Frames handed to sessions, one per receiver.', (s) => s.counters.messagesOut],
  ['requests_submitted_total', 'Requests sent to the engine to be ordered.', (s) => s.core.submitted],
  ['requests_ordered_total', 'Frames that came back from the engine in order.', (s) => s.core.ordered],
  ['requests_refused_total', 'Requests that the permissions did not allow.', (s) => s.core.refused],
  ['requests_limited_total', 'Joins refused for MaxGroups or MaxMemberships.', (s) => s.core.limited],
  ['requests_oversized_total', 'Joins refused for MaxGroupMembers or MaxPlainView.', (s) => s.core.oversized],
  [
    'memberships_outgrown_total',
    'Memberships ended because their group outgrew MaxPlainView.',
    (s) => s.core.outgrown,
  ],
  ['view_records_total', 'Changes of groups told as records of compact views.', (s) => s.core.records],
  [
    'illegal_group_names_total',
    'Joins and leaves of illegal names, ignored.',
    (s) => s.core.illegalGroupNames,
  ],
  ['exchanges_total', 'Exchanges of group tables completed, one per daemon view.', (s) => s.core.exchanges],
  ['requests_deferred_total', 'Requests deferred until after an exchange.', (s) => s.core.deferred],
  ['damaged_payloads_total', 'Invalid payloads from other daemons.', (s) => s.core.damaged],
  ['engine_views_total', 'Daemon views installed.', (s) => s.engine.views],
  ['engine_sent_payloads_total', 'Payloads handed to the engine.', (s) => s.engine.sent],
  ['engine_delivered_payloads_total', 'Payloads that the engine delivered.', (s) => s.engine.delivered],
];

/** As it is now. */
const states: readonly (readonly [name: string, help: string, read: Reading])[] = [
  ['start_time_seconds', 'When the daemon started, in seconds since 1970.', (s) => s.started / 1_000],
  ['view_daemons', 'Daemons in the daemon view; 0 while there is none.', (s) => s.daemons.length],
  ['sessions', 'Connections now, those in their handshake included.', (s) => s.sessionCount],
  ['web_sockets', 'WebSockets that are open.', (s) => s.webSocketCount],
  ['handshakes', 'Connections in their handshake.', (s) => s.handshakes],
  ['groups', 'Groups with members at any daemon.', (s) => s.groupCount],
  ['memberships', 'Memberships of all groups at all daemons.', (s) => s.membershipCount],
  ['waiting_bytes', 'Bytes that wait for all sessions.', (s) => s.waitingBytes],
  ['sessions_behind', 'Sessions with more than half of MaxSessionMessages waiting.', (s) => s.behindCount],
  ['resume_buffer_bytes', 'Bytes kept for clients that come back.', (s) => s.resume.bufferBytes],
  ['resumable_sessions', 'Sessions in the cluster that clients can come back to.', (s) => s.resume.sessions],
  ['replays', 'Clients that are getting what they missed.', (s) => s.resume.replays],
  [
    'sessions_held',
    'Sessions without a connection, held for clients that may come back.',
    (s) => s.heldCount,
  ],
  ['engine_queued_bytes', 'Bytes that wait in the engine to be sent.', (s) => s.engine.queuedBytes],
];

/** Totals by what caused them. */
const tallies: readonly (readonly [
  name: string,
  help: string,
  label: string,
  read: (status: DaemonStatus) => Readonly<Record<string, number | undefined>>,
])[] = [
  ['handshake_rejections_total', 'Refused handshakes, by code.', 'code', (s) => s.counters.rejections],
  ['connections_ended_total', 'Ended connections, by reason.', 'reason', (s) => s.counters.ends],
  ['web_refused_total', 'Refused WebSockets, by reason.', 'reason', (s) => s.counters.webRefusals],
  ['web_closed_total', 'Ended WebSockets, by reason.', 'reason', (s) => s.counters.webEnds],
  ['returns_total', 'Clients that came back, by what became of them.', 'verdict', (s) => s.counters.returns],
  [
    'gaps_total',
    'Groups of clients that came back and missed something, by reason.',
    'reason',
    (s) => s.counters.gaps,
  ],
];

export class Metrics {
  readonly contentType = CONTENT_TYPE;
  private readonly ofProcess = new ProcessMetrics();

  constructor(private readonly status: DaemonStatus) {}

  async text(): Promise<string> {
    return exposition([...metricsOf(this.status), ...(await this.ofProcess.read())], PREFIX);
  }

  /** Ends the watch over the event loop and the garbage collector. */
  stop(): void {
    this.ofProcess.stop();
  }
}

function metricsOf(status: DaemonStatus): Metric[] {
  const { name, version, engine, configurationHash: configuration } = status;
  const labels = { name, version, engine: engine.kind, configuration };
  const info: Metric = {
    name: 'info',
    help: 'Always 1; the labels describe the daemon.',
    kind: 'gauge',
    samples: [{ labels, value: 1 }],
  };
  const single =
    (kind: 'counter' | 'gauge') =>
    ([metric, help, read]: (typeof states)[number]): Metric => ({
      name: metric,
      help,
      kind,
      samples: [{ value: read(status) }],
    });
  const byCause = tallies.map(([metric, help, label, read]): Metric => ({
    name: metric,
    help,
    kind: 'counter',
    samples: Object.entries(read(status)).map(([cause, value = 0]) => ({
      labels: { [label]: cause },
      value,
    })),
  }));
  return [info, ...states.map(single('gauge')), ...totals.map(single('counter')), ...byCause];
}
