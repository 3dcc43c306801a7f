/** What `npm test` prints last. */
import { expect } from 'chai';
import { type Ended, type Result, statusOf, summaryOf } from '../../scripts/test/summary.js';

const result = (given: Partial<Result> = {}): Result => ({
  passing: 3,
  failing: 0,
  skipped: [],
  seconds: 61.4,
  failures: '',
  ...given,
});
const ended = (name: string, given: Partial<Ended> = {}): Ended => ({
  name,
  result: result(),
  end: 0,
  ...given,
});
const one = ended('one');

describe('the summary of npm test', () => {
  it('ends with the numbers of each part and of all', () => {
    expect(summaryOf([one, ended('two', { result: result({ passing: 4, seconds: 9 }) })], 62)).to.equal(
      [
        '',
        '  one: 3 passing, 0 failing, 0 skipped (1 min 1 s)',
        '  two: 4 passing, 0 failing, 0 skipped (9 s)',
        '',
        '  Passed: 7 passing, 0 failing, 0 skipped (1 min 2 s)',
        '',
      ].join('\n'),
    );
  });

  it('says what was skipped, and why', () => {
    const skipped = [
      ['corosync missing', 2],
      ['this needs root', 1],
    ] as const;
    const text = summaryOf([one, ended('two', { result: result({ skipped }) })], 1);
    expect(text).to.include('\n  Skipped:\n    2 tests: corosync missing\n    1 test: this needs root\n');
    expect(text).to.include('Passed: 6 passing, 0 failing, 3 skipped');
  });

  it('has the failures of every part before the numbers, and fails', () => {
    const bad = ended('two', { result: result({ failing: 1, failures: '  1) it fails' }), end: 1 });
    const text = summaryOf([bad, one], 1);
    expect(text).to.match(/^\n {2}Failures of two:\n {2}1\) it fails\n\n {2}two: 3 passing, 1 failing/);
    expect(text).to.include('  Failed: 6 passing, 1 failing');
  });

  it('says that a part ended before it had a result, or did not end well', () => {
    const text = summaryOf([ended('two', { result: null, end: 7 }), ended('three', { end: 'SIGKILL' })], 1);
    expect(text).to.include('  two: expected a result, got none, ended with status 7\n');
    expect(text).to.include('  three: 3 passing, 0 failing, 0 skipped (1 min 1 s), ended by SIGKILL\n');
    expect(text).to.include('  Failed: 3 passing');
  });
});

describe('the status of npm test', () => {
  for (const [title, all, status] of [
    ['0 when all is well', [one, one], 0],
    ['that of the first part', [ended('bad', { end: 3 }), one], 3],
    ['that of the other part', [one, ended('bad', { end: 3 })], 3],
    ['1 where a signal ended a part', [one, ended('bad', { end: 'SIGKILL', result: null })], 1],
    ['1 where a part has no result', [ended('bad', { result: null }), one], 1],
    ['1 where tests failed whatever the process says', [ended('bad', { result: result({ failing: 2 }) })], 1],
  ] as const) {
    it(`is ${title}`, () => {
      expect(statusOf(all)).to.equal(status);
    });
  }
});
