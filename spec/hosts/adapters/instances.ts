/** Instances of a program of the guide that serves HTTP, each a process, at daemons of this process. */
import { expect } from 'chai';
import { type Cluster, cluster } from '../../../daemon/testing/index.js';
import { Program } from '../../support/program.js';
import type { HostProject } from './host-project.js';

/** A busy machine takes its time to load a framework. */
const START_MS = 60_000;

export class Instance {
  private constructor(
    readonly program: Program,
    readonly url: string,
  ) {}

  /** Resolves when it serves. */
  static async start(program: Program): Promise<Instance> {
    const [url] = await program.prints(/http:\/\/\S+/, START_MS);
    return new Instance(program, url);
  }

  async fetch(path: string, init: RequestInit = {}): Promise<{ status: number; text: string }> {
    const response = await fetch(this.url + path, init);
    return { status: response.status, text: await response.text() };
  }

  /** It ends as a supervisor ends it, without an error. */
  async stop(): Promise<void> {
    const { status, err } = await this.program.signal('SIGTERM').end();
    expect([status, err]).to.deep.equal([0, '']);
  }
}

export class Instances implements AsyncDisposable {
  private constructor(
    readonly daemons: Cluster,
    readonly all: readonly Instance[],
    private readonly another: () => Promise<Instance>,
  ) {}

  /** Two instances, at one daemon or at one each. @param file of the project */
  static async start(project: HostProject, file: string, size: 1 | 2 = 1): Promise<Instances> {
    const daemons = await cluster(size, { tcp: true });
    const another = async (daemon = 0): Promise<Instance> =>
      await Instance.start(Program.start(project.file(file), [daemons.address(daemon), '0']));
    try {
      return new Instances(daemons, await Promise.all([another(), another(size - 1)]), another);
    } catch (error) {
      await Program.endAll();
      await daemons[Symbol.asyncDispose]();
      throw error;
    }
  }

  get first(): Instance {
    return this.all[0] as Instance;
  }

  get second(): Instance {
    return this.all[1] as Instance;
  }

  /** One more, at the first daemon. */
  async add(): Promise<Instance> {
    return await this.another();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Program.endAll();
    await this.daemons[Symbol.asyncDispose]();
  }
}
