/** [SS3, VS1]: what was sent in a secure view is handed out in that view, once, and to its members only. */
import type { Evidence, Violation } from '../log.js';
import { historyOf, isFor } from './history.js';

export function sendingView(evidence: Evidence): Violation[] {
  const { sent, stays, early } = historyOf(evidence);
  const found: Violation[] = early.map((text) => ({ property: 'SS3, VS1', text }));
  for (const { log, view, delivered } of stays) {
    const texts = new Set<string>();
    for (const { text, sender } of delivered) {
      const message = sent.get(text);
      const wrong =
        (!message && 'nobody sent it') ||
        (message && message.log.id !== sender && `sent by ${message.log.id}`) ||
        (message && message.entry.view !== view.id && `sent in ${message.entry.view.slice(0, 8)}`) ||
        (message && !isFor(message, log.id) && 'for others') ||
        (!view.members.includes(sender) && 'of no member') ||
        (texts.has(text) && 'twice');
      if (wrong)
        found.push({
          property: 'SS3, VS1',
          text: `${text} at ${log.name} in ${view.id.slice(0, 8)}: ${wrong}`,
        });
      texts.add(text);
    }
  }
  return found;
}
