/** Clusters that were not ended when the process has nothing to do any more: a warning names each. */

const open = new Map<object, string>();

const warn = (): void => {
  for (const where of open.values())
    process.emitWarning(`a cluster was not ended: ${where}`, 'SspClusterWarning');
  open.clear();
};

/** @param caller the function whose caller is named */
export function callerOf(caller: (...args: never[]) => unknown): string {
  const holder: { stack?: string } = {};
  Error.captureStackTrace(holder, caller);
  const [, line = 'at an unknown place'] = (holder.stack ?? '').split('\n');
  return line.trim();
}

/** @param where what the warning says */
export function noteOpen(cluster: object, where: string): void {
  if (open.size === 0) process.on('beforeExit', warn);
  open.set(cluster, where);
}

export function noteEnd(cluster: object): void {
  open.delete(cluster);
  if (open.size === 0) process.off('beforeExit', warn);
}
