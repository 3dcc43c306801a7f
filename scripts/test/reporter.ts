/** What mocha prints for one part: its usual lines, without the summary, which goes to the program that runs all parts. */
import { format } from 'node:util';
import { reporters, type MochaOptions, type Runner } from 'mocha';
import { whySkipped } from '../../spec/support/skip.js';
import type { Result } from './summary.js';

const { Base, Spec } = reporters;

/** A mocha that cannot send its result any more has nobody left to run for. */
process.on('disconnect', () => process.exit(1));
process.channel?.unref();

export default class PartReporter extends Spec {
  private readonly skipped = new Map<string, number>();

  constructor(runner: Runner, options: MochaOptions) {
    super(runner, options);
    runner.on('pending', (test) => {
      const reason = whySkipped(test) ?? test.fullTitle();
      this.skipped.set(reason, (this.skipped.get(reason) ?? 0) + 1);
    });
  }

  override epilogue(): void {
    const { passes, failures, duration = 0 } = this.stats;
    const result: Result = {
      passing: passes,
      failing: failures,
      skipped: [...this.skipped],
      seconds: duration / 1000,
      failures: failures > 0 ? linesOf(() => Base.list(this.failures)) : '',
    };
    process.send?.(result);
  }
}

/** What mocha prints meanwhile. */
function linesOf(print: () => void): string {
  const lines: string[] = [];
  const { consoleLog } = Base;
  Base.consoleLog = (...parts: unknown[]) => void lines.push(format(...parts));
  try {
    print();
  } finally {
    Base.consoleLog = consoleLog;
  }
  return lines.join('\n');
}
