/** What the operating system has to offer, and the environment variable that workers look for. */
import { NotSupportedError } from '../../client/resume/errors.js';

/** Where a worker finds the address of the daemon of its primary. */
export const ADDRESS_VARIABLE = 'SSP_ADDRESS';

/** @throws NotSupportedError where there are no local sockets with paths */
export function checkSystem(): void {
  if (process.platform === 'win32')
    throw new NotSupportedError('ssp-toolkit/cluster-process needs local sockets, which Windows lacks');
}
