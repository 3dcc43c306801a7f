/** The language of `ssp user`: a letter or a word, and what belongs to it. */
import { didYouMean } from '../util/option-errors.js';
import { IllegalGroupError } from '../index.js';
import { isGroupName, isPrivateName, parsePrivateGroup } from '../wire/index.js';

/** What the lines can ask for. */
export interface UserActions {
  join(group: string): Promise<void>;
  leave(group: string): Promise<void>;
  send(group: string, text: string): Promise<void>;
  private(name: string, text: string): Promise<void>;
  burst(group: string, count: number, size: number): Promise<void>;
  members(): void;
  help(): void;
  quit(): void;
}

/** A line that cannot be carried out. */
export class CommandError extends Error {}

interface Row {
  readonly word: string;
  /** The letter, and one word for each argument; the last one takes the rest of the line when it ends in dots. */
  readonly usage: string;
  readonly meaning: string;
  readonly act: (to: UserActions, args: readonly string[]) => void | Promise<void>;
}

const MAX_BURST = 1_000_000;
const MAX_BURST_SIZE = 100_000;

const rows: readonly Row[] = [
  {
    word: 'join',
    usage: 'j group',
    meaning: 'join a group',
    act: (to, [group]) => to.join(groupName(group)),
  },
  {
    word: 'leave',
    usage: 'l group',
    meaning: 'leave it',
    act: (to, [group]) => to.leave(groupName(group)),
  },
  {
    word: 'send',
    usage: 's group text...',
    meaning: 'send to a group, joined or not',
    act: (to, [group, text = '']) => to.send(groupName(group), text),
  },
  {
    word: 'private',
    usage: 'p name text...',
    meaning: 'send to one connection: name at this daemon, or #name#daemon',
    act: (to, [name, text = '']) => to.private(receiver(name), text),
  },
  {
    word: 'burst',
    usage: 'b group count size',
    meaning: 'send many messages of this many bytes',
    act: (to, [group, count, size]) =>
      to.burst(groupName(group), number(count, MAX_BURST), number(size, MAX_BURST_SIZE)),
  },
  {
    word: 'members',
    usage: 'm',
    meaning: 'your groups, their members and leaders',
    act: (to) => to.members(),
  },
  { word: 'help', usage: '?', meaning: 'this list', act: (to) => to.help() },
  { word: 'quit', usage: 'q', meaning: 'close the connection and end', act: (to) => to.quit() },
];

export const helpLines = (): string[] => rows.map(({ usage, meaning }) => `  ${usage.padEnd(20)} ${meaning}`);

/**
 * Carries out a line. A command is its letter or its word.
 * @throws CommandError or IllegalGroupError for a line that makes no sense, and what the action throws
 */
export async function carryOut(line: string, to: UserActions): Promise<void> {
  const [first = '', ...rest] = line.trim().split(/\s+/);
  const row = rows.find(({ word, usage }) => first === word || first === usage.split(' ')[0]);
  if (row === undefined) {
    const words = rows.map(({ word }) => word);
    throw new CommandError(`no command "${first}"${didYouMean(first, words)}; ? lists the commands`);
  }
  const wanted = row.usage.split(' ').length - 1;
  const takesRest = row.usage.endsWith('...');
  if (rest.length < wanted || (rest.length > wanted && !takesRest))
    throw new CommandError(`usage: ${row.usage}`);
  const args = takesRest ? [...rest.slice(0, wanted - 1), behind(line, wanted)] : rest;
  await row.act(to, args);
}

/** The line behind this many words, with its blanks as they are. */
const behind = (line: string, words: number): string =>
  line.trimStart().replace(new RegExp(`^(?:\\S+\\s+){${words - 1}}\\S+\\s`), '');

function groupName(text = ''): string {
  if (!isGroupName(text)) throw new IllegalGroupError(text);
  return text;
}

function receiver(text = ''): string {
  if (isPrivateName(text) || parsePrivateGroup(text) !== null) return text;
  throw new CommandError(`expected name or #name#daemon, got ${text}`);
}

function number(text = '', most: number): number {
  const value = Number(text);
  if (/^\d+$/.test(text) && value <= most) return value;
  throw new CommandError(`expected a whole number from 0 to ${most}, got ${text}`);
}
