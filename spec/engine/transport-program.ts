/**
 * A process with one transport after another, for a spec that tells it over standard input what to do: it has to be in
 * the namespaces of its Corosync. Every line in and out is JSON.
 */
import { Buffer } from 'node:buffer';
import { createInterface } from 'node:readline';
import type { CpgEvent } from '../../daemon/engine/views/ordered-transport.js';
import { KoffiCpgTransport } from '../../daemon/engine/corosync/transport/cpg-transport.js';
import { TransportError } from '../../daemon/engine/corosync/transport/errors.js';

let transport = new KoffiCpgTransport();

const say = (line: object): void => {
  process.stdout.write(
    `${JSON.stringify(line, (_, value: unknown) => (typeof value === 'bigint' ? String(value) : value))}\n`,
  );
};

const shown = (event: CpgEvent): object =>
  event.kind === 'deliver'
    ? { ...event, data: event.data.toString('latin1', 0, 40), size: event.data.length }
    : event;

const codeOf = (error: unknown): string => (error instanceof TransportError ? error.code : String(error));

const deeds: Readonly<Record<string, (...args: never[]) => unknown>> = {
  async open(group: string) {
    try {
      const address = await transport.open(group, {
        events: (batch, emptyAt) => say({ batch: batch.map(shown), emptyAt }),
        dead: (error) => say({ dead: codeOf(error) }),
      });
      say({ opened: address });
    } catch (error) {
      say({ refused: codeOf(error), message: (error as Error).message });
    }
  },
  another() {
    transport = new KoffiCpgTransport();
  },
  send(head: string, body: string | null) {
    say({ sent: transport.mcast(Buffer.from(head), body === null ? null : Buffer.from(body)) });
  },
  /** One message of so many bytes. */
  fill(size: number) {
    try {
      say({ sent: transport.mcast(Buffer.alloc(0), Buffer.alloc(size, 'x')) });
    } catch (error) {
      say({ refused: (error as Error).name });
    }
  },
  /** Sends numbers until the answer is not `ok` any more, or so many are sent. */
  flood(name: string, limit: number, size: number) {
    let count = 0;
    let answer = 'ok';
    while (count < limit && answer === 'ok') {
      answer = transport.mcast(Buffer.from(`${name}${count} `), Buffer.alloc(size));
      if (answer === 'ok') count++;
    }
    say({ flooded: count, answer });
  },
  async ask() {
    try {
      say({ token: await transport.ask(() => say({ begun: true })) });
    } catch (error) {
      say({ speechless: codeOf(error) });
    }
  },
  /** The event loop stands still. */
  block(milliseconds: number) {
    say({ blocked: milliseconds, at: performance.now() });
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds);
  },
  async close(times: number) {
    await Promise.all(Array.from({ length: times }, async () => await transport.close()));
    say({ closed: times });
  },
};

createInterface(process.stdin).on('line', (line) => {
  const [name = '', ...args] = JSON.parse(line) as [string?, ...never[]];
  void deeds[name]?.(...args);
});
