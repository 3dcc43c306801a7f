/**
 * The C flush library as a model: the machine with three of its defects [flush-layer D2, D3, D4]. The real one dies at
 * the first network view; this one survives, as the repaired library of the recordings does.
 */
import type { Change } from '../../lib/flush/core/change.js';
import { FlushLayer } from '../../lib/flush/core/layer.js';
import { GroupMachine } from '../../lib/flush/core/machine.js';
import type { DropReason, FlushSink, PlainView } from '../../lib/flush/core/port.js';
import { type GroupId, groupIdText } from '../../lib/wire/group-id.js';

class CLibraryMachine<Sent> extends GroupMachine<Sent> {
  /** FLUSH_OKs by the id of their change, whoever sent them. */
  private readonly counts = new Map<string, number>();

  /** The newest plain view, as long as it is a change. */
  private last: Change | null = null;

  override plainView(view: PlainView): void {
    super.plainView(view);
    this.last = this.queue.find(view.id);
  }

  /** Outside of a change it is swallowed, and the view is taken as one that has shown it. */
  override plainTransition(): void {
    if (this.last) this.last.isInTransition = true;
    if (this.queue.head === null) this.isTransitionShown = true;
    else this.showTransition();
  }

  /** A view whose plain view is in transition is taken as one that has shown it. */
  protected override install(head: Change): void {
    super.install(head);
    if (head.isInTransition) this.isTransitionShown = true;
  }

  protected override mayReachOnlySome(view: Change): boolean {
    return view.hasLost;
  }

  override flushOk(id: GroupId, sender: string): DropReason | null {
    const key = groupIdText(id);
    this.counts.set(key, (this.counts.get(key) ?? 0) + 1);
    return super.flushOk(id, sender);
  }

  protected override countFlushed(change: Change, sender: string): boolean {
    super.countFlushed(change, sender);
    return true;
  }

  protected override isAgreed(change: Change): boolean {
    return (this.counts.get(groupIdText(change.id)) ?? 0) >= change.members.length;
  }
}

/** A connection of the C library. */
export class CLibraryLayer<Sent> extends FlushLayer<Sent> {
  protected override newMachine(group: string, sink: FlushSink<Sent>): GroupMachine<Sent> {
    return new CLibraryMachine(group, this.self, sink);
  }
}
