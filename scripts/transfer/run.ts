/** One transfer, in processes of its own: what it took, what the others felt, and whether all came out equal. */
import { setTimeout as pause } from 'node:timers/promises';
import type { Felt } from './gauge.js';
import { Part } from './part.js';
import type { Loaded, Plan, Role, Seen } from './roles.js';

export interface Settings {
  readonly megabytes: number;
  /** Commands a second. */
  readonly rate: number;
  /** Milliseconds for which the commands go on before anybody joins. */
  readonly before: number;
}

export interface Sides {
  readonly worker: Felt;
  readonly onlooker: Felt;
}

export interface Figures {
  /** Without a transfer, for comparison. */
  readonly before: Sides;
  readonly during: Sides;
  readonly milliseconds: number;
  readonly bytes: number;
  /** Bytes that came from the donor which was killed. */
  readonly fromFirst: number;
}

/** Where each role's daemon is. */
export type Places = Readonly<Record<Role, string>>;

/** The donor is the first member that has the state: at the first daemon, with the first name. */
const LETTERS: Readonly<Record<Role, string>> = { donor: 'a', worker: 'b', onlooker: 'c', joiner: 'd' };
const MEGABYTE = 1_000_000;
/** Bytes on their way when the first donor was killed come once more; everything else comes once. */
const MOST = 1.1;

/** @param number of the run: names and group are its own */
export async function transfer(
  program: string,
  places: Places,
  settings: Settings,
  number: number,
): Promise<Figures> {
  const { megabytes, rate } = settings;
  const start = async (role: Role): Promise<Part> => {
    const name = `${LETTERS[role]}${number}`;
    const plan: Plan = { role, address: places[role], name, group: `large-${number}`, megabytes, rate };
    return await Part.start(program, plan);
  };
  await using donor = await start('donor');
  await using worker = await start('worker');
  await using onlooker = await start('onlooker');
  await using joiner = await start('joiner');
  const felt = async (): Promise<Sides> => {
    const [first, second] = [worker.ask<Felt>({ what: 'felt' }), onlooker.ask<Felt>({ what: 'felt' })];
    return { worker: await first, onlooker: await second };
  };
  await worker.ask({ what: 'begin' });
  await felt();
  await pause(settings.before);
  const before = await felt();
  const loaded = await joiner.ask<Loaded>({ what: 'load', donor: donor.pid });
  const during = await felt();
  await donor.ended;
  if (!donor.wasKilled) throw new Error('the donor ended by itself');
  await worker.ask({ what: 'end' });
  const all: Seen[] = [];
  for (const part of [worker, onlooker, joiner]) all.push(await part.ask<Seen>({ what: 'see' }));
  return { before, during, ...judged(loaded, all, megabytes) };
}

/** @throws Error when the transfer did not do what it promises */
function judged(
  { milliseconds, given }: Loaded,
  all: readonly Seen[],
  megabytes: number,
): Pick<Figures, 'milliseconds' | 'bytes' | 'fromFirst'> {
  if (new Set(all.map(({ hash }) => hash)).size !== 1)
    throw new Error(`states differ: ${JSON.stringify(all)}`);
  const bytes = given.reduce((sum, [, count]) => sum + count, 0);
  const wanted = megabytes * MEGABYTE;
  if (bytes < wanted || bytes > MOST * wanted) throw new Error(`${bytes} bytes for a state of ${wanted}`);
  const [first, second] = given;
  if (!first || !second) throw new Error('the donor was killed too late: nobody else gave anything');
  if (!first[0].startsWith(`#${LETTERS.donor}`)) throw new Error(`the first donor was ${first[0]}`);
  return { milliseconds, bytes, fromFirst: first[1] };
}
