/** `npm start`: makes the clone ready, runs the daemon on its embedded engine, says what to try next. */
import './node-version.mjs';
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import './setup.mjs';

const sspd = fileURLToPath(new URL('../build/daemon/cli/main.js', import.meta.url));
const daemon = spawn(process.execPath, ['--enable-source-maps', sspd, ...process.argv.slice(2)], {
  stdio: ['inherit', 'pipe', 'inherit'],
});

const next = (port) => `
Try it, in other terminals:
  npx ssp join room --address ${port}@localhost              prints what arrives in the group "room"
  npx ssp send room hello --address ${port}@localhost        sends to it
  npx ssp user --address ${port}@localhost                   both, by hand
  npm run demo                                        three clients, one of them dies, told as a story
Ctrl-C ends the daemon.
`;

daemon.stdout.once('data', (line) => {
  const [, port = '4803'] = /:(\d+)/.exec(String(line)) || [];
  process.stdout.write(`${line}${next(port)}`);
  daemon.stdout.pipe(process.stdout);
});
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => daemon.kill(signal));
daemon.on('exit', (code, signal) => process.exit(code === null ? Number(signal !== null) : code));
