/** Frames of a group `g` and others as the scripted daemon sends them to its one client `#a#d1`. */
import type { Buffer } from 'node:buffer';
import {
  frame,
  type Id,
  markedWord,
  selfLeaveFrame,
  transitionFrame,
  viewFrame,
} from '../support/fake-daemon-frames.js';

export const A = '#a#d1';
export const ID: Id = [7, 100, 1];

const CAUSES = { join: 0x100, leave: 0x200, disconnect: 0x400, network: 0x800 } as const;

export interface ViewOptions {
  readonly group?: string;
  readonly id?: Id;
  readonly little?: boolean;
}

/** A view that one member's coming or going caused. */
export const change = (
  cause: 'join' | 'leave' | 'disconnect',
  changed: string,
  members: readonly string[],
  { group = 'g', id = ID, little = true }: ViewOptions = {},
): Buffer => viewFrame({ group, cause: CAUSES[cause], members, id, sets: [[changed]], little });

/** @param sets by whom one came along with, @param own index of the client's set */
export const network = (
  members: readonly string[],
  sets: readonly (readonly string[])[],
  own: number,
  { group = 'g', id = ID, little = true }: ViewOptions = {},
): Buffer => viewFrame({ group, cause: CAUSES.network, members, id, sets, own, little });

/** The view of a group with the client alone. */
export const alone = (group = 'g'): Buffer => change('join', A, [A], { group });

export const transition = (group = 'g', id: Id = ID): Buffer => transitionFrame(group, id);

export const selfLeave = (group = 'g'): Buffer => selfLeaveFrame(group);

export const data = (body: Buffer | string, groups: readonly string[] = ['g'], sender = '#b#d1'): Buffer =>
  frame({ type: 0x10, name: sender, groups, data: body });

/** The answer to a request that a policy refused [session 4.9]. @param type its word, causes for requests */
export const refusal = (type: number, groups: readonly string[], body = ''): Buffer =>
  frame({
    type: 0x0040_0000,
    name: A,
    groups: [...groups, A],
    messType: 5,
    data: body,
    extra: markedWord(type),
  });

/** Bytes of a join or leave request as the client sends it. */
export const REQUEST_BYTES = 48 + 32;
