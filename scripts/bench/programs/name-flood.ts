/** Sessions that join and leave groups whose names meet in a table without a key, or ordinary ones; a bystander measures. */
import { Buffer } from 'node:buffer';
import { encodeMessage, encodeRequest } from '../../../lib/wire/request.js';
import { AGREED_MESS, JOIN_MESS, LEAVE_MESS } from '../../../lib/wire/service.js';
import { collidingNames } from '../load/colliding-names.js';
import { type Line, open } from '../load/line.js';
import { now } from '../load/now.js';
import { serve } from '../load/serve.js';

export interface NameFloodPlan {
  readonly port: number;
  readonly sessions: number;
  readonly groups: number;
  /** Else they are ordinary names. */
  readonly isColliding: boolean;
}

export interface NameFloodAnswer {
  readonly seconds: number;
  /** The longest round trip of somebody who has nothing to do with it. */
  readonly worst: number;
}

/** Milliseconds between two round trips of the bystander. */
const PAUSE = 5;

/** A message to itself goes there and comes back; what it sent before is carried out then. */
async function roundTrip({ socket, name }: Line): Promise<number> {
  const start = now();
  const back = new Promise<void>((resolve) => {
    socket.once('data', () => resolve());
  });
  socket.write(encodeMessage(AGREED_MESS, name, [name], 0, [Buffer.from('x')]));
  await back;
  return now() - start;
}

serve(async ({ port, sessions, groups, isColliding }: NameFloodPlan) => {
  const target = { kind: 'daemon', port } as const;
  const names = isColliding
    ? collidingNames(sessions * groups)
    : Array.from({ length: sessions * groups }, (_, i) => `ordinary.name.${i}`);
  const lines: Line[] = [];
  for (let i = 0; i < sessions; i++) lines.push(await open(target, 'both'));
  const bystander = await open(target, 'both');
  const all = async (service: number): Promise<void> => {
    const done = lines.map(async (line, i) => {
      const own = names.slice(i * groups, (i + 1) * groups);
      line.socket.write(Buffer.concat(own.map((name) => encodeRequest(service, line.name, [name]))));
      await roundTrip(line);
    });
    await Promise.all(done);
  };
  return async (): Promise<NameFloodAnswer> => {
    let worst = 0;
    const ended = new AbortController();
    const watching = (async () => {
      while (!ended.signal.aborted) {
        worst = Math.max(worst, await roundTrip(bystander));
        await new Promise((resolve) => setTimeout(resolve, PAUSE));
      }
    })();
    const start = now();
    await all(JOIN_MESS);
    await all(LEAVE_MESS);
    const seconds = (now() - start) / 1e3;
    ended.abort();
    await watching;
    return { seconds, worst };
  };
});
