/** What an adapter says when its host is missing or too old. */

/**
 * Loads the package of a host, at the call that needs it: a program without the host gets one sentence that says so.
 * @param host the name of the package @param adapter what needs it
 * @throws Error that says what to install
 */
export async function loadPackage(
  load: () => Promise<unknown>,
  host: string,
  adapter: string,
): Promise<unknown> {
  try {
    return await load();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_MODULE_NOT_FOUND') throw error;
    throw bare(`install ${host} to use ${adapter}`);
  }
}

/** An error whose sentence says everything: where it was thrown, and why, would only hide it. */
export function bare(message: string): Error {
  const error = new Error(message);
  error.stack = `Error: ${message}`;
  return error;
}
