/** What a contributor reads first leads to commands, folders and files that exist. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { repositoryRoot } from './support/recordings.js';

const read = (path: string): string => readFileSync(join(repositoryRoot, path), 'utf8');
const matches = (text: string, pattern: RegExp): string[] =>
  Array.from(text.matchAll(pattern), ([, match]) => match as string);

describe('CONTRIBUTING.md and SECURITY.md', () => {
  const page = read('CONTRIBUTING.md');
  const manifest = JSON.parse(read('package.json')) as {
    readonly engines: { readonly node: string };
    readonly scripts: Readonly<Record<string, string>>;
  };

  it('name scripts of package.json', () => {
    const scripts = matches(page, /npm run ([\w:]+)/g);
    expect(scripts).to.include.members(['build', 'simulate', 'bench']);
    expect(scripts.filter((script) => !(script in manifest.scripts))).to.deep.equal([]);
  });

  it('name files and folders that exist', () => {
    const named = [
      ...matches(page, /(?<![\w/])((?:build|lib|daemon|spec|docs|\.ci)\/[\w./-]+)/g),
      ...matches(page + read('SECURITY.md'), /\]\((\S+?)(?:#\S*)?\)/g),
    ];
    const sources = named.map((path) =>
      path.replace(/^build\//, '').replace(/(?<=^(?:spec|docs)\/.*)\.js$/, '.ts'),
    );
    expect(sources).to.include.members(['lib/wire', 'spec/core/core.spec.ts', 'docs/glossary.md']);
    expect(sources.filter((path) => !existsSync(join(repositoryRoot, path)))).to.deep.equal([]);
  });
  it('name every folder of lib and daemon', () => {
    const folders = ['lib', 'daemon'].flatMap((parent) =>
      readdirSync(join(repositoryRoot, parent), { withFileTypes: true })
        .filter((entry) => entry.isDirectory())
        .map((entry) => `${parent}/${entry.name}`),
    );
    const named = matches(page, /^\| `((?:lib|daemon)\/\w+)` /gm);
    expect(named.toSorted()).to.deep.equal(folders.toSorted());
  });

  it('lead whoever found a vulnerability away from public issues', () => {
    const config = read('.github/ISSUE_TEMPLATE/config.yml');
    expect(config).to.match(/blank_issues_enabled: false/);
    expect(config).to.match(/contact_links:\n {2}- name: .*\n {4}url: \S+\n {4}about: .*SECURITY\.md/);
  });

  it('stand beside checks that run on the oldest Node of package.json and on later ones', () => {
    const workflow = read('.github/workflows/ci.yml');
    const [, oldest] = /^>=(\d+)\./.exec(manifest.engines.node) ?? [];
    expect(workflow).to.include(`node: [${oldest}, 22, 24]`);
    expect(workflow).to.include('.ci/run');
  });
});
