/** A directory that is gone after the spec. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export class TemporaryDirectory implements AsyncDisposable {
  private constructor(readonly path: string) {}

  static async make(parent = tmpdir()): Promise<TemporaryDirectory> {
    return new TemporaryDirectory(await mkdtemp(join(parent, 'ssp-')));
  }

  file(name: string): string {
    return join(this.path, name);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.path, { recursive: true, force: true });
  }
}
