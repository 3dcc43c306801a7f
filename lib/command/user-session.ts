/** What the lines of `ssp user` do. */
import { Buffer } from 'node:buffer';
import { randomUUID } from 'node:crypto';
import { ConnectionClosedError, SspError } from '../errors.js';
import type { Connection } from '../group/connection.js';
import type { ConnectionEvent } from '../group/event.js';
import type { Group } from '../group/group.js';
import { groupIdText } from '../wire/group-id.js';
import { answered } from './echo.js';
import { eventLine, membersText } from './event-lines.js';
import { joinUnread } from './join.js';
import { printable } from './text.js';
import { plural } from './units.js';
import { carryOut, CommandError, helpLines, type UserActions } from './user-commands.js';

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
    const { privateName } = this.connection;
    this.print(`you are ${printable(privateName)}, in ${plural(this.groups.size, 'group')}`);
    for (const { name, view } of this.groups.values()) {
      this.print(`  ${name}  view ${groupIdText(view.id)}  ${membersText(view.members, privateName)}`);
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
    this.print(eventLine(event, new Date(), { me: this.connection.privateName, limit: SHOWN }));
  }
}
