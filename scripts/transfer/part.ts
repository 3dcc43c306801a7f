/** A process of the bench as its runner sees it. */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import type { Reply } from '../bench/load/serve.js';
import type { Plan, Request } from './roles.js';

export class Part implements AsyncDisposable {
  readonly ended: Promise<unknown>;

  private constructor(private readonly child: ChildProcess) {
    this.ended = once(child, 'exit');
  }

  /** @param program file that plays a role when it is forked */
  static async start(program: string, plan: Plan): Promise<Part> {
    const part = new Part(fork(program, ['role'], { execArgv: ['--enable-source-maps'] }));
    try {
      await part.say({ plan });
      return part;
    } catch (error) {
      await part[Symbol.asyncDispose]();
      throw error;
    }
  }

  get pid(): number {
    return this.child.pid as number;
  }

  get wasKilled(): boolean {
    return this.child.signalCode === 'SIGKILL';
  }

  async ask<Answer>(request: Request): Promise<Answer> {
    return (await this.say({ request })) as Answer;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.child.kill('SIGKILL');
    await this.ended;
  }

  private async say(question: object): Promise<unknown> {
    const { child } = this;
    const stop = new AbortController();
    const replied = once(child, 'message', { signal: stop.signal });
    const over = this.ended.then(() => {
      throw new Error('a process of the bench has ended');
    });
    for (const each of [replied, over]) each.catch(() => undefined);
    child.send(question);
    try {
      const [reply] = (await Promise.race([replied, over])) as [Reply];
      if (reply.error !== undefined) throw new Error(reply.error);
      return reply.answer;
    } finally {
      stop.abort();
    }
  }
}
