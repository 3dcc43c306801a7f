/** Receive calls with room for everything, for the specs that look at something else. */
import { Buffer } from 'node:buffer';
import {
  DONT_BLOCK,
  type ReceiveOptions,
  type ReceiveResult,
  SP_receive,
  SSP_receive,
  type SspReceiveResult,
} from '../../lib/ssp/index.js';

export const roomy = (more: Partial<ReceiveOptions> = {}): ReceiveOptions => ({
  max_groups: 100,
  max_mess_len: 1000,
  mess: Buffer.alloc(1000, '.'),
  ...more,
});

export const ssp = (mbox: number, more?: Partial<ReceiveOptions>): Promise<SspReceiveResult> =>
  SSP_receive(mbox, roomy(more));

export const sspNow = (mbox: number): Promise<SspReceiveResult> => ssp(mbox, { service_type: DONT_BLOCK });

export const sp = (mbox: number, more?: Partial<ReceiveOptions>): Promise<ReceiveResult> =>
  SP_receive(mbox, roomy(more));

/** Lets the event loop turn so often that anything under way on this side has happened. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setImmediate(resolve));
}

/** Whether a call still waits after some turns of the event loop. */
export const isWaiting = (call: Promise<unknown>): Promise<boolean> =>
  Promise.race([call.then(() => false), settle().then(() => true)]);
