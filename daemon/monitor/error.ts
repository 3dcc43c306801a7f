/** The monitor could not be opened; `message` is one line for the person who started the daemon. */
export class MonitorError extends Error {
  override readonly name = 'MonitorError';
}
