/** The examples of the guide: which page has one, and what it prints. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { repositoryRoot } from './recordings.js';

/** Pages that have two examples, by the second one. */
const pages: Readonly<Record<string, string>> = {
  lead: 'election',
  'manual-flush': 'view-synchrony',
  'secure-mailbox': 'secure-groups',
};

/** The text of the page that shows the example. */
export function guidePage(example: string): string {
  const page = pages[example] ?? example;
  return readFileSync(join(repositoryRoot, `docs/guide/${page}.md`), 'utf8');
}

/** What an example has printed as its page shows it, where the page says that the order of two lines is open. */
export const asShown = (example: string, out: string): string =>
  example === 'lead' ? out.replace('bob works\nann stops\n', 'ann stops\nbob works\n') : out;
