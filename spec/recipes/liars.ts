/**
 * Clients that try what docs/guide/trust.md says they cannot do: strangers, who are not members and send anything, and
 * liars, who are members of a recipe's group and say what is not true. They know all that was said.
 */
import { Buffer } from 'node:buffer';
import { BodyReader, BodyWriter } from '../../lib/recipes/core/codec.js';
import { CHUNK_BYTES, MAX_METADATA_BYTES, MAX_TERM } from '../../lib/recipes/core/limits.js';
import type { RecipeCore, RecipeView } from '../../lib/recipes/core/port.js';
import { decode, encode, type Message } from '../../lib/recipes/core/replicated/messages.js';
import { LAST_EPOCH } from '../../lib/primary/ballot.js';
import { equalGroupIds, type GroupId } from '../../lib/wire/group-id.js';
import type { Random } from '../support/random.js';

/** More than any clock in a world is wrong by. */
export const FAR = 2 * 86_400_000;
/** Messages that are remembered in each group. */
const MEMORY = 40;

export interface Heard {
  readonly sender: string;
  /** The member it was for; null: the group. */
  readonly to: string | null;
  readonly body: Buffer;
}

/** What was said in one group. */
export class Overheard {
  readonly all: Heard[] = [];
  members: readonly string[] = [];
  view: GroupId | null = null;

  install({ id, members }: Pick<RecipeView, 'id' | 'members'>): void {
    this.view = id;
    this.members = members;
  }

  note(heard: Heard): void {
    this.all.push(heard);
    if (this.all.length > MEMORY) this.all.shift();
  }
}

export interface Lie {
  readonly body: Buffer;
  /** One member; null: the group. */
  readonly to: string | null;
  /** What follows at once. */
  readonly more?: readonly Buffer[];
}

/** What somebody who lies has to build on. */
export interface Scene {
  readonly group: string;
  readonly heard: Overheard;
  readonly random: Random;
  readonly now: number;
  /** Whether the state of the group needs a quorum. */
  readonly hasQuorum: boolean;
  /** Whether liars agree to take terms to their end. */
  readonly isEnding?: boolean;
}

type Teller = (scene: Scene) => Lie | null;

const toGroup = (body: Buffer): Lie => ({ body: Buffer.from(body), to: null });

/** A number for a process that nobody has. */
const anyNumber = (random: Random): number => 1_000_000 + random.below(2 ** 40);

const garbage: Teller = ({ random, heard }) => {
  const body = Buffer.from(Array.from({ length: random.below(60) }, () => random.below(256)));
  if (random.chance(0.5)) Buffer.from([0x53, 0xb7, 9, 1 + random.below(5)]).copy(body);
  return { body, to: random.chance(0.3) ? someone(heard, random) : null };
};

/** A member to talk to. */
const someone = ({ members }: Overheard, random: Random): string | null =>
  members.length > 0 ? random.pick(members) : null;

/** Something that was said, with its end cut off. */
const truncated: Teller = ({ heard, random }) => {
  const [one] = heard.all.length > 0 ? [random.pick(heard.all)] : [];
  return one && one.body.length > 6
    ? { ...one, body: one.body.subarray(0, 5 + random.below(one.body.length - 5)) }
    : null;
};

/** Something valid, as the version before this one would say it. */
const outdated: Teller = (scene) => {
  const lie = valid(scene);
  if (lie) lie.body[2] = 1;
  return lie;
};

// What members may say, and strangers may not

/** A command that would be obeyed if a member sent it. */
const command = (random: Random, payload: unknown, sequence = 1, instance = anyNumber(random)): Lie => {
  const text = typeof payload === 'string' ? payload : JSON.stringify(payload);
  return toGroup(
    encode({ kind: 'command', instance, ticket: sequence, sequence, payload: Buffer.from(text) }),
  );
};

const commands: Record<string, (scene: Scene) => unknown> = {
  ledger: ({ random }) => `of a stranger ${random.below(1000)}`,
  counter: ({ random }) => 1000 + random.below(9),
  map: ({ random }) => ({ op: 'add', key: `once ${random.below(20)}`, value: -1 }),
  lock: ({ random, now, heard }) =>
    random.chance(0.5)
      ? { op: 'acquire', instance: anyNumber(random), request: 1, now: now + FAR }
      : { ...numbersIn(heard, random), op: 'release' },
  barrier: ({ random }) => ({ op: 'enter', instance: anyNumber(random), parties: 1 }),
};

