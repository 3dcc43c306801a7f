/** A daemon with a port for browsers, and a server for the page. In a clone: `npm run example:presence`; then open the address in two windows. */
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { createDaemon } from 'ssp-toolkit/daemon';

const at = (path) => fileURLToPath(new URL(path, import.meta.url));

const { outputFiles } = await build({
  entryPoints: [at('app.jsx')],
  bundle: true,
  minify: true,
  format: 'esm',
  jsx: 'automatic',
  write: false,
});

/** Who has which token. An application has its own sign-in, and signs tokens with a secret that the daemon knows. */
const users = new Map();
const HOUR_S = 3600;

const pages = createServer(({ url = '/' }, response) => {
  const { pathname, searchParams } = new URL(url, 'http://page');
  const send = (type, body) => response.setHeader('content-type', type).end(body);
  if (pathname === '/') return send('text/html', page());
  if (pathname === '/app.js') return send('text/javascript', outputFiles[0].text);
  if (pathname === '/app.css') return send('text/css', readFileSync(at('app.css')));
  if (pathname !== '/token') return response.writeHead(404).end();
  const token = randomUUID();
  users.set(token, { sub: searchParams.get('user') ?? '', exp: Date.now() / 1000 + HOUR_S });
  return send('text/plain', token);
});
pages.listen(Number(process.env.PORT ?? 8080), '127.0.0.1');
await once(pages, 'listening');
const { port } = pages.address();

const daemon = await createDaemon({
  name: 'd1',
  listen: [{ host: '127.0.0.1', port: 0 }],
  web: {
    port: 0,
    origins: [`http://127.0.0.1:${port}`, `http://localhost:${port}`],
    verify: ({ token }) => users.get(token) ?? null,
  },
});

const page = () =>
  readFileSync(at('index.html'), 'utf8').replace(
    '<html',
    `<html data-url="ws://127.0.0.1:${daemon.webPort}/ssp"`,
  );

console.log(`open http://127.0.0.1:${port} in two windows`);
