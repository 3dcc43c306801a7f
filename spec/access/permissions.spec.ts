import { expect } from 'chai';
import { Permissions } from '../../daemon/access/permissions.js';
import type { Authorize } from '../../daemon/core/group.js';
import { refusalOf } from './refusal.js';

const permit = (principals: readonly string[], ...lines: readonly string[]): Authorize =>
  Permissions.parse(lines.join('\n'), 'rules').permitOf(principals);
const refusal = (...lines: readonly string[]): string =>
  refusalOf((text, file) => Permissions.parse(text, file), lines.join('\n'));
/** Those of the groups that the action is allowed in. */
const allowed = (may: Authorize, action: 'join' | 'send', ...groups: readonly string[]): string[] =>
  groups.filter((group) => may(action, group));

describe('access: permissions', () => {
  it('without a rule allow nothing', () => {
    const may = permit(['alice'], '# nothing', '');
    expect([may('join', 'a'), may('send', 'a')]).to.deep.equal([false, false]);
  });

  it('allow the actions that a rule names', () => {
    const may = permit(['alice'], 'alice join a', 'alice send b', 'alice join,send c', 'alice send,join d');
    expect(allowed(may, 'join', 'a', 'b', 'c', 'd')).to.deep.equal(['a', 'c', 'd']);
    expect(allowed(may, 'send', 'a', 'b', 'c', 'd')).to.deep.equal(['b', 'c', 'd']);
  });

  it('add up over rules and principals', () => {
    const may = permit(
      ['alice', 'cert:worker1'],
      'alice join a',
      'cert:worker1 join b',
      '* join c',
      'bob join d',
    );
    expect(allowed(may, 'join', 'a', 'b', 'c', 'd')).to.deep.equal(['a', 'b', 'c']);
  });

  it('give those who proved nothing the rules for everybody', () => {
    const may = permit([], '* join a', 'alice join b');
    expect(allowed(may, 'join', 'a', 'b')).to.deep.equal(['a']);
  });

  it('tell a user from a certificate of the same name', () => {
    const rules = ['worker1 join a', 'cert:worker1 join b'];
    expect(allowed(permit(['worker1'], ...rules), 'join', 'a', 'b')).to.deep.equal(['a']);
    expect(allowed(permit(['cert:worker1'], ...rules), 'join', 'a', 'b')).to.deep.equal(['b']);
  });

  it('take principals for words, not patterns', () => {
    expect(permit(['alice'], 'ali* join a')('join', 'a')).to.equal(false);
  });

  it('name groups exactly, large and small letters apart', () => {
    const may = permit([], '* join team');
    expect(allowed(may, 'join', 'team', 'Team', 'team2', 'ateam', '')).to.deep.equal(['team']);
  });

  for (const [pattern, inside, outside] of [
    ['*', ['a', 'public.x', '#alice#dmn1', ''], []],
    ['team-*', ['team-', 'team-a', 'team-a-b'], ['team', 'a-team-']],
    ['*.log', ['.log', 'a.log'], ['alog', 'a.log2']],
    ['a*b*c', ['abc', 'a1b2c', 'abbc'], ['ac', 'abcd', 'acb']],
    ['**', ['a', ''], []],
    ['public.*', ['public.a'], ['publicXa']],
    ['a+(b)[c]{d}^$|?\\', ['a+(b)[c]{d}^$|?\\'], ['aa(b)[c]{d}^$|?\\']],
    ['#*#dmn1', ['#alice#dmn1'], ['#alice#dmn2', 'alice#dmn1']],
  ] as const) {
    it(`have the pattern ${pattern}`, () => {
      // A line that begins with `#` is a comment; a pattern may.
      expect(allowed(permit([], `* send ${pattern}`), 'send', ...inside, ...outside)).to.deep.equal(inside);
    });
  }

  it('cover names with line ends, which data messages may carry', () => {
    expect(permit([], '* send team-*')('send', 'team-a\nb')).to.equal(true);
    expect(permit([], '* send team')('send', 'team\n')).to.equal(false);
  });

  it('answer in time whatever a name looks like', () => {
    const may = permit([], '* send *a*a*a*a*a*a*b');
    const start = performance.now();
    expect(may('send', 'a'.repeat(31))).to.equal(false);
    expect(performance.now() - start).to.be.lessThan(1_000);
  });

  it('may stand between blank lines and comments, with any blanks', () => {
    const may = permit([], '', '# rules', '  *\t join,send   a  \r', '');
    expect(may('join', 'a')).to.equal(true);
  });

  it('give the same answer again', () => {
    const may = permit([], '* join a');
    expect([may('join', 'a'), may('join', 'a'), may('join', 'b'), may('join', 'b')]).to.deep.equal([
      true,
      true,
      false,
      false,
    ]);
    expect(may('send', 'a')).to.equal(false);
  });

  it('remember no more answers than they need, whatever names a client thinks up', () => {
    const may = permit([], '* send public.*');
    const before = process.memoryUsage().heapUsed;
    for (let i = 0; i < 300_000; i++) may('send', `group-${i}`);
    expect(process.memoryUsage().heapUsed - before).to.be.lessThan(24 * 1024 * 1024);
    expect([may('send', 'public.a'), may('send', 'group-0')]).to.deep.equal([true, false]);
  });

  describe('of a token', () => {
    const rules = (...lines: readonly string[]): Permissions => Permissions.parse(lines.join('\n'), 'rules');
    const web = ['web', 'web:anna', 'role:desk'];

    it('name its subject in a pattern', () => {
      const may = rules('web join user:{sub}', 'web send {sub}-*').permitOf(web, 'anna');
      expect(allowed(may, 'join', 'user:anna', 'user:bert', 'user:{sub}', 'user:')).to.deep.equal([
        'user:anna',
      ]);
      expect(allowed(may, 'send', 'anna-', 'anna-x', 'bert-x')).to.deep.equal(['anna-', 'anna-x']);
    });

    it('take a star in the subject for a star', () => {
      const may = rules('web join user:{sub}').permitOf(web, '*');
      expect(allowed(may, 'join', 'user:*', 'user:anna', 'user:')).to.deep.equal(['user:*']);
    });

    it('put nothing else in, whatever the subject looks like', () => {
      const may = rules('web join {sub}').permitOf(web, "{sub}$&$'");
      expect(allowed(may, 'join', "{sub}$&$'", '{sub}', '')).to.deep.equal(["{sub}$&$'"]);
    });

    it('with a subject in a pattern say nothing of sessions without one', () => {
      const may = rules('* join user:{sub}', '* join a').permitOf(['web']);
      expect(allowed(may, 'join', 'user:', 'user:{sub}', 'a')).to.deep.equal(['a']);
    });

    it('are those of its subject and of its roles', () => {
      const may = rules(
        'web:anna join a',
        'role:desk join b',
        'web join c',
        'anna join d',
        'role:boss join e',
      );
      expect(allowed(may.permitOf(web, 'anna'), 'join', 'a', 'b', 'c', 'd', 'e')).to.deep.equal([
        'a',
        'b',
        'c',
      ]);
    });

    it('let it impersonate others where a rule says so', () => {
      expect(rules('role:desk impersonate *').mayImpersonate(web)).to.equal(true);
      expect(rules('role:boss impersonate *', 'web join,send *').mayImpersonate(web)).to.equal(false);
      expect(rules('web join,impersonate *').permitOf(web)('send', 'a')).to.equal(false);
    });

    it('let it impersonate others in all groups or in none', () => {
      expect(refusal('web impersonate room-*')).to.equal(
        '1: impersonate holds for all groups: expected the pattern *, got "room-*"',
      );
    });
  });

  describe('file', () => {
    for (const line of ['alice', 'alice join', 'alice join a b', '* join, send a']) {
      it(`has a rule of another form: ${line}`, () => {
        expect(refusal('', line)).to.equal('2: expected a rule: principal actions pattern');
      });
    }

    for (const [actions, problem] of [
      ['read', 'read'],
      ['join,leave', 'leave'],
      ['Join', 'Join'],
      ['join,', ''],
      ['*', '*'],
    ] as const) {
      it(`has an action that is none: ${actions}`, () => {
        expect(refusal('# rules', '* join a', `alice ${actions} a`)).to.equal(
          `3: expected join, send, impersonate, or some of them with commas between, got "${problem}"`,
        );
      });
    }
  });
});
