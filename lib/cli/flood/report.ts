/** What a flood says at its end. */
import { bytes, count, plural, seconds } from '../units.js';
import type { FloodFlags, FloodResult } from './run.js';

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
    `  deliveries  ${count(deliveriesPerSecond)} messages/s in all, ${bytes(bytesPerSecond)}/s of bodies`,
    ordered
      ? `  order       every receiver got every message, all in the same order`
      : `  order       BROKEN: the receivers did not get the same messages in the same order`,
  ].join('\n');
}

/** A bar that shows how far something is, on terminals only. */
const WIDTH = 30;
const EVERY_MS = 100;

/** Back to the first column, and away with what stood there. */
const CLEAR_LINE = '\r\u001B[K';

/** How far something is. */
export interface Progress {
  /** From 0 to 1. */
  readonly share: number;
  readonly messages: number;
  /** Messages a second since the last look. */
  readonly rate: number;
}

/** The bar as text, without its colours, since it has none. */
export function bar({ share, messages, rate }: Progress): string {
  const filled = Math.round(Math.min(1, Math.max(0, share)) * WIDTH);
  const percent = `${Math.floor(Math.min(1, share) * 100)}%`.padStart(5);
  const boxes = '#'.repeat(filled) + '-'.repeat(WIDTH - filled);
  return `[${boxes}]${percent}  ${plural(messages, 'message')}  ${count(rate)}/s`;
}

/** What a progress bar writes to. */
export interface Terminal {
  readonly isTTY: boolean;
  write(text: string): boolean;
}

/**
 * Shows a bar until the returned function is called, which takes it away.
 * @param look asked several times a second
 */
export function showProgress(
  look: () => Omit<Progress, 'rate'>,
  terminal: Terminal = process.stderr,
): () => void {
  if (!terminal.isTTY) return () => undefined;
  let last = 0;
  let time = performance.now();
  const timer = setInterval(() => {
    const { share, messages } = look();
    const now = performance.now();
    const rate = ((messages - last) * 1_000) / (now - time);
    last = messages;
    time = now;
    terminal.write(CLEAR_LINE + bar({ share, messages, rate }));
  }, EVERY_MS);
  return () => {
    clearInterval(timer);
    terminal.write(CLEAR_LINE);
  };
}