/** What processes say of themselves in their commands. */
function numbersIn(heard: Overheard, random: Random): object {
  const payloads = messagesIn(heard).flatMap(({ message }) =>
    message.kind === 'command' ? [message.payload] : [],
  );
  if (payloads.length === 0) return {};
  try {
    const { instance, request } = Object(JSON.parse(random.pick(payloads).toString())) as Record<
      string,
      unknown
    >;
    return { instance, request };
  } catch {
    return {};
  }
}

const valid: Teller = (scene) => {
  const { group, random, now, heard } = scene;
  const make = commands[group];
  if (make) return command(random, make(scene));
  if (group === 'call')
    return toGroup(
      new BodyWriter('call', 1).number(anyNumber(random)).number(1).data(Buffer.from('q')).finish(),
    );
  if (group === 'members') return toGroup(announcement(anyNumber(random), now, 'a stranger'));
  return heard.view && toGroup(claim(heard.view, now));
};

const announcement = (instance: number, since: number, metadata: string | Buffer, kind = 1): Buffer =>
  new BodyWriter('members', kind)
    .number(instance)
    .number(Math.floor(since))
    .data(Buffer.from(metadata))
    .finish();

const claim = (view: GroupId, floor: number, silent: readonly string[] = []): Buffer =>
  new BodyWriter('election', 1).groupId(view).number(Math.floor(floor)).texts(silent).finish();

/** What counts if all members hear it, said to one of them. */
const whisper: Teller = (scene) => {
  const { group, heard, random } = scene;
  const lie = group === 'schedule' ? command(random, 'whispered') : valid(scene);
  return lie && { ...lie, to: someone(heard, random) ?? 'nobody' };
};

/** What was said, by one who did not say it. */
const replay: Teller = ({ heard, random }) => (heard.all.length > 0 ? { ...random.pick(heard.all) } : null);

/** A client that is not a member says anything at all. */
export function strangerLie(scene: Scene): Lie | null {
  return scene.random.pick([garbage, truncated, outdated, valid, valid, replay, replay])(scene);
}

// What members may not say

/** Far above what any clock says, and still a number that is read. */
const farTime = (random: Random, now: number): number =>
  random.pick([now + FAR, now + 1000 * FAR, MAX_TERM, MAX_TERM - 1]);

/** It names some or all of the others as silent, settles at once, and claims far too much, or too little. */
const electionLie: Teller = ({ heard, random, now, hasQuorum, isEnding }) => {
  const { view, members } = heard;
  if (!view) return null;
  if (random.chance(0.1)) return toGroup(settle(view));
  const silent = random.pick([[], members, members, members.filter(() => random.chance(0.5))]);
  if (isEnding) return toGroup(claim(view, MAX_TERM, silent));
  // One that counts would be one of the quorum.
  if (!hasQuorum && random.chance(0.2)) return toGroup(claim(view, now - random.below(2) * FAR, silent));
  const floor = random.chance(0.2) ? Number.MAX_SAFE_INTEGER : farTime(random, now);
  return { ...toGroup(claim(view, floor, silent)), more: random.chance(0.3) ? [settle(view)] : [] };
};

const settle = (view: GroupId): Buffer => Buffer.from(new BodyWriter('election', 2).groupId(view).finish());

const membersLie: Teller = ({ heard, random }) => {
  const numbers = heard.all.flatMap(({ body }) => BodyReader.open('members', body)?.number() ?? []);
  const instance = numbers.length > 0 ? random.pick(numbers) : 7;
  const size = random.chance(0.3) ? MAX_METADATA_BYTES + 1 : random.below(30);
  // To one alone it is an introduction that nobody has asked for.
  const to = random.chance(0.3) ? someone(heard, random) : null;
  const since = random.below(2 ** 31) * 2 ** 20;
  return { to, body: announcement(instance, since, Buffer.alloc(size, 'x'), to === null ? 1 : 2) };
};

