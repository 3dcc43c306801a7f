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
  messages: 0,
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
    view: { id: 'v1', daemons: ['one'], sets: [['one']] },
    limits: { maxSessionMessages: 1000, maxSessionBytes: 67_108_864, maxTotalBytes: 536_870_912 },
    counters: {
      ...counters,
      messagesIn: 10,
      messagesOut: 20,
      rejections: { REJECT_NOT_UNIQUE: 2 },
      ends: { closed: 4 },
      returns: { whole: 2, gap: 1 },
      gaps: { overrun: 3 },
      webRefusals: { origin: 2 },
      webEnds: { closed: 1 },
    },
    core: {
      submitted: 10,
      ordered: 9,
      refused: 1,
      limited: 4,
      oversized: 5,
      outgrown: 6,
      records: 8,
      illegalGroupNames: 7,
      exchanges: 1,
      deferred: 2,
      damaged: 3,
    },
    engine: { kind: 'solo', views: 1, sent: 6, delivered: 6, queuedBytes: 11 },
    resume: { bufferBytes: 5000, sessions: 3, replays: 1 },
    isDraining: false,
    heldCount: 3,
    webSocketCount: 4,
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
    heaviest(most) {
      return this.sessions()
        .toSorted((left, right) => right.waitingBytes - left.waitingBytes)
        .slice(0, most);
    },
    session(number) {
      const found = this.sessions().find((each) => each.number === number);
      return found === undefined ? null : { ...found, groupNames: ['room'] };
    },
    group(name, most) {
      const ids = this.members(name);
      return ids && { ...group(name, ids.length), memberIds: ids.slice(0, most) };
    },
    watch: () => () => undefined,
    members: (name) => (name === 'room' ? ['#s1#one', '#s2#one'] : null),
    ...fields,
  };
}
