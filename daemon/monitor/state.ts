/** The state of a daemon in a word. */
import type { DaemonStatus } from './status.js';

/** Without a daemon view nothing is ordered. */
export function stateOf({ daemons, isDraining }: DaemonStatus): 'operational' | 'draining' | 'no-view' {
  if (daemons.length === 0) return 'no-view';
  return isDraining ? 'draining' : 'operational';
}
