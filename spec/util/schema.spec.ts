/** Values by a schema, whatever the schema does. */
import { expect } from 'chai';
import { z } from 'zod';
import { issuesText } from '../../lib/util/issues-text.js';
import { aSchema, MAX_ISSUE_TEXT, MAX_ISSUES, textOf, validated } from '../../lib/util/schema.js';
import type { StandardSchema } from '../../lib/util/standard-schema.js';

/** A schema that answers in this way. */
const answering = (validate: (value: unknown) => unknown): StandardSchema =>
  ({ '~standard': { version: 1, vendor: 'spec', validate } }) as StandardSchema;

const issuesOf = (schema: StandardSchema, value: unknown = 1) => {
  const read = validated(schema, value);
  if (read.isValid) throw new Error('the value is valid');
  return read.issues;
};

describe('a value and its schema', () => {
  it('gives what the schema makes of it', () => {
    const schema = z.object({ at: z.string().transform(Number) });
    expect(validated(schema, { at: '7' })).to.deep.equal({ isValid: true, value: { at: 7 } });
    expect(
      validated(
        answering(() => ({ value: undefined })),
        1,
      ),
    ).to.deep.equal({ isValid: true, value: undefined });
  });

  it('gives the issues, with their place', () => {
    const schema = z.object({ pos: z.object({ x: z.number() }) });
    const issues = issuesOf(schema, { pos: { x: 'left' } });
    expect(issues.map(({ path }) => path)).to.deep.equal([['pos', 'x']]);
    expect(issuesText(issues)).to.match(/^at pos\.x: /);
  });

  it('knows paths that are made of objects, and what is no path', () => {
    const issues = [
      { message: 'a', path: [{ key: 'x' }, 3, Symbol('s')] },
      { message: 'b', path: 'x' },
      { message: 7, path: [null, { key: {} }] },
      null,
    ];
    const read = issuesOf(answering(() => ({ issues })));
    expect(issuesText(read)).to.equal('at x.3.Symbol(s): a; and 3 more');
    expect(read.map(({ message }) => message)).to.deep.equal(['a', 'b', 'invalid', 'invalid']);
    expect(read[2]?.path).to.deep.equal(['null', '[object Object]']);
  });

  it('hands out a bounded number of issues, each of bounded length', () => {
    const many = Array.from({ length: MAX_ISSUES + 1 }, () => ({ message: 'x'.repeat(MAX_ISSUE_TEXT + 1) }));
    const read = issuesOf(answering(() => ({ issues: many })));
    expect(read).to.have.length(MAX_ISSUES);
    expect(read[0]?.message).to.have.length(MAX_ISSUE_TEXT);
  });

  it('is invalid where the schema throws, or answers with nothing that the standard knows', () => {
    const thrown = answering(() => {
      throw new Error('broken');
    });
    expect(issuesOf(thrown)).to.deep.equal([{ message: 'broken', path: [] }]);
    for (const answer of [undefined, null, 1, {}, { issues: 'no' }, { issues: 1, value: 2 }, () => 1])
      expect(issuesText(issuesOf(answering(() => answer)))).to.match(/neither/);
    const hostile = {
      toString() {
        throw new Error('no text');
      },
    };
    expect(textOf(hostile)).to.be.a('string');
    // A list of nothing is a refusal, too.
    expect(issuesText(issuesOf(answering(() => ({ issues: [] }))))).to.equal('no issue was given');
  });

  it('is invalid where the schema answers with a promise, and a rejection harms nobody', async () => {
    const refusing = answering(() => Promise.reject(new Error('late')));
    const read = validated(refusing, 1);
    expect(read).to.include({ isValid: false });
    expect(read.isValid || read.late).to.be.an.instanceOf(Promise);
    // An unhandled rejection would end the process of the specs.
    await new Promise((resolve) => setImmediate(resolve));
    expect(
      issuesText(
        issuesOf(
          z.string().refine(() => Promise.resolve(true)),
          'x',
        ),
      ),
    ).to.match(/promise/);
  });
});

describe('the option schema', () => {
  it('takes schemas of libraries, which may be functions', () => {
    const callable = Object.assign(
      () => 1,
      answering(() => ({ value: 1 })),
    );
    for (const schema of [z.string(), answering(() => ({ value: 1 })), callable])
      expect(aSchema(schema)).to.equal(null);
  });

  it('refuses what is none', () => {
    const others = [null, 1, 'x', {}, { '~standard': null }, { '~standard': { version: 1 } }];
    const second = { '~standard': { version: 2, vendor: 'v', validate: () => ({ value: 1 }) } };
    for (const other of [...others, second]) expect(aSchema(other)).to.match(/^must be a Standard Schema/);
  });

  it('refuses one that answers with a promise', () => {
    expect(aSchema(answering(() => Promise.resolve({ value: 1 })))).to.match(/^must validate synchronously/);
    expect(aSchema(z.any().refine(() => Promise.resolve(true)))).to.match(/^must validate synchronously/);
  });
});
