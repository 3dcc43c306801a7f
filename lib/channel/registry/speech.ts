/** What a member says for its part of the registry when tables come together [channels 15.4]. */
import type { Buffer } from 'node:buffer';
import { MAX_TABLE_RECEIVERS, TABLE_PIECE } from '../limits.js';
import type { RoundTag, State, TablePart } from './command.js';
import type { Table } from './table.js';

export interface SpeakingPart {
  readonly tag: RoundTag;
  /** Of the view, in its order. */
  readonly members: readonly string[];
  /** Those that have the same table. */
  readonly peers: ReadonlySet<string>;
  /** Those that were seen to join with nothing. */
  readonly fresh: ReadonlySet<string>;
  readonly tookPart: ReadonlySet<string>;
  /** Those that are known to say nothing. */
  readonly silent: ReadonlySet<string>;
  /** Null: there is none yet. */
  readonly table: Table | null;
  /** Whether the table goes to the group in any case. */
  readonly isForced: boolean;
  readonly said: Pick<State, 'has' | 'informed' | 'testimony' | 'electorates' | 'moved' | 'returns'>;
}

export interface Speech {
  /** Pieces of the table, and to whom they go; null: the group. */
  readonly parts: readonly { readonly to: readonly string[] | null; readonly part: TablePart }[];
  readonly state: State;
}

export function speech(of: SpeakingPart): Speech {
  const { tag, members, peers, fresh, tookPart, silent, table, isForced, said } = of;
  const others = members.filter((member) => !peers.has(member));
  // Several parts have tables, so that everybody needs all of them.
  const areSeveral = others.some((member) => !fresh.has(member));
  const wide = isForced || areSeveral || others.length > MAX_TABLE_RECEIVERS;
  const flags = (names: ReadonlySet<string>): boolean[] => members.map((member) => names.has(member));
  const bytes = table?.encode();
  const count = bytes ? Math.ceil(bytes.length / TABLE_PIECE) : 0;
  const to = wide ? null : others;
  // Where nobody is missing it, it is not sent.
  const isSent = bytes && to?.length !== 0;
  const parts = Array.from({ length: isSent ? count : 0 }, (_, index) => ({
    to,
    part: {
      kind: 'part' as const,
      tag,
      index,
      bytes: (bytes as Buffer).subarray(index * TABLE_PIECE, (index + 1) * TABLE_PIECE),
    },
  }));
  const state: State = {
    kind: 'state',
    tag,
    wide,
    parts: count,
    covers: flags(peers),
    fresh: flags(fresh),
    silent: flags(silent),
    tookPart: flags(tookPart),
    ...said,
  };
  return { parts, state };
}
