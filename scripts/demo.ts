/**
 * `npm run demo`: three clients of one daemon, told as a story. Everything printed is checked first and the same in
 * every run; a promise that does not hold ends the demo with status 1.
 */
import { createDaemon } from '../daemon/index.js';
import { Connection } from '../lib/client/connection.js';
import type { DataEvent, ViewEvent } from '../lib/client/event.js';
import type { Group } from '../lib/client/group.js';
import { Mailbox } from '../lib/mailbox/mailbox.js';

const GROUP = 'room';
/** Messages each client sends without waiting for anybody. */
const AT_ONCE = 100;
/** Nothing here takes long; a demo that hangs shows nothing. */
const LIMIT_MS = 10_000;

let steps = 0;
const step = (text: string): void => say(`\n${++steps}. ${text}`);
const say = (text: string): void => void process.stdout.write(`${text}\n`);
const tell = (who: Client, text: string): void => say(`   ${`${who.name}:`.padEnd(6)}${text}`);

/** `#anna#demo` as `anna`. */
const short = (name: string): string => name.split('#')[1] ?? name;

function check(fact: boolean, promise: string): void {
  if (!fact) throw new Error(`this should have held and did not: ${promise}`);
}

/** One participant, who remembers all it sees. */
class Client {
  readonly messages: DataEvent[] = [];
  readonly views: ViewEvent[] = [];
  private wake: () => void = () => undefined;

  private constructor(
    readonly name: string,
    private readonly mailbox: Mailbox,
    readonly group: Group,
  ) {
    group.on('data', (event) => this.note(() => this.messages.push(event)));
    group.on('view', (event) => this.note(() => this.views.push(event)));
  }

  static async join(name: string, port: number): Promise<Client> {
    const mailbox = await Mailbox.open({ spreadName: `${port}@127.0.0.1`, name });
    if (typeof mailbox === 'number') throw new Error(`${name} was not let in: ${mailbox}`);
    return new Client(name, mailbox, await new Connection(mailbox).join(GROUP));
  }

  /** Sends and goes on at once. */
  send(text: string): void {
    void this.group.send(text);
  }

  /** The end without a goodbye, as when a process is killed. */
  cut(): void {
    this.mailbox.kill();
  }

  async close(): Promise<void> {
    await this.mailbox.disconnect();
  }

  /** Waits for this many messages. */
  async heard(count: number): Promise<readonly DataEvent[]> {
    while (this.messages.length < count) await this.next();
    return this.messages;
  }

  /** Waits for a view with this many members. */
  async sees(members: number): Promise<ViewEvent> {
    for (;;) {
      const last = this.views.at(-1);
      if (last?.members.length === members) return last;
      await this.next();
    }
  }

  private next(): Promise<void> {
    return new Promise((resolve) => {
      this.wake = resolve;
    });
  }

  private note(remember: () => void): void {
    remember();
    this.wake();
  }
}

const dialogue = (events: readonly DataEvent[]): string =>
  events.map(({ sender, text }) => `${short(sender)} "${text}"`).join(', ');

/** What everybody saw, if it was the same. */
function agreed<T>(seen: readonly T[], form: (each: T) => string, what: string): T {
  const [first] = seen as [T];
  check(
    seen.every((each) => form(each) === form(first)),
    what,
  );
  return first;
}

async function meet(port: number): Promise<[Client, Client, Client]> {
  step(`Three clients connect to it, and one after the other joins the group "${GROUP}".`);
  const clients: Client[] = [];
  for (const name of ['anna', 'bert', 'carl']) {
    clients.push(await Client.join(name, port));
    const views = await Promise.all(clients.map((client) => client.sees(clients.length)));
    const { members } = agreed(
      views,
      ({ id, members: all }) => JSON.stringify([id, all]),
      'all members get the same view',
    );
    say(`   ${name} joins. All members are told the same: ${members.map(short).join(', ')}.`);
  }
  return clients as [Client, Client, Client];
}

async function talk(clients: readonly [Client, Client, Client]): Promise<void> {
  const [anna, bert, carl] = clients;
  step('They talk. Whoever sends to the group gets its own message back, in its place in the order.');
  anna.send('Who takes the night shift?');
  await bert.heard(1);
  bert.send('I do.');
  await carl.heard(2);
  carl.send('Then I sleep.');
  for (const client of clients) tell(client, `saw ${dialogue(await client.heard(3))}`);

  step(`Now all three send ${AT_ONCE} messages each, all at the same moment and without waiting.`);
  for (let i = 1; i <= AT_ONCE; i++) for (const client of clients) client.send(`${client.name} ${i}`);
  const total = 3 + clients.length * AT_ONCE;
  const heard = await Promise.all(clients.map((client) => client.heard(total)));
  agreed(heard, dialogue, 'all members see the same messages in the same order');
  for (const client of clients) tell(client, `saw ${client.messages.length - 3} messages`);
  say('   The three lists are equal, line by line: one order for everybody.');
}

async function lose(anna: Client, rest: readonly [Client, Client]): Promise<void> {
  step('The first member of a view can serve as leader: all have the same list, so nobody has to ask.');
  for (const client of [anna, ...rest]) tell(client, `the leader is ${short(client.group.members[0] ?? '')}`);

  step('The leader dies: the connection of anna is cut, without a goodbye.');
  anna.cut();
  for (const client of rest) {
    const { cause, changed, members } = await client.sees(2);
    check(cause === 'disconnect' && short(changed ?? '') === 'anna', 'the view says who is gone');
    tell(
      client,
      `lost anna; members are ${members.map(short).join(', ')}; the leader is ${short(members[0] ?? '')}`,
    );
  }

  step('Life goes on under the new leader.');
  const [bert] = rest;
  const before = bert.messages.length;
  bert.send('I lead now.');
  for (const client of rest) tell(client, `saw ${dialogue((await client.heard(before + 1)).slice(before))}`);
}

async function story(): Promise<void> {
  step('A daemon starts. It puts what its clients send into one order.');
  await using daemon = await createDaemon({ name: 'demo', listen: [{ host: '127.0.0.1', port: 0 }] });
  const clients = await meet(daemon.port);
  const [anna, bert, carl] = clients;
  await talk(clients);
  await lose(anna, [bert, carl]);
  await Promise.all([bert.close(), carl.close()]);
  say(
    '\nShown: everybody sees the same messages in the same order, everybody learns who is there and who is gone,\n' +
      'and from that alone everybody knows the same leader, before and after a crash.',
  );
}

// A reader that goes away, as in `npm run demo | head`, is no error.
process.stdout.on('error', () => undefined);
const limit = setTimeout(() => {
  process.stderr.write('demo: no progress, giving up\n');
  process.exit(1);
}, LIMIT_MS);
await story();
clearTimeout(limit);
