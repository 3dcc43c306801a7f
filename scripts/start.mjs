/** `npm start`: makes the clone ready, runs the daemon on its embedded engine, says what to look at and to try next. */
import './node-version.mjs';
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { freePort } from './free-port.mjs';
import './setup.mjs';

/** Where `ssp` and the pages of the documentation look for a monitor. */
const MONITOR_PORT = 4804;

const given = process.argv.slice(2);
/** Options that say where the monitor is, or whether there is one. */
const OWN = /^(--monitor|--config|-c)/;

/** The place of the monitor, unless it is said elsewhere. */
async function monitorOption() {
  if (given.some((word) => OWN.test(word))) return [];
  const port = await freePort(MONITOR_PORT);
  return port === null ? [] : [`--monitor=127.0.0.1:${port}`];
}

const options = [...given, ...(await monitorOption())];
const [, place] = /--monitor[ =](\S+:[1-9]\d*)(?: |$)/.exec(options.join(' ')) || [];

const sspd = fileURLToPath(new URL('../build/daemon/cli/main.js', import.meta.url));
const daemon = spawn(process.execPath, ['--enable-source-maps', sspd, ...options], {
  stdio: ['inherit', 'pipe', 'inherit'],
});

const look = place
  ? `
Look at it, in a browser:
  http://${place}/console
`
  : '';

const next = (port) => `${look}
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
