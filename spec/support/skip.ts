/** Skipping a test or a suite, with the reason, which `npm test` prints once more at its end. */

const reasons = new WeakMap<object, string>();

/** Ends the test, or the whole suite where the context is that of a hook. */
export function skip(context: Mocha.Context, reason: string): never {
  const { test } = context;
  // A hook ends what it is there for: the suite it stands in.
  const skipped = test && 'type' in test && test.type === 'hook' ? test.parent : test;
  if (skipped) reasons.set(skipped, reason);
  return context.skip();
}

/** Why a test was skipped: its own reason, or that of a suite around it. */
export function whySkipped(test: Mocha.Test): string | null {
  for (let at: Mocha.Test | Mocha.Suite | undefined = test; at; at = at.parent) {
    const reason = reasons.get(at);
    if (reason !== undefined) return reason;
  }
  return null;
}
