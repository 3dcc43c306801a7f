/** The page of walks names places of the code: each file is there, and each name is in its file. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path/posix';
import { expect } from 'chai';
import { repositoryRoot } from './support/recordings.js';

const page = 'docs/internals/walks.md';

/** Names of a line that its file does not have; the file itself, where it is missing. */
function missing(line: string): string[] {
  const places = [...line.matchAll(/`([\w/.-]+\.ts): ([^`]+)`|`> ([^`]+)`/g)];
  let source = '';
  return places.flatMap(([, path, own, further]) => {
    if (path !== undefined) {
      if (!existsSync(join(repositoryRoot, path))) return [path];
      source = readFileSync(join(repositoryRoot, path), 'utf8');
    }
    const names = (own ?? further ?? '').split(/[^\w$]+/).filter((name) => name !== '');
    return names.filter((name) => !new RegExp(String.raw`\b${name}\b`).test(source));
  });
}

describe('the walks through the code', () => {
  const steps = readFileSync(join(repositoryRoot, page), 'utf8')
    .split('\n')
    .filter((line) => /^\d+\. /.test(line));

  it('name files and functions that are there', () => {
    expect(steps.length).to.be.above(100);
    for (const step of steps) expect(missing(step), step).to.deep.equal([]);
  });

  it('would be found wrong with another file or name', () => {
    expect(missing('1. `lib/client/gone.ts: Group.send` - x')).to.deep.equal(['lib/client/gone.ts']);
    expect(missing('1. `lib/client/group.ts: Group.sendAway` - x')).to.deep.equal(['sendAway']);
  });
});
