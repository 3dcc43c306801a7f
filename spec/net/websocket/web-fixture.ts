/** Daemons with a port for browsers, for specs that play the browsers. */
import { writeFile } from 'node:fs/promises';
import type { Daemon, DaemonOptions, WebOptions } from '../../../daemon/index.js';
import { startDaemon } from '../../support/local-daemon.js';
import { TemporaryDirectory } from '../../support/temporary.js';
import { SECRET } from '../../support/web-tokens.js';

/** One that lets in browsers without a token. */
export const startWeb = (web: Partial<WebOptions> = {}, options: DaemonOptions = {}): Promise<Daemon> =>
  startDaemon({ web: { port: 0, ...web }, ...options });

/** One that knows the secret of the specs; lets nobody in without a token. */
export async function startWithSecret(
  web: Partial<WebOptions> = {},
  rules: readonly string[] | null = null,
): Promise<Daemon> {
  await using folder = await TemporaryDirectory.make();
  const secretFile = folder.file('secrets');
  const groupFile = rules && folder.file('groups');
  await writeFile(secretFile, SECRET.toString('base64url'));
  if (groupFile !== null) await writeFile(groupFile, (rules ?? []).join('\n'));
  return await startWeb({ secretFile, ...web }, { groupFile });
}
