/** A web site of a user: one page whose script is bundled for browsers, served with a strict policy, and its tokens. */
import { once } from 'node:events';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { basename } from 'node:path';
import { build } from 'esbuild';
import { repositoryRoot } from '../support/recordings.js';

/** Bundles a module as users do. @returns the scripts by path; the first one is `/main.js` */
async function bundle(module: string): Promise<Map<string, string>> {
  const { outputFiles } = await build({
    entryPoints: { main: module },
    absWorkingDir: repositoryRoot,
    outdir: '/',
    write: false,
    bundle: true,
    splitting: true,
    minify: true,
    format: 'esm',
    platform: 'browser',
    target: 'es2022',
    // As a development server does, which makes React stricter.
    define: { 'process.env.NODE_ENV': '"development"' },
    logLevel: 'silent',
  });
  return new Map(outputFiles.map(({ path, text }) => [`/${basename(path)}`, text]));
}

const EMPTY_PAGE = `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8" />
    <title>member</title>
    <script type="module" src="/main.js"></script>
  </head>
  <body></body>
</html>
`;

export class Site implements AsyncDisposable {
  /** What the page may connect to, beside the site itself. */
  readonly daemons: string[] = [];
  /** Tokens that the site gives, by path. */
  readonly tokens = new Map<string, () => string>();
  /** What was asked for, in order. */
  readonly requests: string[] = [];
  private readonly server: Server;

  private constructor(
    private readonly scripts: ReadonlyMap<string, string>,
    private readonly page: string,
  ) {
    this.server = createServer(({ url = '/' }, response) => this.answer(url, response));
  }

  /** @param module path of its script @param page HTML that loads `/main.js` */
  static async start(module: string, page = EMPTY_PAGE): Promise<Site> {
    const site = new Site(await bundle(module), page);
    site.server.listen(0, '127.0.0.1');
    await once(site.server, 'listening');
    return site;
  }

  get origin(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.server.close();
    this.server.closeAllConnections();
    await once(this.server, 'close');
  }

  private answer(url: string, response: ServerResponse): void {
    this.requests.push(url);
    const script = this.scripts.get(url);
    const token = this.tokens.get(url);
    if (script !== undefined) this.send(response, 'text/javascript', script);
    else if (token) this.send(response, 'text/plain', token());
    else if (url === '/') this.send(response, 'text/html', this.page);
    else response.writeHead(url === '/favicon.ico' ? 204 : 404).end();
  }

  private send(response: ServerResponse, type: string, text: string): void {
    response.writeHead(200, {
      'content-type': `${type}; charset=utf-8`,
      'content-security-policy': `default-src 'self'; connect-src ${["'self'", ...this.daemons].join(' ')}`,
    });
    response.end(text);
  }
}
