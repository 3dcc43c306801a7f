/**
 * `npm run docs`: the pages, the API reference and a search over both, as a site in `build/site`. TypeDoc makes it; it
 * is installed in `docs/site`, with a compiler that it knows. Ends with status 1 when a link of the site leads nowhere.
 */
import './node-version.mjs';
import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, normalize, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { install, isStale } from './install.mjs';

const at = (path) => fileURLToPath(new URL(`../${path}`, import.meta.url));
const site = at('build/site');
const copies = at('build/site-pages');

const GROUPS = {
  'docs/guide': 'Guide',
  'docs/operate': 'Running the daemon',
  'docs/reference': 'Reference',
  'docs/protocol': 'Protocol',
  'docs/internals': 'How it works',
  'docs/decisions': 'Decisions',
  'docs/reliability': 'Reliability',
  docs: 'Start',
  '.': 'Project',
};

function filesIn(folder, ending) {
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => !['node_modules', 'site'].includes(entry.name) || folder === site)
    .flatMap((entry) => {
      const path = join(folder, entry.name);
      if (entry.isDirectory()) return filesIn(path, ending);
      return entry.name.endsWith(ending) ? [path] : [];
    });
}

/** A page with its first title and its group as TypeDoc reads them, which a reader of the source need not see. */
function copyPage(path) {
  const text = readFileSync(at(path), 'utf8');
  const title = (/^# (.*)$/m.exec(text) || ['', path])[1].replaceAll('`', '');
  const head = `---\ntitle: ${JSON.stringify(title)}\ngroup: ${GROUPS[dirname(path)]}\n---\n\n`;
  mkdirSync(dirname(join(copies, path)), { recursive: true });
  // The readme is the first page, above which TypeDoc writes the title itself.
  writeFileSync(join(copies, path), path === 'README.md' ? text.replace(/^# .*\n/m, '') : head + text);
}

function copyPages() {
  rmSync(copies, { recursive: true, force: true });
  const pages = [...filesIn(at('docs'), '.md').map((file) => relative(at('.'), file)), 'README.md'];
  for (const page of [...pages, 'CHANGELOG.md', 'CONTRIBUTING.md', 'SECURITY.md']) copyPage(page);
  for (const picture of ['.svg', '.webp'].flatMap((ending) => filesIn(at('docs'), ending)))
    cpSync(picture, join(copies, relative(at('.'), picture)));
  // What pages link to besides each other.
  const files = [
    'reliability/performance.json',
    'reliability/peers.json',
    'reliability/growth.json',
    'operate/alerts.yml',
    'operate/grafana-dashboard.json',
  ];
  cpSync(at('docs/operate/container'), join(copies, 'docs/operate/container'), { recursive: true });
  for (const file of ['LICENSE', ...files.map((name) => `docs/${name}`)])
    if (existsSync(at(file))) cpSync(at(file), join(copies, file));
}

/** Links between files of the site that have no file, or no such place in it. */
function deadLinks() {
  const places = new Map();
  for (const file of filesIn(site, '.html')) {
    const text = readFileSync(file, 'utf8');
    places.set(file, new Set(Array.from(text.matchAll(/\bid="([^"]+)"/g), ([, id]) => id)));
  }
  const dead = [];
  for (const file of places.keys()) {
    for (const [, link] of readFileSync(file, 'utf8').matchAll(/<a [^>]*?href="([^"]*)"/g)) {
      if (/^[a-z]+:/.test(link)) continue;
      const [path, id] = link.split('#');
      const target = path ? normalize(join(dirname(file), decodeURIComponent(path))) : file;
      const isThere = places.has(target)
        ? !id || places.get(target).has(decodeURIComponent(id))
        : existsSync(target);
      if (!isThere) dead.push(`${relative(site, file)}: ${link}`);
    }
  }
  return dead;
}

if (isStale(at('docs/site'))) {
  console.error('Installing TypeDoc ...');
  install(at('docs/site'));
}
copyPages();
execFileSync(process.execPath, [at('docs/site/node_modules/typedoc/bin/typedoc'), '--options', 'site.json'], {
  cwd: at('docs/site'),
  stdio: 'inherit',
});
const dead = deadLinks();
for (const line of dead) console.error(line);
console.log(`${filesIn(site, '.html').length} pages in build/site; open build/site/index.html`);
process.exit(dead.length > 0 ? 1 : 0);
