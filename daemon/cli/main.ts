#!/usr/bin/env node
/** `sspd`: reads the command line. What only prints the help or the version ends here, and loads nothing of the daemon. */
import { setFlagsFromString } from 'node:v8';
import { CommanderError } from 'commander';
import { type Flags, readCommandLine, USAGE_STATUS } from './command-line.js';

// Every read is a new buffer outside of the heap, and V8 starts to mark the heap step by step for each few dozen
// megabytes of them: half of the processor at 1 GB/s (docs/reliability/performance.md).
setFlagsFromString('--no-incremental-marking');

function flagsOrStatus(): Flags | number {
  try {
    return readCommandLine();
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    return error.exitCode === 0 ? 0 : USAGE_STATUS;
  }
}

const given = flagsOrStatus();
if (typeof given === 'number') process.exitCode = given;
else await (await import('./program.js')).carryOut(given);
