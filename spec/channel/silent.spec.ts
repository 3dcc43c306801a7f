/** Members of the registry that say nothing when tables come together, and ones that send too much of a table. */
import { Buffer } from 'node:buffer';
import { expect } from 'chai';
import type { GroupLink, LinkHandler } from '../../lib/channel/group-link.js';
import { MAX_TABLE_BYTES, MAX_TABLE_PIECES, TABLE_PIECE } from '../../lib/channel/limits.js';
import { type RoundTag, type State, encodeRegistryMessage } from '../../lib/channel/registry/command.js';
import type { RegistryEvent } from '../../lib/channel/registry/difference.js';
import { RegistryMachine } from '../../lib/channel/registry/machine.js';
import { PieceStore } from '../../lib/channel/registry/piece-store.js';
import type { RegistryView } from '../../lib/channel/registry/ports.js';
import { Table } from '../../lib/channel/registry/table.js';
import { type Clock, systemClock } from '../../lib/util/clock.js';
import { ChannelWorld } from './channel-world.js';
import { SETTINGS } from './schedules/registry-connection.js';
import { within } from './support.js';

const SELF = '#b#d2';
const QUIET = '#quiet#d3';
const CLAIM = 'c'.repeat(16);

/** A machine at `SELF`; what it sends to the group comes back at once. */
class Party {
  readonly seen: string[] = [];
  readonly machine: RegistryMachine;
  private counter = 0;
  private sent: Buffer[] = [];

  constructor() {
    this.machine = new RegistryMachine(SELF, {
      send: (_, bytes) => void this.sent.push(bytes),
      settled: (_, outcome) => void this.seen.push(outcome.ok ? 'done' : outcome.code),
      tell: (event: RegistryEvent) => void this.seen.push(event.kind),
      waiting: () => undefined,
      exchanging: () => undefined,
      departing: () => undefined,
      ignored: (member, reason) => void this.seen.push(`${reason} ${member}`),
      ready: () => void this.seen.push('ready'),
    });
    this.view('join', [SELF], SELF);
  }

  view(cause: RegistryView['cause'], members: readonly string[], changed: string | null = null): void {
    const cameWithMe = members.filter((member) => this.machine.isMember(member) || member === SELF);
    this.machine.view({ id: [1, 2, ++this.counter], cause, members, changed, cameWithMe, returned: [] });
    this.run();
  }

  run(): void {
    for (let bytes = this.sent.shift(); bytes; bytes = this.sent.shift())
      this.machine.message(SELF, bytes, 'safe');
  }

  settle(): void {
    this.machine.settle();
    this.run();
  }

  /** What was seen since the last call. */
  get news(): string[] {
    return this.seen.splice(0);
  }

  /** The quiet one says what it brings. */
  speak(tag: RoundTag, table: Table, pieces = 1): void {
    const { machine } = this;
    const bytes = table.encode();
    for (let index = 0; index < pieces; index++)
      machine.message(QUIET, encodeRegistryMessage({ kind: 'part', tag, index, bytes }), 'agreed');
    const flags = machine.members.map((member) => member === QUIET);
    const none = machine.members.map(() => false);
    const state: State = {
      kind: 'state',
      tag,
      wide: true,
      has: true,
      informed: true,
      testimony: { epoch: 1, promised: 1 },
      electorates: [],
      parts: pieces,
      covers: flags,
      fresh: none,
      silent: none,
      tookPart: flags,
      moved: false,
      returns: [],
    };
    machine.message(QUIET, encodeRegistryMessage(state), 'agreed');
    this.run();
  }
}

function tableOf(owner: string): Table {
  const table = new Table();
  const entry = { name: 'x', owner, claim: CLAIM, epoch: 0, unsure: false, settings: SETTINGS, over: [] };
  table.put({ ...entry, clients: new Set() });
  return table;
}

/** Alone with one that says nothing, in a view of the network, and with a command that waits. */
function besideQuiet(): Party {
  const party = new Party();
  party.view('network', [SELF, QUIET]);
  party.machine.submit({ kind: 'attach', name: 'x' });
  party.run();
  expect(party.news).to.deep.equal(['ready']);
  return party;
}

