/**
 * [SS3, VS8]: a safe message that anybody is handed in a secure view before the transitional signal is handed out by
 * every member that had the view and stays.
 */
import type { Evidence, Violation } from '../log.js';
import { historyOf, isFor, isPromised } from './history.js';

export function safe(evidence: Evidence): Violation[] {
  const { sent, byView } = historyOf(evidence);
  const found: Violation[] = [];
  for (const [view, stays] of byView) {
    const due = new Map<string, string>();
    for (const { log, delivered, before } of stays)
      for (const { text } of delivered.slice(0, before))
        if (sent.get(text)?.entry.isSafe) due.set(text, log.name);
    for (const { log, delivered, wasExcluded } of stays) {
      if (!isPromised(log) || wasExcluded) continue;
      const got = new Set(delivered.map(({ text }) => text));
      for (const [text, by] of due) {
        const message = sent.get(text);
        if (got.has(text) || !message || !isFor(message, log.id)) continue;
        found.push({
          property: 'SS3, VS8',
          text: `safe ${text} came to ${by} in ${view.slice(0, 8)}, never to ${log.name}`,
        });
      }
    }
  }
  return found;
}
