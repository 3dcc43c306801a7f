/**
 * The console: a page and the modules that it loads, as they were built, and those of the packages that it uses, which are
 * found by their names. The page holds no data: what it shows comes from the feed.
 */
import type { Buffer } from 'node:buffer';
import { randomBytes } from 'node:crypto';
import { readFile, readdir } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import type { Page } from './pages.js';

const CONSOLE = '/console';
/** Where the modules are built. */
const FOLDER = new URL('console/', import.meta.url);

/** Packages by the name that modules import them by, and the file of the console that each one is. */
const PACKAGES = {
  preact: 'lib/preact.js',
  'preact/hooks': 'lib/hooks.js',
  htm: 'lib/htm.js',
} as const;

const TYPES: Readonly<Record<string, string>> = {
  js: 'text/javascript; charset=utf-8',
  css: 'text/css; charset=utf-8',
};

const HEADERS = {
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
};

const policy = (nonce: string): string =>
  [
    "default-src 'none'",
    `script-src 'self' 'nonce-${nonce}'`,
    "style-src 'self'",
    "connect-src 'self'",
    "img-src 'self' data:",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; ');

const ICON = `data:image/svg+xml,${encodeURIComponent(
  '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16"><g fill="#2f7de1"><circle cx="8" cy="3" r="3"/>' +
    '<circle cx="3" cy="12" r="3"/><circle cx="13" cy="12" r="3"/></g></svg>',
)}`;

/** Addresses are relative: a proxy may have the monitor below a path. */
function pageText(nonce: string): string {
  const imports = Object.fromEntries(
    Object.entries(PACKAGES).map(([name, file]) => [name, `./console/${file}`]),
  );
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>sspd</title>
<link rel="icon" href="${ICON}">
<link rel="stylesheet" href="console/app.css">
<script type="importmap" nonce="${nonce}">${JSON.stringify({ imports })}</script>
<script type="module" src="console/app.js"></script>
</head>
<body>
<div id="app"></div>
<noscript>The console needs JavaScript. The pages of the monitor do not: /varz, /sessions, /groups.</noscript>
</body>
</html>
`;
}

interface Asset {
  readonly type: string;
  readonly body: Buffer;
  readonly gzip: Buffer;
}

/** Whether the path is one of the console, which everybody may load who reaches the monitor. */
export const isConsolePath = (path: string): boolean => path === CONSOLE || path.startsWith(`${CONSOLE}/`);

export class ConsoleFiles {
  private readonly assets = new Map<string, Promise<Asset>>();
  private names: Promise<ReadonlySet<string>> | null = null;

  /** @param acceptsGzip whether the answer may be compressed @returns null for what is not there */
  async page(path: string, acceptsGzip: boolean): Promise<Page | null> {
    if (path === CONSOLE) return pageOf(randomBytes(16).toString('base64'));
    const name = path.slice(CONSOLE.length + 1);
    if (name === '')
      return { status: 308, type: 'text/plain', body: '', headers: { location: '../console' } };
    this.names ??= namesOf();
    if (!(await this.names).has(name)) return null;
    const known = this.assets.get(name) ?? load(name);
    this.assets.set(name, known);
    const { type, body, gzip } = await known;
    const encoding = acceptsGzip ? { 'content-encoding': 'gzip' } : {};
    const headers = { ...HEADERS, vary: 'accept-encoding', ...encoding };
    return { status: 200, type, body: acceptsGzip ? gzip : body, headers };
  }
}

const pageOf = (nonce: string): Page => ({
  status: 200,
  type: 'text/html; charset=utf-8',
  body: pageText(nonce),
  headers: { ...HEADERS, 'content-security-policy': policy(nonce) },
});

/** Everything that can be asked for below the page. */
async function namesOf(): Promise<ReadonlySet<string>> {
  const files = await readdir(FOLDER, { recursive: true });
  const built = files.map((file) => file.replaceAll('\\', '/')).filter((file) => /\.(js|css)$/.test(file));
  return new Set([...built, ...Object.values(PACKAGES)]);
}

async function load(name: string): Promise<Asset> {
  const [of] = Object.entries(PACKAGES).find(([, file]) => file === name) ?? [];
  const url = of === undefined ? new URL(name, FOLDER) : import.meta.resolve(of);
  const body = await readFile(fileURLToPath(url));
  const type = TYPES[name.slice(name.lastIndexOf('.') + 1)] ?? 'application/octet-stream';
  return { type, body, gzip: gzipSync(body, { level: 9 }) };
}
