/** Commands to the registry that have no outcome yet, and who waits for them. */
import type { ApplyResult } from './registry/apply.js';
import type { Command } from './registry/command.js';
import type { RegistryMachine } from './registry/machine.js';

interface Submitted {
  readonly command: Command;
  readonly settled: (outcome: ApplyResult) => void;
  readonly failed: (error: Error) => void;
}

export class SubmittedCommands {
  private commands = new Map<number, Submitted>();
  private error: Error | null = null;

  constructor(private machine: () => RegistryMachine) {}

  submit(command: Command, settled: Submitted['settled'], failed: Submitted['failed']): void {
    if (this.error) return failed(this.error);
    this.commands.set(this.machine().submit(command), { command, settled, failed });
  }

  /** The command of that number has its outcome. */
  settle(serial: number, outcome: ApplyResult): void {
    const command = this.commands.get(serial);
    this.commands.delete(serial);
    command?.settled(outcome);
  }

  /** Whether an attachment to a channel of that name is under way, or a claim of it. */
  isAsking(kind: 'attach' | 'claim', name: string): boolean {
    return [...this.commands.values()].some(({ command }) => command.kind === kind && command.name === name);
  }

  /** Takes all out, as they were sent last. @param before the machine that they were given to */
  drain(before: RegistryMachine): readonly Submitted[] {
    const all = [...this.commands].map(([serial, { command, settled, failed }]) => ({
      command: before.commandOf(serial) ?? command,
      settled,
      failed,
    }));
    this.commands = new Map();
    return all;
  }

  end(error: Error): void {
    this.error = error;
    for (const { failed } of this.commands.values()) failed(error);
    this.commands.clear();
  }
}
