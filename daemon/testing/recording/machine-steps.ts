/** What was done to the state of one member, as the recipe does it again over a recording. */
import { Buffer } from 'node:buffer';
import { type CommandInfo, type Machine, replicated } from '../../../lib/recipes/index.js';
import { decode } from '../../../lib/recipes/core/replicated/messages.js';
import { type ReplicatedTerms, termsOf } from '../../../lib/recipes/core/replicated/label.js';
import { RecordingError } from '../../../lib/recording/error.js';
import { eventsOf } from '../../../lib/recording/events.js';
import { RecordingReader } from '../../../lib/recording/reader.js';
import type { StandardSchema } from '../../../lib/util/standard-schema.js';
import { PlayedConnection } from './played-connection.js';

/** What was done to it. */
export type MachineStep =
  | { readonly kind: 'apply'; readonly command: unknown; readonly info: CommandInfo; readonly atMs: number }
  | { readonly kind: 'reset' }
  | { readonly kind: 'present'; readonly members: readonly string[] }
  | { readonly kind: 'restore' | 'merge'; readonly bytes: Buffer };

/** The user's machine, in what it has to have in common with the replicas of the group. */
export interface Replayed {
  readonly kind: string;
  /** Whether it has a merge function. */
  readonly merges: boolean;
  /** Of the commands. */
  readonly schema: StandardSchema | undefined;
}

/** A member that has told what state it holds. */
interface Replica {
  readonly id: string;
  /** The number of its process. */
  readonly instance: number;
  readonly label: string;
  /** Events in the file before it was last a member. */
  last: number;
}

/** Bytes of the number of a process. */
const INSTANCE_BYTES = 6;

/** Stands for the user's machine: what comes is written down. */
class StepLog implements Machine<unknown, null> {
  readonly steps: MachineStep[] = [];
  readonly merge?: (bytes: Buffer) => void;

  constructor(
    readonly kind: string,
    merges: boolean,
    private readonly now: () => number,
  ) {
    if (merges) this.merge = (bytes) => void this.steps.push({ kind: 'merge', bytes: Buffer.from(bytes) });
  }

  reset(): void {
    this.steps.push({ kind: 'reset' });
  }

  apply(command: unknown, info: CommandInfo): null {
    this.steps.push({ kind: 'apply', command, info, atMs: this.now() });
    return null;
  }

  present(members: readonly string[]): void {
    this.steps.push({ kind: 'present', members: [...members] });
  }

  /** What it would give to others goes nowhere. */
  snapshot(): Uint8Array {
    return Buffer.alloc(0);
  }

  async restore(pieces: AsyncIterable<Buffer>): Promise<void> {
    const all: Buffer[] = [];
    for await (const piece of pieces) all.push(piece);
    this.steps.push({ kind: 'restore', bytes: Buffer.concat(all) });
  }
}

/**
 * The steps of the member that tells most of the state of a group: the recorder itself where it was one, else one that had the first
 * state, for as long as the recorder saw what it saw.
 * @throws RecordingError when the group has no such state, another one, or when its beginning is not in the recording
 */
export async function stepsOf(
  path: string,
  group: string,
  machine: Replayed,
): Promise<readonly MachineStep[]> {
  const replicas = replicasIn(path, group);
  const [first] = replicas;
  if (!first) throw new RecordingError(`${path} has no replicated state in the group ${group}`);
  const terms = termsOf(first.label);
  const { kind, merges, schema } = machine;
  const isChecked = schema !== undefined;
  if (terms === null || terms.kind !== kind || terms.merges !== merges || terms.isChecked !== isChecked)
    throw new RecordingError(
      `the group ${group} holds ${first.label}, and the machine is a ${kind}${isChecked ? ' of checked commands' : ''}${merges ? ' that merges' : ''}`,
    );
  for (const replica of replicas) {
    const steps = await run(path, group, replica, { ...terms, schema });
    if (steps !== null) return steps;
  }
  throw new RecordingError(`${path} does not have the beginning of the state of ${group}`);
}

/** @returns what was done to the state of the member; null when it has none */
async function run(
  path: string,
  group: string,
  { id, instance }: Replica,
  { kind, merges, quorum, maxMembers, schema }: ReplicatedTerms & Replayed,
): Promise<readonly MachineStep[] | null> {
  const bytes = Buffer.alloc(INSTANCE_BYTES);
  bytes.writeUIntBE(instance, 0, INSTANCE_BYTES);
  const random = (length: number): Uint8Array => (length === INSTANCE_BYTES ? bytes : Buffer.alloc(length));
  await using played = await PlayedConnection.open({ path, id, groups: [group], random });
  const log = new StepLog(kind, merges, () => played.atMs);
  const counted = quorum === null ? {} : { quorum, maxMembers };
  const opening = schema
    ? replicated(played.connection, group, log, { ...counted, schema })
    : replicated(played.connection, group, log, counted);
  await Promise.all([played.ended(), opening]);
  return log.steps.some((step) => step.kind === 'reset' || step.kind === 'restore') ? log.steps : null;
}

/** Members with a state: the recorder first, then those that were there longest. */
function replicasIn(path: string, group: string): Replica[] {
  using reader = RecordingReader.open(path);
  const replicas = new Map<string, Replica>();
  let count = 0;
  for (const { event } of eventsOf(reader)) {
    count++;
    if (event.kind === 'data' && event.groups.includes(group) && !replicas.has(event.sender)) {
      const message = decode(event.body);
      if (message?.kind !== 'state') continue;
      const { ask, label } = message.statement;
      const id = event.sender;
      replicas.set(id, { id, instance: Number(ask.split('.')[0]), label, last: count });
    } else if (event.kind === 'view' && event.group === group) {
      for (const id of event.members) {
        const replica = replicas.get(id);
        if (replica) replica.last = count;
      }
    }
  }
  const { id } = reader.head;
  return [...replicas.values()].toSorted((a, b) => (a.id === id ? -1 : b.id === id ? 1 : b.last - a.last));
}
