/** Clients that are sent away by a daemon that stops: what each of them misses, gets twice, and how long it hears nothing. */
import { connect, type Connection, type Group } from '../../../lib/index.js';
import { parsePrivateGroup } from '../../../lib/wire/name.js';
import { inTurns } from '../load/in-turns.js';
import { Latencies } from '../load/latencies.js';
import { now } from '../load/now.js';
import { serve } from '../load/serve.js';
import { summary } from '../summary.js';

export interface DrainingPlan {
  /** Of all daemons. */
  readonly addresses: readonly string[];
  readonly clients: number;
  readonly groupSize: number;
  /** Messages a second in all: the first member of each group sends to it. */
  readonly rate: number;
}

export type DrainingRequest =
  /** All clients are there, and hear one another. */
  | { readonly what: 'enter' }
  /** The daemon of this name was asked to stop: the answer comes when its clients are elsewhere, and everything was heard. */
  | { readonly what: 'moved'; readonly daemon: string; readonly askedAt: number };

export interface DrainingAnswer {
  /** Messages that a member did not get, and that it got again. */
  readonly lost: number;
  readonly repeated: number;
  /** Gaps that members have received. */
  readonly gaps: number;
  /** Clients that moved, and milliseconds until the last of them had. */
  readonly moved: number;
  readonly movedMs: number;
  /** The longest time between two messages of a client: of the one that waited longest, and in the middle. */
  readonly silenceMs: number;
  readonly medianMs: number;
  readonly latencies: string | null;
}

/** Milliseconds between two looks at what is due to be sent. */
const TICK = 5;
/** Milliseconds for which a message may be on its way before it counts as lost. */
const PATIENCE = 10_000;

class Member {
  /** Number of the next message that it expects. */
  next = -1;
  lost = 0;
  repeated = 0;
  gaps = 0;
  silence = 0;
  movedAt = 0;
  private heardAt = 0;

  private constructor(
    readonly connection: Connection,
    readonly group: Group,
    /** Name of its first daemon. */
    readonly home: string,
  ) {
    group.on('data', ({ text }) => this.heard(Number(text)));
    group.on('gap', () => this.gaps++);
    connection.on('resumed', () => (this.movedAt = now()));
  }

  static async open(number: number, { addresses, groupSize }: DrainingPlan): Promise<Member> {
    const first = number % addresses.length;
    const inOrder = [...addresses.slice(first), ...addresses.slice(0, first)];
    const connection = await connect({ addresses: inOrder, name: `c${number}` });
    const group = await connection.join(`group${Math.floor(number / groupSize)}`);
    return new Member(connection, group, parsePrivateGroup(connection.id)?.daemon ?? '');
  }

  /** What came before is not counted. */
  begin(): void {
    this.next = -1;
    this.silence = 0;
    this.heardAt = now();
  }

  private heard(number: number): void {
    const time = now();
    this.silence = Math.max(this.silence, time - this.heardAt);
    this.heardAt = time;
    if (this.next >= 0 && number < this.next) this.repeated++;
    else if (this.next >= 0) this.lost += number - this.next;
    this.next = Math.max(this.next, number + 1);
  }
}

/** Sends to all groups in turn, as many messages as are due. */
class Speakers {
  /** Of each group, the number of its next message. */
  readonly next: number[];
  private sent = 0;
  private readonly since = now();
  private readonly timer: NodeJS.Timeout;

  constructor(
    private readonly members: readonly Member[],
    rate: number,
  ) {
    this.next = members.map(() => 0);
    this.timer = setInterval(() => {
      const due = Math.floor(((now() - this.since) / 1000) * rate);
      while (this.sent < due) this.send(this.sent++ % members.length);
    }, TICK);
  }

  stop(): void {
    clearInterval(this.timer);
  }

  private send(group: number): void {
    const number = this.next[group] ?? 0;
    this.next[group] = number + 1;
    void this.members[group]?.group.send(String(number));
  }
}

/** Resolves when the fact holds, or its time is over. */
async function until(fact: () => boolean): Promise<void> {
  const end = now() + PATIENCE;
  while (!fact() && now() < end) await new Promise((resolve) => setTimeout(resolve, TICK));
}

serve((plan: DrainingPlan) => {
  let members: Member[] = [];
  let speakers: Speakers | null = null;

  const enter = async (): Promise<null> => {
    speakers?.stop();
    await inTurns(members.length, async (i) => await members[i]?.connection.close());
    members = await inTurns(plan.clients, (i) => Member.open(i, plan));
    for (const member of members) member.begin();
    const first = members.filter((_, i) => i % plan.groupSize === 0);
    speakers = new Speakers(first, plan.rate);
    await until(() => members.every(({ next }) => next > 0));
    return null;
  };

  const answer = async (daemon: string, askedAt: number): Promise<DrainingAnswer> => {
    const moved = members.filter(({ home }) => home === daemon);
    await until(() => moved.every(({ movedAt }) => movedAt > 0));
    speakers?.stop();
    const next = speakers?.next ?? [];
    const expected = (i: number): number => next[Math.floor(i / plan.groupSize)] ?? 0;
    await until(() => members.every((member, i) => member.next === expected(i)));
    const latencies = new Latencies();
    for (const { silence } of members) latencies.add(silence);
    const silences = members.map(({ silence }) => silence);
    const sum = (of: (member: Member) => number): number => members.reduce((all, each) => all + of(each), 0);
    return {
      lost: members.reduce((all, { lost, next: has }, i) => all + lost + expected(i) - has, 0),
      repeated: sum(({ repeated }) => repeated),
      gaps: sum(({ gaps }) => gaps),
      moved: moved.filter(({ movedAt }) => movedAt > 0).length,
      movedMs: Math.max(...moved.map(({ movedAt }) => movedAt - askedAt)),
      silenceMs: Math.max(...silences),
      medianMs: summary(silences).median,
      latencies: latencies.take(),
    };
  };

  return Promise.resolve(async (request: DrainingRequest): Promise<DrainingAnswer | null> => {
    if (request.what === 'enter') return await enter();
    return await answer(request.daemon, request.askedAt);
  });
});
