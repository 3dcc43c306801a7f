/** What daemons can do with the positions of clients, judged beside them. */
import { locate } from '../../../daemon/core/locate.js';
import type { Hello } from '../../../lib/wire/extension/hello.js';
import type { Position } from '../../../lib/wire/extension/position.js';
import type { Welcome } from '../../../lib/wire/extension/welcome.js';
import type { LinkedEntry } from '../../support/resume-checks/log.js';
import type { SimulatedDaemon } from '../daemon.js';
import type { RecordedClient } from './client-log.js';

/** What a HELLO says, and how many entries the log of its client had. */
interface Tried {
  readonly position: Position;
  readonly isHere: boolean;
  readonly at: number;
}

/** A client has said what it wants at a daemon. */
interface Comeback {
  readonly sid: bigint;
  /** Its private group there. */
  readonly name: string;
  readonly attempt: number;
  readonly verdict: LinkedEntry['verdict'];
  /** Entries that the log of its client had when it came. */
  readonly at: number | undefined;
}

/** @param lengthOf entries of the log of that client @param cameBack called before its return is ordered, and `then` behind that */
export function watchReturns(
  daemon: SimulatedDaemon,
  lengthOf: (sid: bigint) => number,
  cameBack: (comeback: Comeback) => void,
  then: (comeback: Comeback) => void,
): void {
  const { core, server, process } = daemon;
  const tries = new Map<string, Tried>();
  const attachments = server.attachments as unknown as {
    welcome(...args: [Hello, string, string]): Welcome;
  };
  const welcome = attachments.welcome.bind(attachments);
  attachments.welcome = (hello, ...rest) => {
    const made = welcome(hello, ...rest);
    if (hello.resume) {
      const isHere = made.verdict === 'here';
      const at = lengthOf(made.sid);
      tries.set(`${made.sid} ${hello.attempt}`, { position: hello.resume.position, isHere, at });
    }
    return made;
  };
  const comeBack = core.comeBack.bind(core);
  const started = process.now();
  core.comeBack = (session, ...rest) => {
    const { sid = 0n, attempt = 0 } = session.resume ?? {};
    const tried = tries.get(`${sid} ${attempt}`);
    const verdict = verdictOf(daemon, tried, started);
    const comeback = { sid, name: session.privateGroup, attempt, verdict, at: tried?.at };
    cameBack(comeback);
    comeBack(session, ...rest);
    then(comeback);
  };
}

/** What a daemon can do with a position. */
function verdictOf(
  { core, process }: SimulatedDaemon,
  tried: Tried | undefined,
  started: number,
): LinkedEntry['verdict'] {
  const { ring } = core.record;
  if (!ring || !tried) return 'gap';
  const { kind } = locate(ring, tried.position, process.now(), started);
  return kind === 'whole' && tried.isHere ? 'here' : kind;
}

/** A client that counts more than there is gets a gap, though its position is whole. */
export function miscounts(clients: readonly RecordedClient[]): string[] {
  const found: string[] = [];
  for (const { client, entries } of clients) {
    // At all daemons since it was back: what one of them says can be handed out behind the next return.
    let isWhole = true;
    // What is said of a group whose join ends with the return is handed out when the program has that group.
    let wasWhole = true;
    const joined = new Set<string>();
    for (const entry of entries) {
      if (entry.kind === 'resumed') {
        [wasWhole, isWhole] = [isWhole, true];
        joined.clear();
      } else if (entry.kind === 'list' && entry.of === 'join') joined.add(entry.group);
      else if (entry.kind === 'linked') isWhole &&= entry.verdict === 'whole' || entry.verdict === 'here';
      else if (
        entry.kind === 'gap' &&
        entry.reason === 'diverged' &&
        isWhole &&
        (wasWhole || !joined.has(entry.group))
      )
        found.push(`R-4: ${client} has a gap in ${entry.group} behind a position that is whole`);
    }
  }
  return found;
}
