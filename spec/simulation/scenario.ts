/**
 * Written sequences of [daemon 2.7] with what each client sees, line by line. A scenario is a text:
 *
 *     daemons 3
 *     clients a@1 b@2 ...
 *     quiet b                    does not ask to be told of views
 *     members g a b              have joined g before, one after the other; what is seen of that is left out
 *
 *     > a leaves g               what is done; lines without a blank one between them are done at one time
 *     b  view g ...              what the clients see until everything is quiet, client by client
 *
 * In what is seen, a group id is the name of its first daemon, the number of its daemon view in order of appearance, and
 * its counter; a message is its sender and number; `*` marks the receiver's own vs set.
 */
import { daemonId } from '../../daemon/config/daemon-id.js';
import type { Entry } from '../../daemon/testing/checks/log.js';
import type { CpgOptions } from './cpg/options.js';
import type { IdealNetwork } from '../../daemon/testing/network/network.js';
import type { Act, ClientPlan, Plan, ReportKind } from './plan.js';
import { services } from './services.js';
import { tellEntry } from './tell.js';
import { World } from './world.js';

interface Paragraph {
  readonly acts: readonly string[];
  readonly expected: readonly string[];
}

interface ScenarioClient {
  readonly name: string;
  readonly daemon: number;
  readonly membership: boolean;
}

export interface Scenario {
  readonly daemons: number;
  readonly clients: readonly ScenarioClient[];
  /** Acts before the first paragraph. */
  readonly joins: readonly string[];
  readonly paragraphs: readonly Paragraph[];
}

/** Longer than anything takes: a cut is noticed after DETECTION. */
const QUIET = 1600;
export const DETECTION = 200;

export function parseScenario(text: string): Scenario {
  const lines = text.split('\n').map((line) => line.trim());
  const used = lines.filter((line, i) => !line.startsWith('#') && (i > 0 || line !== ''));
  const end = used.findIndex((line) => line.startsWith('> '));
  const head = used.slice(0, end).map((line) => line.split(' '));
  const all = (word: string): string[][] =>
    head.filter(([first]) => first === word).map(([, ...rest]) => rest);
  const quiet = new Set(all('quiet').flat());
  return {
    daemons: Number(all('daemons').flat()[0]),
    clients: all('clients')
      .flat()
      .map((each) => each.split('@') as [string, string])
      .map(([name, daemon]) => ({ name, daemon: Number(daemon) - 1, membership: !quiet.has(name) })),
    joins: all('members').flatMap(([group, ...names]) =>
      names.flatMap((name) => [`${name} joins ${group}`, 'wait 50']),
    ),
    paragraphs: paragraphsOf(used.slice(end)),
  };
}

function paragraphsOf(lines: readonly string[]): Paragraph[] {
  const paragraphs: { acts: string[]; expected: string[] }[] = [];
  let goesOn = false;
  for (const line of lines) {
    const isAct = line.startsWith('> ');
    if (isAct && !goesOn) paragraphs.push({ acts: [], expected: [] });
    goesOn = isAct;
    const last = paragraphs.at(-1);
    if (isAct) last?.acts.push(line.slice(2));
    else if (line !== '') last?.expected.push(line.replace(/\s+/g, ' '));
  }
  return paragraphs;
}

/** @returns for each paragraph what was really seen */
export function playScenario(scenario: Scenario): string[][] {
  const player = new Player(scenario);
  player.quiet();
  player.play(scenario.joins);
  return scenario.paragraphs.map(({ acts }) => player.play(acts));
}

class Player {
  private readonly world: World;
  private readonly names: string[];
  private readonly times: string[] = [];
  /** Entries of each client that were told. */
  private readonly told: number[];
  private end = 0;

  constructor({ daemons, clients }: Scenario) {
    this.names = clients.map(({ name }) => name);
    this.told = clients.map(() => 0);
    this.world = new World(planOf(daemons, clients));
    for (const client of clients.keys()) this.world.act({ do: 'connect', client });
  }

  play(acts: readonly string[]): string[] {
    for (const act of acts) this.act(act);
    this.quiet();
    return this.names.flatMap((name, client) => this.seen(name, client));
  }

  quiet(): void {
    this.run(QUIET);
  }

  private get network(): IdealNetwork {
    return this.world.fabric as IdealNetwork;
  }

  private run(time: number): void {
    this.end += time;
    this.world.loop.runTo(this.end);
  }