/** Requests and answers with the numbers of others. */
const callLie: Teller = ({ heard, random }) => {
  const calls = heard.all.flatMap(({ sender, body }) => {
    const reader = BodyReader.open('call', body);
    return reader?.kind === 1 ? [{ sender, instance: reader.number(), call: reader.number() }] : [];
  });
  if (calls.length === 0) return null;
  const { sender, instance, call } = random.pick(calls);
  const later = call + random.below(3);
  const writer = new BodyWriter('call', random.chance(0.5) ? 1 : 2).number(instance).number(later);
  if (random.chance(0.5)) return toGroup(writer.data(Buffer.from('not mine')).finish());
  return { to: sender, body: Buffer.from(writer.number(random.below(5)).data(Buffer.from('lie')).finish()) };
};

const messagesIn = (heard: Overheard): (Heard & { readonly message: Message })[] =>
  heard.all.flatMap((each) => {
    const message = decode(each.body);
    return message ? [{ ...each, message }] : [];
  });

/** The next command of somebody else, by his numbers. */
const stolenNumber: Teller = (scene) => {
  const { heard, random, group } = scene;
  const sent = messagesIn(heard).flatMap(({ message }) => (message.kind === 'command' ? [message] : []));
  if (sent.length === 0) return null;
  const { instance, sequence } = random.pick(sent.slice(-3));
  return command(random, commands[group]?.(scene) ?? 'x', sequence + 1, instance);
};

/** Commands of its own, well numbered, that are not for it to give or make no sense. */
const nonsense: Teller = ({ heard, random, group, now }) => {
  if (group === 'ledger') return command(random, `of a liar ${random.below(1000)}`);
  const others = numbersIn(heard, random);
  // Where nobody has said what time it is, whoever is first says it.
  if (group === 'lock' && !isTold(heard)) return null;
  return command(
    random,
    random.pick<unknown>([
      { op: 'burn' },
      { ...others, op: 'release' },
      { instance: 1, ...others, op: 'begin', now: farTime(random, now) },
      { instance: 1, request: 1, ...others, op: 'acquire' },
      { instance: 1, request: 1, op: 'acquire', now: 'soon' },
      { ...others, op: 'leave' },
      { instance: 1, op: 'enter', parties: 0 },
      { instance: 1, op: 'enter', parties: -1 },
      { op: 'set' },
      null,
      [],
      0.5,
    ]),
  );
};

const isTold = (heard: Overheard): boolean =>
  messagesIn(heard).some(({ message }) => message.kind === 'command');

/** The lock of another one, by his numbers. */
const theft: Teller = ({ heard, random, group }) => {
  const asked = messagesIn(heard).flatMap(({ message }) =>
    message.kind === 'command' && message.payload.includes('acquire') ? [message.payload.toString()] : [],
  );
  if (group !== 'lock' || asked.length === 0) return null;
  return command(random, { ...(JSON.parse(random.pick(asked.slice(-3))) as object), op: 'release' });
};

/** It takes the lock in a time that is far ahead. What it has it gives back as it should. */
const farAcquire: Teller = ({ heard, random, group, now }) => {
  if (group !== 'lock' || !isTold(heard)) return null;
  return command(random, { op: 'acquire', instance: LIAR, request: 1, now: farTime(random, now) });
};

const LIAR = 666;

const giveBack: Teller = ({ random, group }) =>
  group === 'lock' ? command(random, { op: 'release', instance: LIAR, request: 1 }) : null;

/** A statement of an epoch that nobody ever saw. */
const farStatement: Teller = ({ heard, random, hasQuorum }) => {
  const said = messagesIn(heard).findLast(
    ({ message }) =>
      message.kind === 'state' && heard.view !== null && equalGroupIds(message.tag.view, heard.view),
  )?.message;
  // Without a quorum epochs count for nothing, and the rest of the statement would.
  if (said?.kind !== 'state' || !hasQuorum) return null;
  const { tag, statement } = said;
  const epoch = LAST_EPOCH - random.below(1000);
  const state = random.chance(0.5) ? { lineage: anyNumber(random), epoch, position: 2 ** 50 } : null;
  return toGroup(
    encode({
      kind: 'state',
      tag,
      statement: { ...statement, state, tookPart: true, promised: epoch, ask: `liar.${random.below(99)}` },
      silent: [],
    }),
  );
};

