import { Buffer } from 'node:buffer';
import { expect } from 'chai';
import { eventJson, eventLine } from '../../lib/cli/event-lines.js';
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
});
