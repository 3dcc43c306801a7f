/**
 * Many command lines of `ssp` in one process: for what a command refuses, or prints before it ends. To start a process for each
 * takes most of the time of such a spec and shows no more. That a process ends with the status is seen with `Program`.
 */
import { type Ended, Program } from './program.js';

export interface CommandLine {
  /** Behind the name of the program. */
  readonly args: readonly string[];
  /** Beside what the process of the spec has. */
  readonly environment: NodeJS.ProcessEnv;
}

export class CommandLines implements AsyncDisposable {
  private readonly program = Program.start('spec/support/command-lines-program.js', []);
  private count = 0;

  /** One at a time. @throws Error when the process ends, or does not answer in its time */
  async run(args: readonly string[], environment: NodeJS.ProcessEnv = {}): Promise<Ended> {
    const line: CommandLine = { args, environment };
    this.program.write(`${JSON.stringify(line)}\n`);
    const [, ended = ''] = await this.program.prints(new RegExp(`^${++this.count} (.*)\n`, 'm'));
    return JSON.parse(ended) as Ended;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.program.eof().end();
  }
}
