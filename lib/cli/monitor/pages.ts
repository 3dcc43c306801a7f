/** The JSON of the monitor as far as this command reads it. What else is there passes. */
import * as z from 'zod';

const count = z.number();
const tally = z.record(z.string(), count);

export const statusPage = z.looseObject({
  name: z.string(),
  version: z.string(),
  configurationHash: z.string(),
  uptimeSeconds: count,
  addresses: z.array(z.looseObject({ host: z.string(), port: count })),
  unixPath: z.string().nullable(),
  state: z.string(),
  daemons: z.array(z.string()),
  sessions: count,
  handshakes: count,
  groups: count,
  waitingBytes: count,
  connections: z.looseObject({ accepted: count, established: count, rejections: tally, ends: tally }),
  traffic: z.looseObject({ messagesIn: count, messagesOut: count, bytesIn: count, bytesOut: count }),
  engine: z.looseObject({ kind: z.string(), views: count, queuedBytes: count }),
  eventLoopDelayMilliseconds: z.looseObject({ p50: count, p99: count, max: count }),
  memoryBytes: z.looseObject({ rss: count, heapUsed: count }),
});

const session = z.looseObject({
  number: count,
  id: z.string(),
  from: z.string(),
  since: count,
  groups: count,
  messagesIn: count,
  messagesOut: count,
  waitingMessages: count,
  waitingBytes: count,
  held: z.array(z.string()),
});

export const sessionsPage = z.looseObject({ time: count, total: count, sessions: z.array(session) });

export const groupsPage = z.looseObject({
  total: count,
  groups: z.array(z.looseObject({ name: z.string(), id: z.string(), members: count, local: count })),
});

export const membersPage = z.looseObject({ group: z.string(), members: z.array(z.string()) });

export type StatusPage = z.output<typeof statusPage>;
export type SessionsPage = z.output<typeof sessionsPage>;
export type SessionRow = z.output<typeof session>;
export type GroupsPage = z.output<typeof groupsPage>;
