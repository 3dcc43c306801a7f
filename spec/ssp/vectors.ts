/** The messages of [receive 6], as a daemon sends them to `#a#d1`. */
import { frame, type Id, selfLeaveFrame, transitionFrame, viewFrame } from '../support/fake-daemon-frames.js';

/** The group id V. */
export const V: Id = [0x11223344, -0x55667788, 7];

const seven = ['g1', 'g2', 'g3', 'g4', 'g5', 'g6', 'g7'];

const H_FIELDS = { type: 0x10, name: '#b#d2', groups: ['g'], messType: 123, data: 'hello' };

const view = (cause: number, members: string[], sets: string[][], own = 0) =>
  viewFrame({ group: 'g', cause, members, id: V, sets, own });

export const messages = {
  H: frame(H_FIELDS),
  M7: frame({ type: 0x10, name: '#b#d2', groups: seven, messType: 9, data: 'abc' }),
  TEN: frame({ type: 0x02, name: '#b#d2', groups: ['g'], messType: 1, data: '0123456789' }),
  Z: frame({ type: 0x04, name: '#b#d2', groups: ['#a#d1'], messType: 7 }),
  E: frame({ type: 0x20, name: '#c#d2', groups: ['g'], messType: 258, data: 'xy', senderLittle: false }),
  SD: frame({ type: 0x60, name: '#b#d2', groups: ['g'], messType: -5, data: 'hello' }),
  OWN: frame({ ...H_FIELDS, name: '#a#d1' }),
  H_MAX: frame({ ...H_FIELDS, messType: 32767 }),
  H_MIN: frame({ ...H_FIELDS, messType: -32764 }),
  TR: transitionFrame('g', V),
  J: view(0x100, ['#a#d1', '#b#d2'], [['#b#d2']]),
  J3: view(0x100, ['#x#d0', '#y#d0', '#a#d1', '#d#d3'], [['#d#d3']]),
  L: view(0x200, ['#a#d1'], [['#b#d2']]),
  D: view(0x400, ['#a#d1'], [['#b#d2']]),
  N: view(0x800, ['#a#d1', '#c#d2', '#d#d3'], [['#d#d3'], ['#a#d1', '#c#d2']], 1),
  N1: view(0x800, ['#a#d1'], [['#a#d1']]),
  SL: selfLeaveFrame('g'),
} as const;

export type MessageId = keyof typeof messages;

/** What tells the messages apart when they are received with room for everything. */
export const signature: Readonly<Record<MessageId, readonly [ret: number, service: number]>> = {
  H: [5, 0x10],
  M7: [3, 0x10],
  TEN: [10, 0x02],
  Z: [0, 0x04],
  E: [2, 0x20],
  SD: [5, 0x60],
  OWN: [5, 0x10],
  H_MAX: [5, 0x10],
  H_MIN: [5, 0x10],
  TR: [0, 0x2000],
  J: [48, 0x1100],
  J3: [48, 0x1100],
  L: [48, 0x1200],
  D: [48, 0x1400],
  N: [80, 0x1800],
  N1: [48, 0x1800],
  SL: [48, 0x0200],
};
