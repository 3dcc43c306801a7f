/** What the registry ignores: whose it was and why, what is counted, and what is warned of. */
import { Buffer } from 'node:buffer';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { expect } from 'chai';
import { nothingDropped } from '../../lib/channel/context.js';
import { MAX_NAMED_MEMBERS } from '../../lib/channel/limits.js';
import { encodeRegistryMessage } from '../../lib/channel/registry/command.js';
import { RegistryMachine } from '../../lib/channel/registry/machine.js';
import type { IgnoreReason } from '../../lib/channel/registry/ports.js';
import { Router } from '../../lib/channel/router.js';

const SELF = '#b#d2';
const LIAR = '#liar#d3';
const MEMBERS = ['#a#d1', SELF, LIAR];
const FAR = 6 + 86_400_000;
const emitWarning: unknown = Reflect.get(process, 'emitWarning');

class Party {
  readonly dropped = nothingDropped();
  readonly reports: string[] = [];
  readonly warnings: string[] = [];
  readonly router: Router;
  private readonly machine: RegistryMachine;
  private sent: Buffer[] = [];
  private counter = 0;

  constructor() {
    const ignored = (member: string, reason: IgnoreReason): void => this.router.ignored(member, reason);
    this.machine = new RegistryMachine(SELF, {
      send: (_, bytes) => void this.sent.push(bytes),
      settled: () => undefined,
      tell: () => undefined,
      waiting: () => undefined,
      exchanging: () => undefined,
      departing: () => undefined,
      ignored,
      ready: () => undefined,
    });
    this.router = new Router(SELF, this.machine, new Map(), new Map(), this.dropped);
    this.view([SELF], 'join');
    subscribe('ssp-toolkit:dropped', this.onDropped);
    process.emitWarning = (text: string | Error) => void this.warnings.push(String(text));
  }

  end(): void {
    unsubscribe('ssp-toolkit:dropped', this.onDropped);
    Reflect.set(process, 'emitWarning', emitWarning);
  }

  /** All three come together, each from a part of its own, with these epochs. */
  merge(epochs: readonly [honest: number, liar: number]): void {
    this.view(MEMBERS, 'network');
    for (const [i, sender] of ['#a#d1', LIAR].entries())
      this.router.take(sender, 'agreed', this.state(sender, epochs[i] as number));
  }

  take(sender: string, bytes: Buffer): void {
    this.router.take(sender, 'safe', bytes);
  }

  private view(members: readonly string[], cause: 'join' | 'network'): void {
    const changed = cause === 'join' ? SELF : null;
    this.machine.view({
      id: [1, 2, ++this.counter],
      cause,
      members,
      changed,
      cameWithMe: [SELF],
      returned: [],
    });
    for (let bytes = this.sent.shift(); bytes; bytes = this.sent.shift()) this.take(SELF, bytes);
  }

  private state(sender: string, epoch: number): Buffer {
    const covers = MEMBERS.map((member) => member === sender);
    const none = MEMBERS.map(() => false);
    return encodeRegistryMessage({
      kind: 'state',
      tag: this.machine.tag,
      wide: true,
      has: false,
      informed: true,
      testimony: { epoch, promised: epoch },
      electorates: [],
      parts: 0,
      covers,
      fresh: none,
      silent: none,
      tookPart: covers,
      moved: false,
      returns: [],
    });
  }

  private readonly onDropped = (message: unknown): void => {
    const { group, sender, reason } = message as Record<string, string>;
    this.reports.push(`${group} ${sender} ${reason}`);
  };
}

describe('what the registry ignores', () => {
  let party: Party;

  beforeEach(() => {
    party = new Party();
  });

  afterEach(() => party.end());

  it('is reported of the member whose claim is far above all others, not of who spoke last', () => {
    party.merge([4, FAR]);
    party.merge([4, FAR + 1]);
    expect(party.reports).to.deep.equal(Array.from({ length: 2 }, () => `$channels ${LIAR} claim`));
    expect(party.dropped).to.include({ claim: 2, malformed: 0 });
    expect(party.warnings).to.deep.equal([
      `$channels: ignoring the epoch claimed by ${LIAR}, which is far above all others`,
    ]);
  });

  it('is a stranger if it is not a member, another version, or damaged: each is warned of once', () => {
    const command = encodeRegistryMessage({ serial: 1, tag: [1, 2, 1, 0], command: { kind: 'nothing' } });
    const old = Buffer.from(command);
    old[1] = 3;
    for (const sender of ['#x#d9', '#y#d9']) party.take(sender, command);
    for (const bytes of [old, command.subarray(0, -1), Buffer.of(200), old]) party.take(SELF, bytes);
    const reasons = ['version', 'malformed', 'malformed', 'version'].map((why) => `$channels ${SELF} ${why}`);
    expect(party.reports).to.deep.equal(['$channels #x#d9 stranger', '$channels #y#d9 stranger', ...reasons]);
    expect(party.dropped).to.include({ stranger: 2, malformed: 4 });
    expect(party.warnings).to.deep.equal([
      '$channels: ignoring messages of #x#d9, which is not a member',
      `$channels: ignoring messages of ${SELF}, which runs an incompatible version of ssp-toolkit`,
      `$channels: ignoring messages of ${SELF} that are damaged or out of bounds`,
    ]);
  });

  it('is warned of for a bounded number of members, and reported for all', () => {
    const more = MAX_NAMED_MEMBERS + 5;
    for (let i = 0; i < more; i++) party.router.ignored(`#m${i}#d1`, i % 2 === 0 ? 'claim' : 'silent');
    party.router.ignored('#x#d1', 'stranger');
    expect([party.reports.length, party.warnings.length]).to.deep.equal([more + 1, MAX_NAMED_MEMBERS + 1]);
  });
});
