/** A daemon of this process and connections to it, closed at the end. */
import type { Daemon, DaemonOptions } from '../../../daemon/index.js';
import { connect } from '../../../lib/client/connect.js';
import type { Connection } from '../../../lib/client/connection.js';
import { startDaemon } from '../../support/local-daemon.js';

export class DaemonFixture implements AsyncDisposable {
  private readonly connections: Connection[] = [];

  private constructor(readonly daemon: Daemon) {}

  static async open(options?: DaemonOptions): Promise<DaemonFixture> {
    return new DaemonFixture(await startDaemon(options));
  }

  get address(): string {
    return `${this.daemon.port}@127.0.0.1`;
  }

  async connect(name: string): Promise<Connection> {
    const connection = await connect({ address: this.address, name });
    this.connections.push(connection);
    return connection;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.connections.map((connection) => connection.close()));
    await this.daemon.stop();
  }
}

/** The error that the promise is rejected with. */
export async function failure(promise: Promise<unknown>): Promise<Error> {
  try {
    await promise;
  } catch (error) {
    return error as Error;
  }
  throw new Error('it should have failed');
}
