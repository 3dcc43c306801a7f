/** The layers of simulated members: ours or the model of the C library, with or without a planted bug. */
import { FlushLayer } from '../../../lib/flush/core/layer.js';
import type { GroupMachine } from '../../../lib/flush/core/machine.js';
import type { FlushSink } from '../../../lib/flush/core/port.js';
import { CLibraryLayer } from '../c-library.js';
import type { SimulatedMember } from './member.js';

/** A bug that is planted in members. */
export interface Bug {
  readonly name: string;
  /** Changes one machine. */
  readonly plant?: (machine: GroupMachine<void>) => void;
  /** A group that is joined again gets the machine that it had. */
  readonly keepsRecord?: boolean;
  /** Changes one member. */
  readonly plantInMember?: (member: SimulatedMember) => void;
}

/** Plants the bug in a machine, and keeps the machine if that is the bug. */
function planted(bug: Bug | null, kept: Kept, machine: GroupMachine<void>): GroupMachine<void> {
  bug?.plant?.(machine);
  if (bug?.keepsRecord !== true) return machine;
  return (kept.machine ??= machine);
}

interface Kept {
  machine: GroupMachine<void> | null;
}

class BuggyLayer extends FlushLayer<void> {
  bug: Bug | null = null;
  private readonly kept: Kept = { machine: null };

  protected override newMachine(group: string, sink: FlushSink<void>): GroupMachine<void> {
    return planted(this.bug, this.kept, super.newMachine(group, sink));
  }
}

class BuggyCLibraryLayer extends CLibraryLayer<void> {
  bug: Bug | null = null;
  private readonly kept: Kept = { machine: null };

  protected override newMachine(group: string, sink: FlushSink<void>): GroupMachine<void> {
    return planted(this.bug, this.kept, super.newMachine(group, sink));
  }
}

export function layerOf(
  isOfC: boolean,
  bug: Bug | null,
  self: string,
  sink: FlushSink<void>,
): FlushLayer<void> {
  const layer = new (isOfC ? BuggyCLibraryLayer : BuggyLayer)(self, sink, { isExclusive: true });
  layer.bug = bug;
  return layer;
}
