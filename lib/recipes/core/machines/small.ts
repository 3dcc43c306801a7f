/** A machine whose state is small: its snapshot is one JSON text. */
import { Buffer } from 'node:buffer';
import type { CommandInfo } from '../replicated/replica.js';
import type { Machine } from './machine.js';

export abstract class SmallMachine<State, Command, Result> implements Machine<Command, Result> {
  abstract readonly kind: string;
  /** Called when the state may have changed. */
  changed: () => void = () => undefined;
  protected state: State;

  constructor() {
    this.state = this.first();
  }

  reset(): void {
    this.state = this.first();
    this.changed();
  }

  apply(command: Command, info: CommandInfo): Result {
    const result = this.act(command, info);
    this.changed();
    return result;
  }

  snapshot(): Uint8Array {
    return Buffer.from(JSON.stringify(this.state));
  }

  async restore(pieces: AsyncIterable<Buffer>): Promise<void> {
    const all: Buffer[] = [];
    for await (const piece of pieces) all.push(piece);
    this.load(Buffer.concat(all));
  }

  /** @throws SyntaxError */
  load(bytes: Buffer): void {
    this.state = JSON.parse(bytes.toString()) as State;
    this.changed();
  }

  protected abstract first(): State;
  protected abstract act(command: Command, info: CommandInfo): Result;
}
