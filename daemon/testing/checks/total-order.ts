/** [daemon E4]: any two sessions deliver their common messages, FIFO and above, in the same relative order. */
import { historyOf, isOrdered } from './history.js';
import type { SessionLog, Violation } from './log.js';

export function totalOrder(logs: readonly SessionLog[]): Violation[] {
  const found: Violation[] = [];
  const { messages, delivered } = historyOf(logs);
  const sequences = logs.map((log) => (delivered.get(log) ?? []).filter(isOrdered));
  const position = new Int32Array(messages.length);
  for (const [i, log] of logs.entries()) {
    const own = sequences[i] ?? [];
    position.fill(-1);
    for (const [at, { number }] of own.entries()) position[number] = at;
    for (let j = i + 1; j < logs.length; j++) {
      let last = -1;
      for (const { number } of sequences[j] ?? []) {
        const at = position[number] as number;
        if (at < 0) continue;
        if (at < last) {
          const pair = `${own[at]?.id} and ${own[last]?.id}`;
          const text = `${log.session} and ${logs[j]?.session} got ${pair} in different order`;
          found.push({ property: 'E4', text });
          break;
        }
        last = at;
      }
    }
  }
  return found;
}
