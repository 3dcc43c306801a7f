/** Commands for `ssp lock` and `ssp lead`, which tell what happens to them. */

/**
 * Prints its group and its token, and then what it reads; ends at the end of its input, with status 7 at SIGTERM, and with
 * 5 at SIGINT.
 */
export const TALKING: readonly string[] = [
  process.execPath,
  '--eval',
  // No shell: one that starts a program in the moment of the signal waits for its end before it does anything else.
  `const { writeSync } = require('node:fs');
const say = (text) => writeSync(1, text);
for (const [signal, word, status] of [['SIGTERM', 'term', 7], ['SIGINT', 'int', 5]])
  process.on(signal, () => { say(word + '\\n'); process.exit(status); });
say('begun ' + process.env.SSP_GROUP + ' ' + process.env.SSP_FENCING_TOKEN + '\\n');
process.stdin.on('data', say).on('end', () => say('done\\n'));`,
];

/** Prints its group and its token, and that it gets SIGTERM, which ends it with status 7; reads nothing. */
export const STAYING: readonly string[] = [
  process.execPath,
  '--eval',
  `const { writeSync } = require('node:fs');
process.on('SIGTERM', () => { writeSync(1, 'term\\n'); process.exit(7); });
writeSync(1, 'begun ' + process.env.SSP_GROUP + ' ' + process.env.SSP_FENCING_TOKEN + '\\n');
setInterval(() => undefined, 1000);`,
];

/** Takes its time to end at SIGTERM, and writes into the log when it begins and when it ends. */
export const lateToEnd = (name: string, log: string): string[] => [
  process.execPath,
  '--eval',
  `const { appendFileSync, writeSync } = require('node:fs');
const [name, log] = process.argv.slice(1);
process.on('SIGTERM', () => setTimeout(() => { appendFileSync(log, name + ' ends\\n'); process.exit(); }, 300));
appendFileSync(log, name + ' begins\\n');
writeSync(1, 'begun\\n');
process.stdin.resume();`,
  name,
  log,
];

/** Cannot be ended but by SIGKILL. */
export const DEAF: readonly string[] = [
  'sh',
  '-c',
  `trap '' TERM INT
echo begun
cat > /dev/null
sleep 1000`,
];

/** Its shell ends at once at SIGTERM; what it has started reads on, and says when it ends. */
export const FAMILY: readonly string[] = [
  'sh',
  '-c',
  `trap 'exit 7' TERM
(trap 'sleep 0.2; echo child ends; exit 0' TERM; echo begun; while :; do sleep 0.05; done) &
while :; do sleep 0.05; done`,
];

/** The tokens of `TALKING` and `STAYING`, each time that it began. */
export const tokensOf = (out: string): number[] =>
  Array.from(out.matchAll(/^begun \S+ (\d+)$/gm), ([, token]) => Number(token));
