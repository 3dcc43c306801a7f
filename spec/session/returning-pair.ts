/** Two resumable clients in one group of a daemon, one of which is to come back. */
import type { Daemon, DaemonOptions } from '../../daemon/index.js';
import { startDaemon } from '../support/local-daemon.js';
import { ResumableClient } from '../support/resumable-client.js';

export interface Pair extends AsyncDisposable {
  readonly daemon: Daemon;
  readonly ann: ResumableClient;
  readonly bob: ResumableClient;
}

/** `ann` and `bob` in the group `g`; both have taken everything. @param holdMs for which `ann` wants to be held */
export async function annAndBob(options: DaemonOptions = {}, holdMs = 0): Promise<Pair> {
  const daemon = await startDaemon(options);
  const bob = await ResumableClient.connect(daemon.port, 'bob');
  bob.join('g');
  await bob.hears('list g: #bob#dmn1');
  const ann = await ResumableClient.connect(daemon.port, 'ann', { holdMs });
  ann.join('g');
  await ann.hears('list g: #ann#dmn1 #bob#dmn1');
  await bob.hears('g: join #ann#dmn1');
  for (const each of [ann, bob]) each.heard();
  const end = async (): Promise<void> => {
    for (const each of [ann, bob]) each.close();
    await daemon.stop();
  };
  return { daemon, ann, bob, [Symbol.asyncDispose]: end };
}
