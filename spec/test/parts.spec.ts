/** Which specs run beside which, and what the words of `npm test -- x` name. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import {
  COMPILERS,
  INSIDE,
  isForEverybody,
  NODES,
  OUTSIDE,
  partsOf,
  partsOfHosts,
  pick,
  PROGRAMS,
  specName,
} from '../../scripts/test/parts.js';

const SPECS = fileURLToPath(new URL('..', import.meta.url));
const everySpec = readdirSync(SPECS, { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.spec.js'))
  .map(specName);
const all = everySpec.filter(isForEverybody);

/** Modules that open sockets or start processes, and what does so for the specs. */
const OUTER =
  /from '(node:(net|tls|http|https|dgram|child_process|cluster)|[./]+\/daemon\/(index|daemon)\.js|[./]+\/lib\/(client|ssp)\/connect\.js)'/;
/**
 * `fake-socket` takes a name from `node:net` and opens nothing, `library-world` connects over pipes in memory; the other one
 * starts the compiler, and waits for it.
 */
const KNOWN = ['simulation/fake-socket.js', 'simulation/library-world.js', 'architecture.spec.js'];

/** Files of `spec` that a file of it imports, itself among them, whatever they import in turn. */
function reach(file: string, seen = new Set<string>()): Set<string> {
  if (seen.has(file)) return seen;
  seen.add(file);
  const text = readFileSync(file, 'utf8');
  for (const [, path = ''] of text.matchAll(/from '(\.[^']+\.js)'/g)) {
    const target = join(dirname(file), path);
    // A text may look like an import as well.
    if (target.startsWith(SPECS) && existsSync(target)) reach(target, seen);
  }
  return seen;
}

describe('the parts of npm test', () => {
  const [sockets, programs, inside, nodes] = partsOf(all);

  it('have each spec once', () => {
    const parts = [sockets, programs, inside, nodes];
    expect(parts.flatMap(({ specs }) => specs).toSorted()).to.deep.equal(all.toSorted());
    for (const { specs } of parts) expect(specs).not.to.have.length(0);
  });

  it('have all specs with nodes in one, in which one runs after the other', () => {
    const withNodes = all.filter((spec) =>
      [...reach(join(SPECS, `${spec}.spec.js`))].some((file) => file.endsWith('/support/cluster/system.js')),
    );
    expect(withNodes).to.include('cluster/daemons');
    expect(nodes.specs).to.include.members(withNodes);
  });

  it('open no socket and start no process in the one that only computes', () => {
    const found = inside.specs.filter((spec) =>
      [...reach(join(SPECS, `${spec}.spec.js`))].some(
        (file) =>
          OUTER.test(readFileSync(file, 'utf8')) && !KNOWN.some((known) => file.endsWith(`/${known}`)),
      ),
    );
    expect(found).to.deep.equal([]);
  });

  it('name only specs and folders that are there', () => {
    const missing = [...OUTSIDE, ...NODES, ...PROGRAMS, ...INSIDE].filter(
      (place) => !all.some((spec) => spec === place || spec.startsWith(`${place}/`)),
    );
    expect(missing).to.deep.equal([]);
  });
});

describe('the parts of npm run test:hosts', () => {
  const ofHosts = everySpec.filter((spec) => !isForEverybody(spec));
  const [hosts, compilers] = partsOfHosts(ofHosts);

  it('have each spec once', () => {
    expect([...hosts.specs, ...compilers.specs].toSorted()).to.deep.equal(ofHosts.toSorted());
    for (const { specs: own } of [hosts, compilers]) expect(own).not.to.have.length(0);
  });

  it('have all that pack in one, in which one packs after the other', () => {
    const packing = ofHosts.filter((spec) =>
      readFileSync(join(SPECS, `${spec}.spec.js`), 'utf8').includes('Consumer.make('),
    );
    expect(packing).to.include('hosts/consumer');
    expect(compilers.specs).to.include.members(packing);
  });

  it('name only specs that are there', () => {
    expect(ofHosts).to.include.members(COMPILERS);
  });
});

describe('a word that names specs', () => {
  const specs = [
    'core/core',
    'core/core.long',
    'core/group',
    'core/model.long',
    'daemon',
    'conformance/daemon',
    'group/send',
  ];

  for (const [word, found] of [
    ['core/core', ['core/core']],
    ['core.spec.ts', ['core/core']],
    ['core/core.spec', ['core/core']],
    ['spec/core/core.spec.ts', ['core/core']],
    ['./build/spec/core/core.spec.js', ['core/core']],
    ['core/model', ['core/model.long']],
    ['core/', ['core/core', 'core/core.long', 'core/group', 'core/model.long']],
    ['core.long', ['core/core.long']],
    ['model', ['core/model.long']],
    ['group', ['group/send']],
    ['daemon', ['daemon']],
    ['conformance/daemon', ['conformance/daemon']],
    ['send', ['group/send']],
  ] as const) {
    it(`is ${word}`, () => {
      expect(pick([word], specs)).to.deep.equal(found);
    });
  }

  it('is taken once, however often it is named', () => {
    expect(pick(['daemon', 'spec/daemon.spec.ts', 'send'], specs)).to.deep.equal(['daemon', 'group/send']);
  });

  it('is refused when there is none, with the one that was meant', () => {
    expect(() => pick(['conformence/daemon'], specs)).to.throw(
      'expected the name of a spec, such as core/core, got conformence/daemon; did you mean "conformance/daemon"?',
    );
    expect(() => pick(['nothing'], specs)).to.throw(/got nothing$/);
  });
});
