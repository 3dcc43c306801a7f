import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import * as channel from '../lib/channel/index.js';
import * as library from '../lib/index.js';
import * as recipes from '../lib/recipes/index.js';
import { keepNames } from '../lib/errors.js';
import { repositoryRoot } from './support/recordings.js';

/** Classes of the family of errors in a source, and which of them it keeps the names of. */
function namesIn(source: string): { classes: readonly string[]; kept: readonly string[] } {
  // One that has a name of its own by a field needs no more.
  const all = [...source.matchAll(/\bclass (\w+) extends \w+Error\b.*\n(?:(?!\}).*\n)*/g)];
  const classes = all.filter(([text]) => !text.includes(' name = ')).map(([, name]) => name as string);
  const lists = [...source.matchAll(/\bkeepNames\(\{([^}]*)\}\)/g)].map(([, list]) => list as string);
  return { classes, kept: lists.flatMap((list) => list.match(/\w+/g) ?? []) };
}

const sources = ['lib', 'daemon'].flatMap((folder) =>
  readdirSync(join(repositoryRoot, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => join(folder, name)),
);

describe('the names of errors', () => {
  it('are those under which the classes are exported', () => {
    for (const [name, value] of Object.entries({ ...library, ...channel, ...recipes })) {
      if (typeof value !== 'function' || !(value.prototype instanceof Error)) continue;
      expect(value.name).to.equal(name);
    }
  });

  it('are kept, where their classes are, over what a minifier makes of the names of classes', () => {
    const found = sources.map((path) => namesIn(readFileSync(join(repositoryRoot, path), 'utf8')));
    expect(found.flatMap(({ classes }) => classes).length).to.be.greaterThan(50);
    for (const [i, { classes, kept }] of found.entries())
      expect(kept, sources[i]).to.include.members([...classes]);
  });

  it('stay when the class has been renamed', () => {
    const a = class extends Error {};
    keepNames({ PlainError: a });
    expect(a.name).to.equal('PlainError');
  });
});
