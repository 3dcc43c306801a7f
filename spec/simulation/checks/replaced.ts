/**
 * A daemon that others go on without knows it before them where it can: when its Corosync hangs. And where it cannot,
 * because its own process was frozen, it delivers nothing of the old view before it knows.
 */
import type { DaemonId, View } from '../../../daemon/engine/port.js';
import { runOf } from '../../../daemon/testing/network/engine-log.js';
import type { RecorderObserver } from '../../../daemon/testing/network/recorder.js';

interface Facts {
  /** Its Corosync hangs, and it must know. */
  hung(self: DaemonId): boolean;
  /** Its process was frozen at that time and runs now, and it must expect the worst. */
  sleeper(self: DaemonId, since: number): boolean;
  now(): number;
  fault(text: string): void;
}

/** One that is in a view, as far as its clients know. */
interface Believer {
  readonly self: DaemonId;
  readonly view: View;
  /** When the first of its companions was in the next view, without it. */
  replacedAt: number;
}

export class Replaced implements RecorderObserver {
  private readonly believers = new Map<string, Believer>();

  constructor(private readonly facts: Facts) {}

  view(self: DaemonId, view: View): void {
    const { facts } = this;
    for (const [run, other] of this.believers) {
      const isCompanion = other.view.id.tag === view.previous?.tag && run !== runOf(self);
      if (!isCompanion || view.members.some((each) => runOf(each) === run)) continue;
      other.replacedAt = Math.min(other.replacedAt, facts.now());
      if (facts.hung(other.self))
        facts.fault(
          `${self.name} is in ${view.id.text}; ${other.self.name}, whose Corosync hangs, is not told`,
        );
    }
    this.believers.set(runOf(self), { self, view, replacedAt: Infinity });
  }

  transitional(self: DaemonId): void {
    this.believers.delete(runOf(self));
  }

  /** Nobody listens to it any more. */
  ended(self: DaemonId): void {
    this.believers.delete(runOf(self));
  }

  message(self: DaemonId): void {
    const believer = this.believers.get(runOf(self));
    if (!believer || !this.facts.sleeper(self, believer.replacedAt)) return;
    this.facts.fault(`${self.name} wakes up and delivers in ${believer.view.id.text}, which is over`);
    this.believers.delete(runOf(self));
  }
}
