/** A daemon that is not there, for specs of what can be seen of one. */
import type { GroupInfo, SessionInfo, DaemonStatus } from '../../daemon/monitor/status.js';
import { newCounters } from '../../daemon/counters.js';

export const session = (number: number, fields: Partial<SessionInfo> = {}): SessionInfo => ({
  number,
  id: `#s${number}#one`,
  name: `s${number}`,
  from: `127.0.0.1:${40_000 + number}`,
  tls: false,
  principal: '',
  version: '5.0.1',
  membership: true,
  groups: 1,
  since: 1_000,
  messagesIn: 0,
  bytesIn: 0,
  messagesOut: 0,
  bytesOut: 0,
  waitingMessages: 0,
  waitingBytes: 0,
  held: [],
  ...fields,
});

export const group = (name: string, members = 2): GroupInfo => ({
  name,
  id: '1.2.3',
  members,
  local: members,
});

type Writable<T> = { -readonly [K in keyof T]: T[K] };

/** Fields can be changed, to see whether the change is seen. */
export function fakeStatus(fields: Partial<DaemonStatus> = {}): Writable<DaemonStatus> {
  const counters = { ...newCounters(), connections: 5, sessions: 3, bytesIn: 1_000, bytesOut: 2_000 };
  return {
    name: 'one',
    id: 2_130_706_433,
    version: '0.1.0',
    started: Date.now() - 90_000,
    configurationHash: 'c0ffee',
    addresses: [{ host: '127.0.0.1', port: 4803 }],
    unixPath: '/tmp/4803',
    daemons: ['one'],
    counters: {
      ...counters,
      messagesIn: 10,
      messagesOut: 20,
      rejections: { REJECT_NOT_UNIQUE: 2 },
      ends: { closed: 4 },
    },
    core: {
      submitted: 10,
      ordered: 9,
      refused: 1,
      limited: 4,
      illegalGroupNames: 7,
      exchanges: 1,
      deferred: 2,
      damaged: 3,
    },
    engine: { kind: 'solo', views: 1, sent: 6, delivered: 6, queuedBytes: 11 },
    sessionCount: 2,
    handshakes: 1,
    groupCount: 2,
    membershipCount: 5,
    waitingBytes: 300,
    behindCount: 1,
    sessions: () => [
      session(1, { waitingBytes: 100, messagesIn: 6 }),
      session(2, { waitingBytes: 200, messagesIn: 4, held: ['flood'] }),
    ],
    groups: () => [group('room'), group('lobby', 1)],
    eachSession() {
      return this.sessions();
    },
    eachGroup() {
      return this.groups();
    },
    members: (name) => (name === 'room' ? ['#s1#one', '#s2#one'] : null),
    ...fields,
  };
}
