/**
 * The order in which the daemon of a recording took the requests of its clients. A recorder between the clients and the
 * daemon sees when bytes arrive at itself; two clients that send at once may reach the daemon the other way round. What
 * the clients received tells the order: a message stands there where the daemon put it.
 */
import {
  type Chunk,
  decodedOf,
  type Decoded,
  type DecodedFrame,
  isDecodedFrame,
  privateGroupOf,
  type Recording,
  type Trace,
  unitBytes,
} from '../support/recordings.js';

/** What a client does: its handshake, one request, or the end of its process. */
interface Action {
  readonly trace: Trace;
  readonly units: readonly Decoded[];
  readonly what: string;
  /** Of what it began with in the recording. */
  readonly seq: number;
  /** Bytes of the daemon that the client had before it. */
  readonly after: Set<Action>;
  place: number;
}

const KILLED = 'killed';

/** The recording with one chunk for each request, numbered in the order of the daemon. */
export function inDaemonOrder(recording: Recording): Recording {
  const actions = new Map(recording.traces.map((trace) => [trace, actionsOf(trace)]));
  for (const trace of recording.traces) constrain(trace, actions);
  const all = [...actions.values()].flat();
  for (let place = 0; place < all.length; place++) {
    const free = all.filter(
      (action) => action.place < 0 && [...action.after].every((each) => each.place >= 0),
    );
    const [first] = free.toSorted((a, b) => a.seq - b.seq);
    if (!first) throw new Error(`${recording.id}: the order of its requests has a circle`);
    first.place = place;
  }
  const traces = recording.traces.map((trace) => ({
    ...trace,
    ...renumbered(trace, actions.get(trace) ?? []),
  }));
  return { ...recording, traces };
}

function actionsOf(trace: Trace): Action[] {
  const actions: Action[] = [];
  const add = (units: readonly Decoded[], what: string, seq: number): void => {
    actions.push({ trace, units, what, seq, after: new Set(actions.slice(-1)), place: -1 });
  };
  for (const unit of decodedOf(trace, 'c2d')) {
    const { seq = 0 } = trace.chunks[unit.chunk] ?? {};
    add([unit], isDecodedFrame(unit) ? contentOf(trace, unit) : unit.what, seq + unit.offset / 1e9);
  }
  const isKilled = !trace.decoded.some(({ what }) => what === 'disconnect request');
  if (isKilled && trace.first_close_seen_from === 'client') add([], KILLED, Infinity);
  return actions;
}

/** Requests of one sender are told from one another by this, and found in what the receivers got. */
function contentOf(trace: Trace, unit: DecodedFrame): string {
  if (unit.what !== 'data message') return `${unit.what} ${unit.groups.join()}`;
  const body = unitBytes(trace, unit)
    .subarray(unit.length - unit.data_len)
    .toString('hex');
  return [unit.service, unit.mess_type, ...unit.groups, body].join(' ');
}

/** Whose request is behind a frame, and what it looks like. */
function originOf(
  trace: Trace,
  unit: DecodedFrame,
): { sender: string; isIt: (what: string) => boolean } | null {
  if (unit.what === 'data message') {
    const content = contentOf(trace, unit);
    return { sender: unit.name, isIt: (what) => what === content };
  }
  if (unit.what === 'self-leave notification') {
    return { sender: privateGroupOf(trace), isIt: (what) => what === `leave request ${unit.name}` };
  }
  const sender = unit.membership?.vs_sets?.[0]?.[0];
  if (unit.what !== 'regular membership message' || sender === undefined) return null;
  if (unit.service.includes('DISCONNECT')) {
    return { sender, isIt: (what) => what === KILLED || what.startsWith('disconnect request') };
  }
  const cause = unit.service.includes('JOIN') ? 'join' : unit.service.includes('LEAVE') ? 'leave' : '';
  return cause === '' ? null : { sender, isIt: (what) => what === `${cause} request ${unit.name}` };
}

/** What a client received one after the other was taken in that order, and before what it then sent. */
function constrain(trace: Trace, actions: ReadonlyMap<Trace, readonly Action[]>): void {
  const found = new Map<string, number>();
  const received: { readonly action: Action; readonly chunk: number }[] = [];
  for (const unit of decodedOf(trace, 'd2c')) {
    const origin = isDecodedFrame(unit) ? originOf(trace, unit) : null;
    if (!origin) continue;
    const all = [...actions].find(([each]) => privateGroupOf(each) === origin.sender)?.[1] ?? [];
    const at = all.findIndex((each, i) => i > (found.get(origin.sender) ?? -1) && origin.isIt(each.what));
    const action = all[at];
    if (!action) continue;
    found.set(origin.sender, at);
    const last = received.at(-1)?.action;
    if (last && last !== action) action.after.add(last);
    received.push({ action, chunk: unit.chunk });
  }
  for (const action of actions.get(trace) ?? []) {
    const chunk = action.units[0]?.chunk ?? Infinity;
    for (const each of received)
      if (each.chunk < chunk && each.action !== action) action.after.add(each.action);
  }
}

/** The chunks of the client cut into requests; those of the daemon stay where they are between them. */
function renumbered(trace: Trace, actions: readonly Action[]): Pick<Trace, 'chunks'> {
  const chunks: Chunk[] = [];
  for (const [i, chunk] of trace.chunks.entries()) {
    if (chunk.dir === 'd2c') {
      chunks.push({ ...chunk, seq: 0 });
      continue;
    }
    for (const { units, place } of actions) {
      const [unit] = units;
      if (unit?.chunk === i) {
        chunks.push({ seq: place, dir: 'c2d', hex: unitBytes(trace, unit).toString('hex') });
      }
    }
  }
  // A killed client says nothing more, when it has everything.
  const killed = actions.find(({ what }) => what === KILLED);
  if (killed) chunks.push({ seq: killed.place, dir: 'c2d', hex: '' });
  return { chunks };
}
