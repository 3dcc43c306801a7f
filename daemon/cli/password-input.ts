/** A password from standard input: typed at a terminal without being shown there, else the first line of what comes. */
import type { Readable, Writable } from 'node:stream';
import { text } from 'node:stream/consumers';

/** The part of a terminal's input that is used. */
export type PasswordSource = Readable & {
  readonly isTTY?: boolean;
  setRawMode?(isRaw: boolean): unknown;
};

/** Somebody has pressed Ctrl-C. */
export class InterruptedError extends Error {
  override readonly name = 'InterruptedError';
}

/** Without the end of its line; empty when there is none. */
export async function readPassword(input: PasswordSource, prompts: Writable): Promise<string> {
  if (input.isTTY === true && input.setRawMode !== undefined) {
    // Echo ends before the question is seen: an answer may come at once.
    input.setRawMode(true);
    try {
      prompts.write('Password: ');
      return await readTyped(input);
    } finally {
      input.setRawMode(false);
      prompts.write('\n');
    }
  }
  const [line = ''] = (await text(input)).split(/\r?\n/, 1);
  return line;
}

const CTRL_C = '\u0003';
const CTRL_D = '\u0004';
const CTRL_U = '\u0015';
const ends: ReadonlySet<string> = new Set(['\r', '\n', CTRL_D]);
const rubouts: ReadonlySet<string> = new Set(['\b', '\u007f']);

/** @throws InterruptedError */
async function readTyped(input: PasswordSource): Promise<string> {
  input.setEncoding('utf8');
  let typed: string[] = [];
  for await (const chunk of input) {
    for (const character of String(chunk)) {
      if (ends.has(character)) return typed.join('');
      if (character === CTRL_C) throw new InterruptedError('interrupted');
      if (character === CTRL_U) typed = [];
      else if (rubouts.has(character)) typed.pop();
      else typed.push(character);
    }
  }
  return typed.join('');
}
