/** A recording in a test: its events, the machine of a group, and connections that get what it has. */
import type { GroupEvent } from '../../../lib/client/event.js';
import type { Machine } from '../../../lib/recipes/index.js';
import { checkMachine } from '../../../lib/recipes/core/machines/machine.js';
import { RecordingError } from '../../../lib/recording/error.js';
import { eventsOf, groupsOf, recordedGroups } from '../../../lib/recording/events.js';
import type { RecordingHead } from '../../../lib/recording/format.js';
import type { StandardSchema } from '../../../lib/util/standard-schema.js';
import { RecordingReader } from '../../../lib/recording/reader.js';
import { MachineReplay } from './machine-replay.js';
import { stepsOf } from './machine-steps.js';
import { PlayedConnection } from './played-connection.js';

/** The options of `Recording.connection`; each has a default. */
export interface PlayOptions {
  /** Groups that are played; default all, and what came to the member alone. */
  readonly groups?: readonly string[];
}

/** The options of `Recording.machine`. */
export interface MachineReplayOptions<Command> {
  /** That of `replicated`, where commands were checked by one. */
  readonly schema?: StandardSchema<unknown, Command>;
}

/** A file that `ssp record` or `Cluster.record` has written. Made by `replay`. */
export class Recording {
  /** The recorder's own id, `#rec1#d1`. */
  readonly id: string;
  /** Name of its daemon. */
  readonly daemon: string;
  /** Groups that were recorded. */
  readonly groups: readonly string[];
  /** Time of day at the beginning. */
  readonly started: Date;
  /** Whether the bodies of messages are in it; else a hash of 8 bytes stands in the place of each. */
  readonly hasBodies: boolean;

  /** @internal */
  constructor(
    private readonly path: string,
    { id, daemon, started, bodies }: RecordingHead,
  ) {
    this.id = id;
    this.daemon = daemon;
    this.groups = recordedGroups(path);
    this.started = new Date(started);
    this.hasBodies = bodies;
  }

  /**
   * What the group has handed out, up to the last whole record.
   * @throws RecordingError for a group that was not recorded, and for a damaged record when it comes
   */
  group(name: string): IterableIterator<GroupEvent> {
    this.check(name);
    return this.eventsOf(name);
  }

  /**
   * Runs a machine over a replicated group, as the recipe `replicated` ran it at the recorder, or, where the recorder was no replica, at
   * one that was there from the first state on, as long as the recorder saw what it saw.
   * @param machine of the kind of the group; it is taken from place to place, and has to be used for nothing else
   * @throws RecordingError for a group that was not recorded, holds something else, or whose beginning is missing, and where only one of
   * group and options has a schema; IllegalParamError
   */
  async machine<Command, Result, M extends Machine<Command, Result>>(
    machine: M & Machine<Command, Result>,
    group: string,
    { schema }: MachineReplayOptions<Command> = {},
  ): Promise<MachineReplay<Command, Result, M>> {
    checkMachine(machine);
    this.check(group);
    const { kind = 'machine' } = machine;
    const merges = machine.merge !== undefined;
    const steps = await stepsOf(this.path, group, { kind, merges, schema });
    return new MachineReplay<Command, Result, M>(machine, steps);
  }

  /**
   * A connection that gets what a recorded member got: the recorder, or another member for as long as the recorder saw what
   * it saw. What the program sends over it is kept, and compared with what the member has sent.
   * @param id of the member, `#ann#d1`; default the recorder
   * @throws RecordingError for an id that is none, and a recording without bodies
   */
  async connection(id = this.id, { groups }: PlayOptions = {}): Promise<PlayedConnection> {
    for (const group of groups ?? []) this.check(group);
    return await PlayedConnection.open({ path: this.path, id, groups: groups ?? null });
  }

  private *eventsOf(name: string): Generator<GroupEvent, void> {
    using reader = RecordingReader.open(this.path);
    for (const { event } of eventsOf(reader))
      if (event.kind !== 'reject' && groupsOf(event).includes(name)) yield event;
  }

  private check(group: string): void {
    if (this.groups.includes(group)) return;
    const known = this.groups.join(' ') || 'none';
    throw new RecordingError(`expected a group of the recording, ${known}, got ${group}`);
  }
}

/**
 * Opens a recording of `ssp record`, or of `Cluster.record`.
 * @throws RecordingError for a file that is not a recording, is damaged, or of another version
 */
export function replay(path: string): Recording {
  using reader = RecordingReader.open(path);
  return new Recording(path, reader.head);
}