  private act(text: string): void {
    const words = text.split(' ');
    const [first = '', verb = ''] = words;
    if (first === 'wait') this.run(Number(verb));
    else if (first === 'cut') this.connect(words.slice(1).join(' '));
    else if (first === 'order') this.network.hold(verb === 'stands');
    else if (first === 'nothing') this.network.untold.add(Number(words.at(-1)) - 1);
    else if (first === 'reports')
      this.world.act({ do: 'report', daemon: Number(words[2]) - 1, kind: words.at(-1) as ReportKind });
    else if (this.names.includes(first)) this.world.act(this.clientAct(this.names.indexOf(first), words));
    else this.world.act(daemonAct(first, Number(verb) - 1));
  }

  /** `1 2 | 3`: sides by daemon number. */
  private connect(text: string): void {
    const sides = text.split('|').map((side) =>
      side
        .trim()
        .split(' ')
        .map((each) => Number(each) - 1),
    );
    this.world.act({ do: 'connect-sides', sides });
  }

  private clientAct(client: number, words: readonly string[]): Act {
    const [, verb = '', what = '', , ...groups] = words;
    switch (verb) {
      case 'joins':
        return { do: 'join', client, group: what };
      case 'leaves':
        return { do: 'leave', client, group: what };
      case 'sends':
        return { do: 'send', client, groups, service: services[what] as number, size: 0, count: 1 };
      case 'disconnects':
        return { do: 'disconnect', client };
      case 'dies':
        return { do: 'reset', client };
      default:
        return { do: 'connect', client };
    }
  }

  private seen(name: string, client: number): string[] {
    const entries: (string | null)[] = [];
    for (const log of this.world.clients[client]?.logs ?? []) {
      for (const entry of log.entries) entries.push(this.tell(entry));
      if (log.end === 'closed' || log.end === 'disconnected') entries.push('end of stream');
    }
    const news = entries.slice(this.told[client]).filter((line) => line !== null);
    this.told[client] = entries.length;
    return news.map((line) => `${name} ${line}`);
  }

  /** What a client sees; null for what it does. */
  private tell(entry: Entry): string | null {
    const isOwn = ['join', 'leave', 'send', 'disconnect'].includes(entry.kind);
    if (isOwn) return null;
    return tellEntry(entry)
      .replace(/#(\w+)#d\d+~\d+:(\d+)/g, '$1.$2')
      .replace(/(\d+)\.(\d+)\.(\d+)/, (_, daemon: string, time: string, counter: string) =>
        [this.daemonOf(daemon), this.timeOf(`${daemon} ${time}`), counter].join('.'),
      )
      .replace(/#(\w+)#d(\d+)/g, '$1@$2');
  }

  private daemonOf(id: string): string {
    const index = this.world.daemons.findIndex((_, i) => String(daemonId(`d${i + 1}`)) === id);
    return `d${index + 1}`;
  }

  private timeOf(time: string): string {
    if (!this.times.includes(time)) this.times.push(time);
    return `t${this.times.indexOf(time) + 1}`;
  }
}

function daemonAct(verb: string, daemon: number): Act {
  switch (verb) {
    case 'crash':
    case 'start':
    case 'stop':
    case 'freeze':
    case 'thaw':
      return { do: verb, daemon };
    default:
      throw new Error(`no such act: ${verb}`);
  }
}

/** A scenario has an ideal engine. */
const NO_CPG: CpgOptions = {
  detection: 0,
  merge: 0,
  forming: 0,
  delay: 0,
  dispatch: 0,
  batch: 1,
  queue: 1,
  window: 1,
  throwAway: 0,
  interrupted: 0,
  silentReturn: 0,
  opinions: 0,
  oneSided: 0,
  ghost: 0,
  ringLost: 0,
};

function planOf(daemons: number, clients: Scenario['clients']): Plan {
  return {
    seed: 1,
    kind: 'ideal',
    profile: 'scenario',
    daemons,
    clients: clients.map((client): ClientPlan => ({
      ...client,
      latency: 1,
      chunk: 65_536,
      pause: 0,
    })),
    limits: {},
    socketBytes: 65_536,
    ideal: { detection: DETECTION, merge: 50, delay: 2, split: 0, highWater: 1 << 20 },
    cpg: NO_CPG,
    views: {},
    slice: null,
    steps: [],
    end: 0,
  };
}
