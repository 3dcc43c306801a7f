/**
 * A connection of a load program, to a daemon or to the relay that is the yardstick: once connected, both are a
 * socket that takes frames and gives frames.
 */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { dial } from '../../../lib/mailbox/dial.js';
import { ExtensionOffer } from '../../../lib/mailbox/extension.js';
import { FEATURE_COMPACT_VIEWS, FEATURE_LISTS_ON_DEMAND } from '../../../lib/wire/extension/features.js';

export interface Target {
  readonly kind: 'daemon' | 'relay';
  readonly port: number;
  /** Default this machine. */
  readonly host?: string | undefined;
  /** Of its Unix socket, when the connection is to be over that. */
  readonly path?: string | undefined;
}

/** What a connection does; the relay has to know. `both` gets back what it sends. */
export type Role = 'sender' | 'receiver' | 'both';

export interface Line {
  readonly socket: Socket;
  /** Its private group. The relay does not look at names. */
  readonly name: string;
}

/** One byte tells the relay the role. */
export const ROLE_BYTES: Readonly<Record<Role, string>> = { sender: 's', receiver: 'r', both: 'b' };

const features = FEATURE_COMPACT_VIEWS | FEATURE_LISTS_ON_DEMAND;
const COMPACT = new ExtensionOffer({ features, holdMs: 0, heartbeatMs: 0, attempt: 0, resume: null });

/** @param membership whether the daemon sends membership messages, as whole views or as records */
export async function open(
  target: Target,
  role: Role,
  membership: boolean | 'compact' = false,
): Promise<Line> {
  if (target.kind === 'relay') return await openRelay(target, role);
  const extension = membership === 'compact' ? COMPACT : undefined;
  const options = { spreadName: addressOf(target), membership: membership !== false, extension };
  const line = await dial(options, (transport, { accept, rest }) => {
    if (rest.length > 0) throw new Error('bytes behind the accept, and nobody asked');
    return { socket: transport as Socket, name: accept.privateGroup };
  });
  if ('code' in line) throw new Error(`connect answered ${line.code}`);
  return watched(line);
}

/** As the library takes it. */
export const addressOf = ({ port, host = '127.0.0.1', path }: Omit<Target, 'kind'>): string =>
  path === undefined ? `${port}@${host}` : `unix:${path}`;

async function openRelay({ port, path }: Target, role: Role): Promise<Line> {
  const socket = connect(path === undefined ? { port, host: '127.0.0.1', noDelay: true } : { path });
  await once(socket, 'connect');
  socket.write(ROLE_BYTES[role]);
  // Its answer: the place is taken.
  await once(socket, 'data');
  socket.pause();
  socket.removeAllListeners('data');
  return watched({ socket, name: '#load#relay' });
}

/** A load program has nothing left to do when a connection breaks. */
function watched(line: Line): Line {
  line.socket.on('error', (error) => {
    throw error;
  });
  line.socket.on('end', () => {
    throw new Error('the other side has closed a connection');
  });
  return line;
}

/** Connections that are being made at one time. */
const PARALLEL = 100;

export async function openMany(count: number, connecting: () => Promise<Line>): Promise<Line[]> {
  const lines: Line[] = [];
  while (lines.length < count) {
    const some = Math.min(PARALLEL, count - lines.length);
    lines.push(...(await Promise.all(Array.from({ length: some }, connecting))));
  }
  return lines;
}
