/** The daemon cannot be part of the cluster it wants to be in; somebody has to change something. */
export class EngineError extends Error {
  override readonly name = 'EngineError';
}
