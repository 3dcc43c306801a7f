/** Members of a secure group `vault` on a daemon, with a log of what each reads. */
import type { Connection } from '../../lib/client/connection.js';
import type { SecureOptions } from '../../lib/client/secure-options.js';
import type { SecureGroup } from '../../lib/client/secure-group.js';
import { secureOf } from '../secure/identities.js';
import { type ClientWorld, settle, within, word } from './support.js';

export interface Member {
  readonly g: SecureGroup;
  readonly log: string[];
}

export async function member(connection: Connection, secure: SecureOptions): Promise<Member> {
  const g = await within(connection.join('vault', { secure }), 'the join');
  const log: string[] = [];
  g.on('event', (event) => log.push(word(event)));
  return { g, log };
}

export async function until(condition: () => boolean, what: string): Promise<void> {
  const poll = async (): Promise<void> => {
    while (!condition()) await settle(1);
  };
  await within(poll(), what);
}

/** Both are in one secure view. */
export async function pair(
  world: ClientWorld,
  extra: Partial<SecureOptions> = {},
): Promise<[Member, Member]> {
  const [a, b] = [await world.connect('a'), await world.connect('b')];
  const first = await member(a, { ...secureOf('a', 'a', 'b'), ...extra });
  const second = await member(b, { ...secureOf('b', 'a', 'b'), ...extra });
  await until(() => first.log.includes('join a,b +b'), 'the view of a');
  return [first, second];
}
