/**
 * The verbs of `ssp`, as its help lists them. What a verb takes and does is loaded when the command line names it: each
 * needs another part of the library, and help and version need none.
 */
import type { Command } from 'commander';

export interface Verb {
  readonly name: string;
  /** Its arguments, as its usage has them. */
  readonly takes: string;
  readonly about: string;
  /** @returns what makes a command of this name the verb */
  readonly load: () => Promise<(command: Command) => Command>;
}

/** In the order of the help: talking, deciding, watching, recording, preparing. */
export const verbs: readonly Verb[] = [
  {
    name: 'join',
    takes: '<group...>',
    about: 'Join groups and print their messages and views.',
    load: async () => (await import('./join.js')).joinCommand,
  },
  {
    name: 'send',
    takes: '<group> [text]',
    about: 'Send a message, or every line of standard input as a message. No membership is needed.',
    load: async () => (await import('./send.js')).sendCommand,
  },
  {
    name: 'user',
    takes: '[name]',
    about: 'Interactive client: join groups, send, see what arrives. "?" lists the commands.',
    load: async () => (await import('./user.js')).userCommand,
  },
  {
    name: 'ping',
    takes: '[group]',
    about: 'Measure round trips: a message is sent, takes its place in the order, and comes back.',
    load: async () => (await import('./ping.js')).pingCommand,
  },
  {
    name: 'flood',
    takes: '',
    about: 'Measure throughput: connections of this process send and receive as fast as they can.',
    load: async () => (await import('./flood/flood.js')).floodCommand,
  },
  {
    name: 'lock',
    takes: '<group> <command...>',
    about:
      'Run a command while holding a lock. The command gets SSP_FENCING_TOKEN, and SIGTERM if the lock is lost.',
    load: async () => (await import('./lock.js')).lockCommand,
  },
  {
    name: 'lead',
    takes: '<group> <command...>',
    about:
      'Run a command while leading a group. It gets SSP_FENCING_TOKEN, SIGTERM if the lead is lost, and starts again with the next lead.',
    load: async () => (await import('./lead.js')).leadCommand,
  },
  {
    name: 'call',
    takes: '<group> [request]',
    about: 'Ask all members of a group that answer calls, and print their answers, one per line.',
    load: async () => (await import('./call.js')).callCommand,
  },
  {
    name: 'map',
    takes: '<action> <group> [key] [value]',
    about: 'Read, write or follow a replicated map that programs of the group hold.',
    load: async () => (await import('./map.js')).mapCommand,
  },
  {
    name: 'channels',
    takes: '[prefix]',
    about: 'List the channels by name, each with its server.',
    load: async () => (await import('./channels.js')).channelsCommand,
  },
  {
    name: 'status',
    takes: '',
    about: 'Show the status of a daemon. Fails when it has no daemon view, and so orders nothing.',
    load: async () => (await import('./status.js')).statusCommand,
  },
  {
    name: 'top',
    takes: '[list]',
    about:
      'Show the sessions, groups or daemons of a daemon, live; keys switch between them. Without a terminal one table is printed.',
    load: async () => (await import('./top/top.js')).topCommand,
  },
  {
    name: 'groups',
    takes: '',
    about: 'List the groups that a daemon knows, by name.',
    load: async () => (await import('./groups.js')).groupsCommand,
  },
  {
    name: 'members',
    takes: '<group>',
    about: 'List the members of a group in their order, one per line; the first one leads.',
    load: async () => (await import('./members.js')).membersCommand,
  },
  {
    name: 'record',
    takes: '<group...>',
    about: 'Join groups and write everything that arrives to a file.',
    load: async () => (await import('./recording/record.js')).recordCommand,
  },
  {
    name: 'replay',
    takes: '<file>',
    about: 'Print a recording, or send its messages again.',
    load: async () => (await import('./recording/replay.js')).replayCommand,
  },
  {
    name: 'secure',
    takes: '<action>',
    about: 'Make an identity for secure groups: an Ed25519 key.',
    load: async () => (await import('./secure.js')).secureCommand,
  },
  {
    name: 'init',
    takes: '<folder>',
    about: 'Make a folder with a program, its test and a compose file, to begin with.',
    load: async () => (await import('./init/init.js')).initCommand,
  },
  {
    name: 'completion',
    takes: '<shell>',
    about: 'Print a script that completes verbs, options and their values in a shell.',
    load: async () => (await import('./completion/completion.js')).completionCommand,
  },
];

export const verbNames: readonly string[] = verbs.map(({ name }) => name);

/** The verbs that a command line needs whole, by name. @param args behind the name of the program */
export function verbsNamed(args: readonly string[]): readonly string[] {
  // The options of the program itself take no values.
  const [first = '', second = ''] = args.filter((arg) => !arg.startsWith('-'));
  // The script for a shell is about all verbs.
  if (first === 'completion') return verbNames;
  return [first === 'help' ? second : first];
}
