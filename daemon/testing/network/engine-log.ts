/** What one run of one engine was given and gave, in order: what the checkers of views read. */
import type { DaemonId, View } from '../../engine/port.js';

export type EngineEntry =
  | { readonly kind: 'send'; readonly id: string; readonly safe: boolean; readonly exchange: boolean }
  | { readonly kind: 'view'; readonly view: View }
  | { readonly kind: 'stable'; readonly index: number }
  | { readonly kind: 'transitional'; readonly previous: string; readonly members: readonly DaemonId[] }
  | {
      readonly kind: 'message';
      readonly id: string;
      readonly sender: DaemonId;
      readonly index: number;
      readonly safe: boolean;
      readonly exchange: boolean;
    };

export interface EngineLog {
  readonly self: DaemonId;
  readonly entries: EngineEntry[];
  /** How it ended: it runs still, or it stopped or died. */
  end: 'open' | 'ended';
}

export const runOf = ({ name, inc }: DaemonId): string => `${name}.${inc.toString(16)}`;
