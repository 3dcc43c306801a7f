import { Buffer } from 'node:buffer';
import { expect } from 'chai';
import { isTraceparent, TRACEPARENT_LENGTH } from '../../lib/util/traceparent.js';

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';
const SPAN = '00f067aa0ba902b7';

describe('a traceparent', () => {
  for (const text of [`00-${TRACE}-${SPAN}-01`, `00-${TRACE}-${SPAN}-00`, `01-${TRACE}-${SPAN}-ff`])
    it(`is ${text}`, () => {
      expect([isTraceparent(text), text.length]).to.deep.equal([true, TRACEPARENT_LENGTH]);
    });

  for (const [what, value] of [
    ['nothing', undefined],
    ['an empty text', ''],
    ['bytes', Buffer.from(`00-${TRACE}-${SPAN}-01`)],
    ['a trace of zeros', `00-${'0'.repeat(32)}-${SPAN}-01`],
    ['a span of zeros', `00-${TRACE}-${'0'.repeat(16)}-01`],
    ['the version ff', `ff-${TRACE}-${SPAN}-01`],
    ['large letters', `00-${TRACE.toUpperCase()}-${SPAN}-01`],
    ['one that is too short', `00-${TRACE}-${SPAN}-1`],
    ['one that is too long', `00-${TRACE}-${SPAN}-01-`],
    ['a line more', `00-${TRACE}-${SPAN}-01\n`],
    ['other characters', `00-${TRACE}-${SPAN}-0g`],
  ] as const)
    it(`is not ${what}`, () => {
      expect(isTraceparent(value)).to.equal(false);
    });
});
