/** A monitor on a free port, and questions to it. */
import { once } from 'node:events';
import { type IncomingHttpHeaders, type IncomingMessage, request } from 'node:http';
import { text } from 'node:stream/consumers';
import { type Monitor, type MonitorOptions, openMonitor } from '../../daemon/monitor/http.js';
import { silentLogger } from '../../daemon/log/logger.js';
import { fakeStatus } from './fake-status.js';

export const loopback = { host: '127.0.0.1', port: 0 };

/** Of a monitor with everything that it can have. */
export const usual = (): MonitorOptions => ({
  endpoint: loopback,
  token: null,
  console: true,
  links: [],
  daemons: [],
  status: fakeStatus(),
  log: silentLogger,
});

/** Open until the scope ends. */
export async function monitored(options: Partial<MonitorOptions> = {}): Promise<Monitor & AsyncDisposable> {
  const monitor = await openMonitor({ ...usual(), ...options });
  return Object.assign(monitor, { [Symbol.asyncDispose]: () => monitor.close() });
}

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  readonly json: unknown;
}

interface Question {
  readonly method?: string;
  readonly headers?: Record<string, string>;
}

/** Asks the monitor a question with a connection of its own. */
export async function ask(
  { address, port }: Monitor,
  path: string,
  { method = 'GET', headers = {} }: Question = {},
): Promise<Answer> {
  const place = port === 0 ? { socketPath: address } : { host: address, port };
  const asked = request({ ...place, path, method, headers, agent: false }).end();
  const [response] = (await once(asked, 'response')) as [IncomingMessage];
  const body = await text(response);
  const isJson = response.headers['content-type']?.startsWith('application/json') && body !== '';
  const json: unknown = isJson ? JSON.parse(body) : null;
  return { status: response.statusCode ?? 0, headers: response.headers, body, json };
}
