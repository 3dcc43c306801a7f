/** `ssp user`: join, send and look by hand, line by line; also from a pipe, for scripts. */
import { Buffer } from 'node:buffer';
import { randomUUID } from 'node:crypto';
import type { Command } from 'commander';
import {
  type Connection,
  ConnectionClosedError,
  type ConnectionEvent,
  type Group,
  SspError,
  groupIdText,
} from '../index.js';
import { answered } from './echo.js';
import { eventLine, membersText, movedLine, reconnectingLine, resumedLine } from './event-lines.js';
import { Failure, interruption } from './failure.js';
import { joinUnread } from './join.js';
import { Screen } from './screen.js';
import { type Access, withConnection } from './session.js';
import { printable } from './text.js';
import { plural } from './units.js';
import { CommandError, type UserActions, carryOut, helpLines } from './user-commands.js';
import { connectionName, verb } from './values.js';

export const userCommand = (command: Command): Command =>
  verb(command, ['ssp user anna', "printf 'j room\\ns room hello\\n' | ssp user anna"])
    .argument(
      '[name]',
      'name of the connection, 1 to 10 characters (default: chosen by the daemon)',
      connectionName,
    )
    .action(async (name: string | undefined, flags: Access) => {
      const stop = interruption(false);
      const access = { ...flags, ...(name !== undefined && { name }) };
      await withConnection(access, stop, (connection) => talk(connection, access, stop), 'comes-back');
    });

async function talk(connection: Connection, { address }: Access, stop: AbortSignal): Promise<void> {
  const screen = new Screen('ssp> ');
  const end = (): void => screen.close();
  stop.addEventListener('abort', end, { once: true });
  connection.once('close', end);
  try {
    const session = new UserSession(connection, (line) => screen.print(line));
    screen.print(`connected to ${address} as ${printable(connection.id)}; ? lists the commands`);
    const failed = await runLines(session, screen);
    await session.settle();
    const all = failed + session.refusals;
    if (all > 0 && !screen.isTerminal) throw new Failure(`${plural(all, 'command')} failed`);
  } finally {
    end();
  }
}

/** @returns how many lines could not be carried out */
async function runLines(session: UserSession, screen: Screen): Promise<number> {
  let failed = 0;
  for await (const line of screen.lines()) {
    if (!(await session.run(line))) failed++;
    if (session.quitting) break;
  }
  return failed;
}

// What the lines of `ssp user` do.

/** Characters of a body that are shown. */
const SHOWN = 200;
/** Messages of a burst handed to the connection before the kernel has taken the first. */
const UNDER_WAY = 100;

export class UserSession implements UserActions {
  /** Whether the end was asked for. */
  quitting = false;
  private readonly groups = new Map<string, Group>();
  /** Messages that the daemon has refused. */
  refusals = 0;
  /** Body of the message to oneself that is not shown. */
  private readonly mark = Buffer.from(randomUUID());

  constructor(
    private readonly connection: Connection,
    private readonly print: (line: string) => void,
  ) {
    connection.on('event', (event) => this.show(event));
    connection.on('reconnecting', (event) => this.print(reconnectingLine(event, new Date(), false)));
    connection.on('moved', (event) => this.print(movedLine(event, new Date(), false)));
    connection.on('resumed', (event) => this.print(resumedLine(event, new Date(), false)));
  }

  /**
   * Does what a line says. What is wrong with it is printed.
   * @returns whether it could be done
   * @throws ConnectionClosedError
   */
  async run(line: string): Promise<boolean> {
    if (line.trim() === '') return true;
    try {
      await carryOut(line, this);
      return true;
    } catch (error) {
      const isTheirs = error instanceof CommandError || error instanceof SspError;
      if (!isTheirs || error instanceof ConnectionClosedError) throw error;
      this.print(`? ${printable(error.message)}`);
      return false;
    }
  }

  /** Waits until everything that was sent up to here has come back. */
  async settle(): Promise<void> {
    await answered(this.connection, this.mark);
  }

  async join(name: string): Promise<void> {
    this.groups.set(name, await joinUnread(this.connection, name));
  }

  async leave(name: string): Promise<void> {
    if (!this.groups.delete(name)) throw new CommandError(`you are not in ${name}`);
    await this.connection.leave(name);
  }

  send(name: string, text: string): Promise<void> {
    return this.connection.send(name, text);
  }

  private(name: string, text: string): Promise<void> {
    return this.connection.sendTo(name, text);
  }

  async burst(name: string, count: number, size: number): Promise<void> {
    for (let sent = 0; sent < count; sent += UNDER_WAY) {
      const part = Math.min(UNDER_WAY, count - sent);
      const texts = Array.from({ length: part }, (_, i) => `${sent + i + 1} of ${count} `);
      await Promise.all(texts.map((text) => this.send(name, text.padEnd(size, 'x').slice(0, size))));
    }
    this.print(`sent ${plural(count, 'message')} to ${name}`);
  }

  members(): void {
    const me = this.connection.id;
    this.print(`you are ${printable(me)}, in ${plural(this.groups.size, 'group')}`);
    for (const { name, view } of this.groups.values()) {
      this.print(`  ${name}  view ${groupIdText(view.id)}  ${membersText(view.members, me)}`);
    }
  }

  help(): void {
    for (const line of helpLines()) this.print(line);
  }

  quit(): void {
    this.quitting = true;
  }

  private show(event: ConnectionEvent): void {
    if ('body' in event && event.body.equals(this.mark)) return;
    if (event.kind === 'reject' && event.refused === 'data') this.refusals++;
    this.print(eventLine(event, new Date(), { me: this.connection.id, limit: SHOWN }));
  }
}
