/** The engine that the options ask for, not started yet. */
import type { Logger } from '../log/logger.js';
import type { Engine } from './port.js';
import { SoloEngine } from './solo.js';

export interface EngineOptions {
  readonly name: string;
  /** 32-bit identity of the daemon. */
  readonly id: number;
  readonly engine: 'solo' | 'corosync';
  readonly corosync: {
    readonly group: string;
    readonly silenceTimeoutMs: number;
    readonly library: string | null;
  };
}

/**
 * What several daemons need beyond Node is loaded here, and only for them; that it is not there is found out before
 * anything starts.
 * @throws TransportError that says what to install
 */
export async function createEngine(options: EngineOptions, logger: Logger): Promise<Engine> {
  const { name, id, engine, corosync } = options;
  if (engine === 'solo') {
    return new SoloEngine({ name, node: id, pid: process.pid, time: Math.floor(Date.now() / 1000) });
  }
  const { CPG_LIBRARY, loadLibrary } = await import('./corosync/transport/library.js');
  const { KoffiCpgTransport } = await import('./corosync/transport/cpg-transport.js');
  const { CorosyncEngine } = await import('./corosync/engine.js');
  const library = corosync.library ?? CPG_LIBRARY;
  await loadLibrary(library);
  return new CorosyncEngine({
    name,
    group: corosync.group,
    transport: () => new KoffiCpgTransport(library),
    logger,
    views: { silenceTimeout: corosync.silenceTimeoutMs },
  });
}
