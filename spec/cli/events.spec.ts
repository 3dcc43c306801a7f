import { Buffer } from 'node:buffer';
import { expect } from 'chai';
import {
  eventJson,
  eventLine,
  gapLine,
  movedLine,
  reconnectingLine,
  resumedLine,
} from '../../lib/cli/event-lines.js';
import { type ConnectionEvent, DataEvent, type ViewEvent } from '../../lib/client/event.js';
import { PermissionDeniedError } from '../../lib/errors.js';

const me = '#me#host';
const time = new Date(2026, 0, 2, 12, 0, 1);
const data = new DataEvent('#a#host', ['room', 'x'], Buffer.from('hello'), 3, 'agreed', false, false);
const mine = new DataEvent(me, ['room'], Buffer.from([0]), 0, 'safe', true, false);

const members = ['#a#host', me];
const membership = {
  kind: 'view',
  group: 'room',
  id: [-1, 2, 3],
  members,
  myIndex: 1,
  cameWithMe: [me],
  size: 2,
  returned: [],
  has: (id: string) => members.includes(id),
} as const;
const joinView: ViewEvent = { ...membership, cause: 'join', changed: me, joined: members, left: [] };
const networkView: ViewEvent = {
  ...membership,
  cause: 'network',
  changed: null,
  joined: ['#a#host'],
  left: [],
};

const rows: readonly (readonly [what: string, event: ConnectionEvent, line: string, json: object])[] = [
  [
    'data',
    data,
    'data  room,x  #a#host  agreed  type 3  hello',
    {
      kind: 'data',
      groups: ['room', 'x'],
      sender: '#a#host',
      service: 'agreed',
      type: 3,
      fromMe: false,
      endianMismatch: false,
      text: 'hello',
    },
  ],
  [
    'own data',
    mine,
    'data  room  #me#host (me)  safe  type 0  <1 bytes: 00>',
    {
      kind: 'data',
      groups: ['room'],
      sender: me,
      service: 'safe',
      type: 0,
      fromMe: true,
      endianMismatch: false,
      base64: 'AA==',
    },
  ],
  [
    'a view',
    joinView,
    'view  room  join of #me#host (me)  2 members: #a#host (leader) #me#host (me)',
    {
      kind: 'view',
      group: 'room',
      id: '4294967295.2.3',
      cause: 'join',
      members: ['#a#host', me],
      leader: '#a#host',
      me,
      changed: me,
      joined: ['#a#host', me],
      left: [],
      cameWithMe: [me],
    },
  ],
  [
    'a transition',
    { kind: 'transition', group: 'room', id: [1, 2, 3] },
    'trans  room  daemons were lost; the next view lists the members that are left',
    { kind: 'transition', group: 'room', id: '1.2.3' },
  ],
  [
    'a leave',
    { kind: 'self-leave', group: 'room', id: [1, 2, 3] },
    'left  room',
    { kind: 'self-leave', group: 'room', id: '1.2.3' },
  ],
  [
    'a flush request',
    { kind: 'flush-request', group: 'room', flush: () => undefined },
    'flush  room  the next view waits for this connection',
    { kind: 'flush-request', group: 'room' },
  ],
  [
    'a stall',
    { kind: 'stalled', group: 'room', waitingFor: ['#a#host', '#b#two'] },
    'stall  room  the next view waits for #a#host #b#two',
    { kind: 'stalled', group: 'room', waitingFor: ['#a#host', '#b#two'] },
  ],
  [
    'a refusal',
    {
      kind: 'reject',
      refused: 'data',
      reason: 'permission',
      error: new PermissionDeniedError('send', ['room']),
      groups: ['room'],
      body: Buffer.from('no'),
      type: 0,
    },
    'reject  room  permission denied: send to room (PERMISSION_DENIED)  no',
    { kind: 'reject', refused: 'data', reason: 'permission', groups: ['room'], type: 0, text: 'no' },
  ],
];

describe('command: events', () => {
  for (const [what, event, line, json] of rows) {
    it(`show ${what} on a line`, () => {
      expect(eventLine(event, time, { me })).to.equal(`12:00:01 ${line}`);
    });

    it(`show ${what} in JSON`, () => {
      const object = JSON.parse(eventJson(event, time, me)) as object;
      expect(object).to.deep.equal({ ...json, time: time.toISOString() });
    });
  }

  it('say who came and went with a network view', () => {
    expect(eventLine(networkView, time, { me })).to.match(/ network with #a#host {2}2 members/);
    const gone: ViewEvent = { ...networkView, members: [me], joined: [], left: ['#a#host', '#b#two'] };
    expect(eventLine(gone, time, { me })).to.equal(
      '12:00:01 view  room  network without #a#host #b#two  1 member: #me#host (leader, me)',
    );
  });

  it('cut long bodies where it is asked for', () => {
    expect(eventLine(data, time, { me, limit: 2 })).to.match(/ he \.\.\. \(5 bytes\)$/);
  });

  it('escape names', () => {
    const evil = new DataEvent('#a#\u001B', ['\u001Bc'], Buffer.alloc(0), 0, 'agreed', false, false);
    expect(eventLine(evil, time, { me })).to.include(String.raw`\u{1b}c  #a#\u{1b}`);
  });

  it('say what is missing after a loss', () => {
    const gap = {
      kind: 'gap',
      group: 'room',
      reason: 'overrun',
      missed: 312,
      awayMs: 41,
      since: [1, 2, 3],
    } as const;
    expect(gapLine(gap)).to.equal('-- gap: overrun, 312 messages missed in room');
    expect(gapLine({ ...gap, missed: null })).to.equal('-- gap: overrun, messages may be missing in room');
    expect(eventLine(gap, time, { me })).to.equal('12:00:01 gap  room  overrun, 312 messages missed');
    expect(JSON.parse(eventJson(gap, time, me))).to.deep.equal({
      ...gap,
      since: '1.2.3',
      time: time.toISOString(),
    });
  });

  it('say that a connection goes to another daemon, and why', () => {
    const moved = { reason: 'drain', address: 'b:1' } as const;
    expect(movedLine(moved, time, false)).to.equal('-- moving to b:1: the daemon stops');
    expect(movedLine({ ...moved, reason: 'balance' }, time, false)).to.equal(
      '-- moving to b:1: the daemon has too many clients',
    );
    expect(JSON.parse(movedLine(moved, time, true))).to.deep.equal({
      kind: 'moved',
      time: time.toISOString(),
      ...moved,
    });
  });

  it('say that a connection was lost and is back', () => {
    const lost = { cause: new Error('reset'), attempt: 1, address: 'a:1' };
    expect(reconnectingLine(lost, time, false)).to.equal('-- reconnecting');
    expect(JSON.parse(reconnectingLine(lost, time, true))).to.deep.include({
      kind: 'reconnecting',
      cause: 'reset',
    });
    const back = { address: 'b:1', awayMs: 41.4, moved: null, gaps: 0 };
    expect(resumedLine(back, time, false)).to.equal('-- back at b:1 after 41 ms, nothing lost');
    expect(resumedLine({ ...back, gaps: 2 }, time, false)).to.equal(
      '-- back at b:1 after 41 ms, with 2 gaps',
    );
    expect(JSON.parse(resumedLine(back, time, true))).to.deep.include({
      kind: 'resumed',
      address: 'b:1',
      moved: null,
    });
  });
});
