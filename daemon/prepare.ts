/**
 * Everything that a start finds out before it opens anything. A start is this and then opening; `sspd --check` is this
 * alone, so what passes the check can be started.
 */
import type { AccessRules } from './access/access.js';
import { loadAccess } from './access/load.js';
import type { ResumeKey } from './core/resume-keys.js';
import { createEngine } from './engine/create.js';
import type { Engine } from './engine/port.js';
import type { Logger } from './log/logger.js';
import { checkEndpoint, checkToken } from './monitor/endpoint.js';
import { checkSocketPath, checkTcp, checkUnix } from './net/listener.js';
import type { TlsFiles } from './net/tls-files.js';
import type { WebListenOptions } from './net/websocket/listener.js';
import {
  type CheckedOptions,
  type DaemonOptions,
  accessFilesOf,
  checkOptions,
  engineOptionsOf,
  givenEngine,
} from './options.js';
import { loadResumeKey } from './session/resume-key-file.js';

export interface Prepared {
  readonly options: CheckedOptions;
  readonly rules: AccessRules;
  /** Null without a listener with TLS. */
  readonly tls: TlsFiles | null;
  /** Null without a listener for browsers. */
  readonly web: WebListenOptions | null;
  /** What tokens of clients are sealed with; null: what the daemons share among themselves. */
  readonly resumeKey: ResumeKey | null;
  /** Not started. */
  readonly engine: Engine;
  /** One line each, for the log. */
  readonly warnings: readonly string[];
}

/**
 * @throws IllegalParamError for options, AccessFileError, ListenError, MonitorError, TransportError: one line that says
 * what has to be changed
 */
export async function prepare(given: DaemonOptions, logger: Logger): Promise<Prepared> {
  const options = checkOptions(given);
  const rules = await loadAccess(accessFilesOf(options));
  const tls = options.tls && (await tlsFilesOf(options.tls));
  const { resumeKeyFile } = options;
  const resumeKey = resumeKeyFile === null ? null : await loadResumeKey(resumeKeyFile);
  await checkPlaces(options);
  const web = options.web && (await webOf(options.web, options.listen));
  const engine = givenEngine(given) ?? (await createEngine(engineOptionsOf(options), logger));
  const warnings = [...(tls?.warnings ?? []), ...(web?.tls?.warnings ?? [])];
  return { options, rules, tls, web, resumeKey, engine, warnings: [...new Set(warnings)] };
}

// What few daemons have is loaded by those that have it.

async function tlsFilesOf(names: NonNullable<CheckedOptions['tls']>): Promise<TlsFiles> {
  const { loadTlsFiles } = await import('./net/tls-files.js');
  return await loadTlsFiles(names);
}

async function webOf(
  web: NonNullable<CheckedOptions['web']>,
  listen: CheckedOptions['listen'],
): Promise<WebListenOptions> {
  const { prepareWeb } = await import('./net/websocket/prepare.js');
  return await prepareWeb(web, listen);
}

/** Where clients and those who look at the monitor come in. Whether others are there already shows when it is opened. */
async function checkPlaces({ listen, tls, unixDir, unixPath, monitor }: CheckedOptions): Promise<void> {
  for (const { host, port } of listen) {
    await checkTcp(host, port);
    if (tls) await checkTcp(host, tls.port);
  }
  if (unixDir !== null) await checkUnix(unixDir, listen[0]?.port ?? null);
  if (unixPath !== null) await checkSocketPath(unixPath);
  if (monitor === null) return;
  checkToken(monitor.token);
  await checkEndpoint(monitor.endpoint, monitor.token !== null);
}
