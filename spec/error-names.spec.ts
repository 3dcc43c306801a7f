import { expect } from 'chai';
import * as channel from '../lib/channel/index.js';
import * as library from '../lib/index.js';
import * as recipes from '../lib/recipes/index.js';
import { keepNames } from '../lib/errors.js';

describe('the names of errors', () => {
  it('are those under which the classes are exported', () => {
    for (const [name, value] of Object.entries({ ...library, ...channel, ...recipes })) {
      if (typeof value !== 'function' || !(value.prototype instanceof Error)) continue;
      expect(value.name).to.equal(name);
    }
  });

  it('stay when the class has been renamed', () => {
    const a = class extends Error {};
    keepNames({ PlainError: a });
    expect(a.name).to.equal('PlainError');
  });
});
