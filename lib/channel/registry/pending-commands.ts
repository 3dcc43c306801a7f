/** The commands of one member that have no outcome yet: under way, or waiting until they would count. */
import type { Command } from './command.js';
import type { ClaimId } from './entry.js';

interface PendingCommand {
  command: Command;
  /** It is not under way: it would not count now. */
  waits: boolean;
}

export interface CommandSender {
  /** Whether the command would count if it was sent now. */
  counts(command: Command): boolean;
  send(serial: number, command: Command): void;
}

export class PendingCommands {
  private readonly pending = new Map<number, PendingCommand>();
  private serials = 0;

  constructor(private readonly sender: CommandSender) {}

  /** @returns the number that its outcome will have */
  add(command: Command): number {
    const serial = ++this.serials;
    this.pending.set(serial, { command, waits: true });
    return serial;
  }

  /** The command in the place of the one with that number. */
  replace(serial: number, command: Command): void {
    this.pending.set(serial, { command, waits: true });
  }

  get(serial: number): Command | undefined {
    return this.pending.get(serial)?.command;
  }

  delete(serial: number): void {
    this.pending.delete(serial);
  }

  /** Sends those that would count now. */
  offer(): void {
    for (const [serial, pending] of this.pending) {
      const { command, waits } = pending;
      if (!waits || !this.sender.counts(command)) continue;
      pending.waits = false;
      this.sender.send(serial, command);
    }
  }

  /** Names are not taken from owners that are back. */
  forgetTakeOvers(isBack: (claim: ClaimId) => boolean): void {
    for (const pending of this.pending.values()) {
      const { command } = pending;
      if (command.kind === 'claim' && command.from !== null && isBack(command.from))
        pending.command = { ...command, from: null };
    }
  }
}
