import { expect } from 'chai';
import { z } from 'zod';
import { OptionChecks } from '../../lib/util/option-checks.js';
import { keysAt, parsedOptions } from '../../lib/util/option-errors.js';
import { countOption, signalOption, timeOption } from '../../lib/util/option-schemas.js';

class Refused extends Error {}
const refused = (text: string): Error => new Refused(text);
const { signal } = new AbortController();

/** What is wrong with it; null when it is accepted. */
function fault(act: () => unknown): string | null {
  try {
    act();
    return null;
  } catch (error) {
    expect(error).to.be.instanceOf(Refused);
    return (error as Error).message;
  }
}

const check: OptionChecks = new OptionChecks(refused);
const schema = z.strictObject({
  signal: signalOption,
  count: countOption.optional(),
  time: timeOption.optional(),
});

describe('options', () => {
  for (const [name, good, bad, text, byHand] of [
    [
      'signal',
      [signal, undefined],
      [null, {}, 'x'],
      'signal must be an AbortSignal',
      (value: unknown) => check.signal(value),
    ],
    [
      'count',
      [0, 7, undefined],
      [-1, 1.5, '1', Infinity, Number.NaN, 2 ** 53, null],
      'count must be a non-negative integer',
      (value: unknown) => check.count(value, 'count'),
    ],
    [
      'time',
      [0, 1.5, undefined],
      [-1, '1', Infinity, Number.NaN, null],
      'time must be a non-negative number of milliseconds',
      (value: unknown) => check.time(value, 'time'),
    ],
  ] as const) {
    it(`say the same of a ${name} by hand and by schema`, () => {
      for (const value of good) {
        expect(fault(() => byHand(value))).to.equal(null);
        expect(parsedOptions(schema, { [name]: value }, refused)).to.deep.equal({ [name]: value });
      }
      for (const value of bad) {
        expect(fault(() => byHand(value))).to.equal(text);
        expect(fault(() => parsedOptions(schema, { [name]: value }, refused))).to.equal(text);
      }
    });
  }

  it('say the same of an unknown one, and of what are no options', () => {
    const known = new Set(['signal', 'count', 'time']);
    for (const [options, text] of [
      [{ singal: 1 }, 'unknown option "singal"; expected one of signal, count, time; did you mean "signal"?'],
      [null, 'options must be an object: signal, count, time'],
      ['x', 'options must be an object: signal, count, time'],
    ] as const) {
      expect(fault(() => check.keys(options, known))).to.equal(text);
      expect(fault(() => parsedOptions(schema, options, refused))).to.equal(text);
    }
    expect(fault(() => check.keys({ time: 1 }, known))).to.equal(null);
  });

  it('are named by their place in the schema', () => {
    const inner = z.strictObject({ a: countOption, b: z.string().optional() });
    const outer = z.strictObject({ one: inner.optional(), list: z.array(inner).default([]) });
    expect(
      [[], ['one'], ['list', '3'], ['one', 'a'], ['none'], ['none', 'a', 'b']].map((path) =>
        keysAt(outer, path),
      ),
    ).to.deep.equal([['one', 'list'], ['a', 'b'], ['a', 'b'], [], [], []]);
    expect(fault(() => parsedOptions(outer, { one: { a: -1 } }, refused))).to.equal(
      'one.a must be a non-negative integer',
    );
    expect(fault(() => parsedOptions(outer, { one: { a: 1, c: 1 } }, refused))).to.match(
      /^one: unknown option "c"; expected one of a, b/,
    );
  });

  it('say what is wrong with them as a whole', () => {
    const whole = z.strictObject({ a: z.number().optional() }).refine(({ a }) => a !== 7, {
      error: 'expected another a',
    });
    expect(fault(() => parsedOptions(whole, { a: 7 }, refused))).to.equal('expected another a');
  });
});
