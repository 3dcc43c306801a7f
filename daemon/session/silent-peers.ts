/** Clients whose machine does not answer any more: `lib/silence` ends their connections, here is what that is called. */
import { tellsSilence } from '../../lib/silence/watch.js';
import type { Logger } from '../monitor/logger.js';
import type { EndReason } from './reason.js';

/** What the kernel, or our own watch, says of a machine that does not answer, or that no network knows any more. */
const SILENT = new Set<string | undefined>(['ETIMEDOUT', 'EHOSTUNREACH', 'EHOSTDOWN', 'ENETUNREACH']);

/** Why a connection ended with this error. */
export const reasonOfError = ({ code }: NodeJS.ErrnoException): EndReason =>
  SILENT.has(code) ? 'silent' : 'broken';

/** Says at start where ClientSilenceTimeout does not hold for all clients. @param hasTable of TCP connections */
export async function tellLateEnds(log: Logger, hasTable = tellsSilence()): Promise<void> {
  if (await hasTable) return;
  log.warn(
    { platform: process.platform },
    'no table of TCP connections: a silent client to which data are on their way ends when the system says so',
  );
}
