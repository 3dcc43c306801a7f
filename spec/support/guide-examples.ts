/** The examples of the guide: which page has one, and what it prints. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { repositoryRoot } from './recordings.js';

/** Pages of examples that are not on the page of their name. */
const pages: Readonly<Record<string, string>> = {
  lead: 'docs/guide/election.md',
  'manual-flush': 'docs/guide/view-synchrony.md',
  'secure-mailbox': 'docs/guide/secure-groups.md',
  room: 'README.md',
  'ssp-calls': 'README.md',
  daemon: 'README.md',
  'count-once': 'docs/guide/reconnect.md',
  'reconnect-by-hand': 'docs/guide/reconnect.md',
  worker: 'docs/start.md',
  'connect-errors': 'docs/start.md',
  'in-a-test': 'docs/start.md',
};

/** The text of the page that shows the example. */
export function guidePage(example: string): string {
  return readFileSync(join(repositoryRoot, pages[example] ?? `docs/guide/${example}.md`), 'utf8');
}

/** How an example of the first pages is run, which need not print the same each time. */
export interface FirstStep {
  readonly args: (address: string) => readonly string[];
  /** It runs until it is ended: after this. */
  readonly last?: string;
  readonly prints: RegExp;
}

const alone = (address: string): string[] => [address];

export const firstSteps: Readonly<Record<string, FirstStep>> = {
  room: {
    args: (address) => ['anna', address],
    last: ': hello\n',
    prints: /^members: 1, leader: (#anna#\w+)\n\1: hello\n$/,
  },
  worker: { args: (address) => ['worker1', address], last: '1\n', prints: /^I lead; members: 1\n$/ },
  reconnect: { args: alone, last: 'connected\n', prints: /^connected\n$/ },
  'reconnect-by-hand': { args: alone, last: 'start 1\n', prints: /^connected, start 1\n$/ },
  'count-once': { args: alone, prints: /^connected\ncounted 200 messages, each once\n$/ },
  'ssp-calls': { args: alone, prints: /^48 room \[ '#alice#\w+' \] 0\n$/ },
  daemon: { args: () => [], prints: /^\d+\n$/ },
  'connect-errors': { args: alone, prints: /^$/ },
  'in-a-test': { args: () => [], prints: /^#.+#.+\n$/ },
};

/** What an example has printed as its page shows it, where the page says that the order of two lines is open. */
export const asShown = (example: string, out: string): string =>
  example === 'lead' ? out.replace('bob works\nann stops\n', 'ann stops\nbob works\n') : out;