describe('a member of the registry that says nothing', () => {
  it('is left out when somebody settles it, and named; commands continue', () => {
    const party = besideQuiet();
    party.settle();
    expect(party.news).to.deep.equal([`silent ${QUIET}`, 'ready', 'NOT_FOUND']);
    expect([party.machine.isReady, party.machine.isMember(QUIET)]).to.deep.equal([true, false]);
  });

  it('is not waited for again in later views', () => {
    const party = besideQuiet();
    party.settle();
    expect(party.news).to.include('ready');
    party.view('join', [SELF, QUIET, '#n#d2'], '#n#d2');
    expect([party.news, party.machine.isMember(QUIET)]).to.deep.equal([['ready'], false]);
    party.view('leave', [SELF, '#n#d2'], QUIET);
    expect([party.machine.isReady, party.news]).to.deep.equal([true, ['member-gone']]);
  });

  it('comes back with its channels when it speaks', () => {
    const party = besideQuiet();
    party.settle();
    const [a, b, c] = party.machine.tag;
    expect(party.news).to.include('ready');
    party.speak([a, b, c, 1], tableOf(QUIET));
    expect([party.news, party.machine.isMember(QUIET)]).to.deep.equal([['opened', 'ready'], true]);
    expect(party.machine.table.find('x')?.owner).to.equal(QUIET);
    expect(party.machine.tag).to.deep.equal([a, b, c, 1]);
  });

  it('has no say before it has come back', () => {
    const party = besideQuiet();
    party.settle();
    const { machine } = party;
    const command = { kind: 'claim', name: 'y', claim: CLAIM, settings: SETTINGS, strict: false } as const;
    const claim = { serial: 1, tag: machine.tag, command: { ...command, from: null } };
    machine.message(QUIET, encodeRegistryMessage(claim), 'agreed');
    expect(machine.table.find('y')).to.equal(undefined);
  });

  it('keeps what the others know of it', () => {
    const party = new Party();
    party.view('network', [SELF, QUIET]);
    party.speak([...party.machine.viewId, 0], tableOf(QUIET));
    expect(party.machine.table.find('x')?.owner).to.equal(QUIET);
    party.view('network', [SELF]);
    party.view('network', [SELF, QUIET]);
    party.settle();
    expect(party.news).to.not.include('closed');
    const claim = party.machine.newClaim();
    party.machine.submit({ kind: 'claim', name: 'x', claim, settings: SETTINGS, strict: false, from: null });
    party.run();
    expect(party.news).to.deep.equal(['ORPHANED']);
  });

  const deaf: LinkHandler = {
    view() {},
    transition() {},
    message() {},
    refused() {},
    lost() {},
    continued() {},
    rejoined() {},
    observed() {},
    closed() {},
  };

  it('holds up channels for the time that is set, and no longer', async () => {
    const SPEED = 100;
    const clock: Clock = {
      ...systemClock,
      now: () => systemClock.now() * SPEED,
      after: (ms, f) => systemClock.after(ms / SPEED, f),
    };
    const world = new ChannelWorld(['d1', 'd2'], undefined, clock);
    const quiet: GroupLink = world.link('d2', 'quiet');
    world.reconfigure([['d1'], ['d2']]);
    await quiet.enter(deaf);
    const a = await world.channels('d1', 'a');
    await a.createChannel('c');
    world.reconfigure([['d1', 'd2']]);
    await within(a.openChannel('c'), 'the channel');
    expect(a.dropped).to.include({ silent: 1, malformed: 0 });
  });
});

describe('pieces of a table that wait', () => {
  it('are as many as the largest table has', () => {
    expect(MAX_TABLE_PIECES * TABLE_PIECE).to.equal(MAX_TABLE_BYTES);
    const store = new PieceStore();
    for (let index = 0; index < MAX_TABLE_PIECES; index++)
      expect(store.add('#a#d1', index, Buffer.of(1))).to.equal(true);
    expect(store.take('#a#d1', MAX_TABLE_PIECES)).to.have.length(MAX_TABLE_PIECES);
  });

  it('are given up where they are too many or too large, and no more of their sender is held', () => {
    const store = new PieceStore();
    for (let index = 0; index < MAX_TABLE_PIECES; index++) store.add('#a#d1', index, Buffer.of(1));
    store.add('#b#d1', 0, Buffer.of(1));
    expect(store.add('#a#d1', MAX_TABLE_PIECES, Buffer.of(1))).to.equal(false);
    expect([store.count, store.add('#a#d1', 0, Buffer.of(1)), store.take('#a#d1', 0)]).to.deep.equal([
      1,
      false,
      null,
    ]);
    expect(store.add('#b#d1', 1, Buffer.alloc(TABLE_PIECE + 1))).to.equal(false);
    expect([store.count, store.take('#b#d1', 1)]).to.deep.equal([0, null]);
  });

  it('make their sender one that says nothing where they are too many', () => {
    const party = besideQuiet();
    party.speak([...party.machine.viewId, 0], new Table(), MAX_TABLE_PIECES + 1);
    const refused = [`malformed ${QUIET}`, `malformed ${QUIET}`];
    expect([party.news, party.machine.heldPieces]).to.deep.equal([refused, 0]);
    party.settle();
    expect(party.news).to.include(`silent ${QUIET}`);
  });

  it('count for everybody or for nobody: those that came privately are not of a table for the group', () => {
    const party = besideQuiet();
    const tag = [...party.machine.viewId, 0] as const;
    const part = encodeRegistryMessage({ kind: 'part', tag, index: 0, bytes: tableOf(QUIET).encode() });
    party.machine.message(QUIET, part, null);
    party.speak(tag, tableOf(QUIET), 0);
    expect([party.news, party.machine.isReady]).to.deep.equal([[`malformed ${QUIET}`], false]);
  });
});