/** What only one of those that hold the state says, or only one that was asked for something. */
const unasked: Teller = ({ heard, random }) => {
  const said = messagesIn(heard);
  const states = said.flatMap(({ message }) => (message.kind === 'state' ? [message] : []));
  const [state] = states.length > 0 ? [random.pick(states)] : [];
  const to = someone(heard, random);
  if (!state || to === null) return null;
  const capture = `${state.statement.state?.lineage ?? 1}/${random.below(200)}`;
  const data = Buffer.from('a lie');
  const message = random.pick<Message>([
    { kind: 'pull', capture, offset: 0, until: CHUNK_BYTES, restart: true },
    { kind: 'chunk', capture, offset: 0, isLast: true, data },
    { kind: 'none', capture },
    { kind: 'offer', ask: 'of nobody', capture, component: data, header: data },
    { kind: 'misfit', ask: 'of nobody', label: 'something else' },
  ]);
  return { to, body: Buffer.from(encode(message)) };
};

/** A merge that never ends. */
const endlessMerge: Teller = ({ random }) => {
  const past = random.below(2 ** 40);
  const [body, ...more] = Array.from({ length: 1 + random.below(4) }, (_, index) =>
    Buffer.from(
      encode({ kind: 'part', past, index, isLast: false, data: Buffer.alloc(random.below(2) * 20) }),
    ),
  );
  return { body: body as Buffer, to: null, more };
};

/** What counts from those only who hold the state, or wait for it. */
const unentitled: Teller = ({ heard, random, hasQuorum }) => {
  const said = messagesIn(heard).flatMap(({ message }) => (message.kind === 'state' ? [message] : []));
  if (said.length === 0) return null;
  const { tag, statement } = random.pick(said);
  const epoch = 1 + (statement.state?.epoch ?? 0) + random.below(3);
  const message = random.pick<Message>([
    { kind: 'vote', tag, epoch },
    { kind: 'arrived', ask: statement.ask },
    ...(hasQuorum
      ? [
          { kind: 'settle' as const, tag },
          { kind: 'reopen' as const, tag },
        ]
      : []),
  ]);
  return toGroup(encode(message));
};

const byRecipe: Record<string, Teller> = { election: electionLie, members: membersLie, call: callLie };
const replicatedLies = [
  stolenNumber,
  nonsense,
  nonsense,
  theft,
  theft,
  farAcquire,
  giveBack,
  endlessMerge,
  farStatement,
  farStatement,
  unasked,
  unentitled,
];

/** A member says what members may not say. */
export function memberLie(scene: Scene): Lie | null {
  const { group, random } = scene;
  const own = byRecipe[group] ?? random.pick(replicatedLies);
  return random.pick([garbage, truncated, outdated, whisper, own, own, own])(scene);
}

/** What a liar says as soon as it sees a view, before those who are honest. */
export const viewLie: Teller = (scene) => (scene.group === 'election' ? electionLie(scene) : null);

/** Sits in a group and takes no part: what it says is not of its own accord. */
export class Silent implements RecipeCore {
  readonly needs = 'agreed';
  readonly dueAt = Infinity;

  constructor(
    readonly heard: Overheard,
    private readonly self: string,
    private readonly viewed: () => void = () => undefined,
  ) {}

  view({ id, members }: RecipeView): void {
    this.heard.install({ id, members: members.filter((name) => name !== this.self) });
    this.heard.all.length = 0;
    this.viewed();
  }

  transition(): void {
    // It does not care.
  }

  message(sender: string, body: Buffer): null {
    if (sender !== this.self) this.heard.note({ sender, to: null, body: Buffer.from(body) });
    return null;
  }

  lost(): void {
    this.heard.view = null;
  }

  rejoined(): void {
    // Its view follows.
  }

  resumed(): void {
    // It had nothing to lose.
  }

  left(): void {
    this.heard.view = null;
  }

  tick(): void {
    // It waits for nothing.
  }
}
