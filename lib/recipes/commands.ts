/** From the commands of the order, which are bytes of other members, to those of a machine. */
import type { Buffer } from '#buffer';
import { parseJson } from '../util/json-depth.js';
import { issuesText } from '../util/issues-text.js';
import { validated } from '../util/schema.js';
import type { StandardSchema } from '../util/standard-schema.js';
import { MAX_COMMAND_DEPTH } from './core/limits.js';
import type { Machine } from './core/machines/machine.js';
import { MalformedCommandError } from './core/malformed.js';
import type { StateMachine } from './core/replicated/replica.js';

/** Commands travel as JSON. */
export const machineOf = <Command, Result>(
  machine: Machine<Command, Result>,
  schema: StandardSchema | undefined,
  onError: (error: unknown) => void,
): StateMachine => ({
  reset: () => machine.reset(),
  apply: (command, info) => machine.apply(commandOf(schema, command) as Command, info),
  present: (members) => machine.present?.(members),
  merge: (state) => {
    // Another member says what it had: an invalid state stops nobody.
    try {
      machine.merge?.(state);
    } catch (error) {
      onError(error);
    }
  },
});

/** @throws MalformedCommandError */
function commandOf(schema: StandardSchema | undefined, bytes: Buffer): unknown {
  let command: unknown;
  try {
    command = parseJson(bytes.toString(), MAX_COMMAND_DEPTH);
  } catch (error) {
    throw new MalformedCommandError((error as Error).message, { cause: error });
  }
  if (schema === undefined) return command;
  const read = validated(schema, command);
  if (read.isValid) return read.value;
  throw new MalformedCommandError(`the command does not fit its schema: ${issuesText(read.issues)}`);
}
