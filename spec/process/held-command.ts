/** Commands for `ssp lock` and `ssp lead`, which tell what happens to them. */

/**
 * Prints its group and its token, and then what it reads; ends at the end of its input, with status 7 at SIGTERM, and with
 * 5 at SIGINT.
 */
export const TALKING: readonly string[] = [
  'sh',
  '-c',
  // Some shells write "Terminated" where the signal ends what they wait for.
  `exec 2> /dev/null
trap 'echo term; exit 7' TERM
trap 'echo int; exit 5' INT
echo "begun $SSP_GROUP $SSP_FENCING_TOKEN"
cat
echo done`,
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
  `(trap 'sleep 0.2; echo child ends; exit 0' TERM; echo begun; while :; do sleep 0.05; done) &
trap 'exit 7' TERM
while :; do sleep 0.05; done`,
];

/** The tokens of `TALKING`, each time that it began. */
export const tokensOf = (out: string): number[] =>
  Array.from(out.matchAll(/^begun \S+ (\d+)$/gm), ([, token]) => Number(token));
