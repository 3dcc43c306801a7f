/** Runs the example of docs/operate/web.md as a user would. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { repositoryRoot } from '../../support/recordings.js';

interface Example {
  tokenFor(user: string, roles?: readonly string[]): string;
}

/** @returns a token for `anna` */
export async function runExample(secretFile: string): Promise<string> {
  const page = readFileSync(join(repositoryRoot, 'docs/operate/web.md'), 'utf8');
  const [, program] = /```js\n([\s\S]*?)```/.exec(page) ?? [];
  if (program === undefined) throw new Error('the page has no example');
  process.env['WEB_SECRETS'] = secretFile;
  try {
    const module = (await import(`data:text/javascript,${encodeURIComponent(program)}`)) as Example;
    return module.tokenFor('anna', ['desk']);
  } finally {
    delete process.env['WEB_SECRETS'];
  }
}
