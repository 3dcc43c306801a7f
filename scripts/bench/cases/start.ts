/** Cases of beginning: a process of its own each time, beside one that does nothing. */
import type { Case, Prepared, Probe } from '../case.js';
import { finished, nothing, output, Server, SSP } from '../processes.js';

const timed = async (act: () => Promise<unknown>): Promise<number> => {
  const start = performance.now();
  await act();
  return (performance.now() - start) / 1e3;
};

const probe = (seconds: () => Promise<number>): Probe => ({
  pids: [],
  run: async () => ({ count: 1, seconds: await seconds() }),
});

const bareNode = probe(() => timed(nothing));

const ready = (subject: Probe, yardstick: Probe | null): Prepared => ({
  subject,
  yardstick,
  [Symbol.asyncDispose]: async () => undefined,
});

/** `sspd` from the start of the process until it says where it listens. */
export const startCase = (name: string): Case => ({
  name,
  unit: 'ms',
  first: 1,
  async prepare({ daemonOptions }) {
    const subject = probe(async () => {
      let server: Server | undefined;
      const seconds = await timed(async () => (server = await Server.daemon(daemonOptions)));
      await server?.[Symbol.asyncDispose]();
      return seconds;
    });
    return ready(subject, bareNode);
  },
});

/** `ssp --help` from the start of its process to its end. */
export const helpCase = (name: string): Case => ({
  name,
  unit: 'ms',
  first: 1,
  async prepare() {
    return ready(
      probe(() => timed(() => finished([SSP, '--help']))),
      bareNode,
    );
  },
});

/** `import` of the library inside a process that runs already. */
export const importCase = (name: string): Case => ({
  name,
  unit: 'ms',
  first: 1,
  async prepare() {
    return ready(
      probe(async () => Number(await output('import')) / 1e3),
      bareNode,
    );
  },
});
