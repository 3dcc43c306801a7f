/** What a flood says at its end. */
import type { FloodFlags } from './flood.js';
import type { FloodResult } from './flood-run.js';
import { count, megabytes, plural, seconds } from './units.js';

interface Rates {
  readonly sentPerSecond: number;
  /** The mean of the receivers. */
  readonly deliveredPerSecond: number;
  readonly deliveriesPerSecond: number;
  /** Of bodies, over all deliveries. */
  readonly bytesPerSecond: number;
}

export function rates({ sent, elapsed, delivered }: FloodResult, size: number): Rates {
  const perSecond = (total: number): number => Math.round((total * 1_000) / elapsed);
  const deliveries = delivered.reduce((sum, each) => sum + each, 0);
  return {
    sentPerSecond: perSecond(sent),
    deliveredPerSecond: perSecond(deliveries / delivered.length),
    deliveriesPerSecond: perSecond(deliveries),
    bytesPerSecond: perSecond(deliveries * size),
  };
}

export function floodJson(flags: FloodFlags, result: FloodResult): string {
  const { address, senders, receivers, size, service, window } = flags;
  const { sent, elapsed, delivered, ordered } = result;
  const plan = { verb: 'flood', address, senders, receivers, size, service, window };
  const figures = rates(result, size);
  return JSON.stringify({
    ...plan,
    messages: sent,
    elapsedMs: Math.round(elapsed),
    delivered,
    ordered,
    ...figures,
  });
}

export function floodText(flags: FloodFlags, result: FloodResult): string {
  const { address, senders, receivers, size, service, window } = flags;
  const { sent, elapsed, ordered } = result;
  const { sentPerSecond, deliveredPerSecond, deliveriesPerSecond, bytesPerSecond } = rates(result, size);
  const who = `${plural(senders, 'sender')}, ${plural(receivers, 'receiver')}`;
  return [
    `${plural(sent, 'message')} of ${plural(size, 'byte')} through ${address}: ${who}, ${service}, window ${window}`,
    `  elapsed     ${seconds(elapsed)}`,
    `  sent        ${count(sentPerSecond)} messages/s`,
    `  delivered   ${count(deliveredPerSecond)} messages/s to each receiver`,
    `  deliveries  ${count(deliveriesPerSecond)} messages/s in all, ${megabytes(bytesPerSecond)} of bodies`,
    ordered
      ? `  order       every receiver got every message, all in the same order`
      : `  order       BROKEN: the receivers did not get the same messages in the same order`,
  ].join('\n');
}
