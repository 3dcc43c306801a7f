/** How a group is view-synchronous, and a layer whose groups are each in their own way. */
import { FlushLayer } from '../flush/core/layer.js';
import { GroupMachine } from '../flush/core/machine.js';
import type { FlushSink } from '../flush/core/port.js';
import type { HeldSends } from './held-sends.js';
import type { ViewSynchrony } from './options.js';
import type { FilterHost, FlushFilter } from './flush-filter.js';

/** What a group has besides its machine. */
export interface Mode {
  readonly isManual: boolean;
  readonly stalledAfterMs: number | undefined;
  /** Whether a reader has got the newest view, or the join has. */
  isViewSeen: boolean;
  hasView: boolean;
  isLeaving: boolean;
  readonly held: HeldSends;
  /** The flush request that is open. */
  request: object | null;
  /** Of a secure group: what stands between the layer and its events. */
  filter: FlushFilter | null;
}

/** How a group is joined, with the filter of a secure one. */
export interface Synchrony extends ViewSynchrony {
  readonly filter?: ((host: FilterHost) => FlushFilter) | undefined;
}

/** A layer whose groups have limits of their own. */
export class SynchronousLayer extends FlushLayer<Promise<number>> {
  constructor(
    self: string,
    sink: FlushSink<Promise<number>>,
    private readonly modes: ReadonlyMap<string, Mode>,
  ) {
    super(self, sink);
  }

  protected override newMachine(
    group: string,
    sink: FlushSink<Promise<number>>,
  ): GroupMachine<Promise<number>> {
    return new GroupMachine(group, this.self, sink, this.modes.get(group)?.stalledAfterMs);
  }
}
