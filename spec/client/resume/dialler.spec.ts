/** What a dialler does with its timers, with a clock and transports that do what the spec says. */
import { EventEmitter } from 'node:events';
import { expect } from 'chai';
import { Dialler } from '../../../lib/client/resume/dialler.js';
import { placeOf, socketFinder } from '../../../lib/client/resume/targets.js';
import { ExtensionOffer } from '../../../lib/mailbox/extension.js';
import type { Transport } from '../../../lib/mailbox/transport.js';
import { systemPlatform } from '../../../lib/mailbox/platform.js';
import { type Clock, systemClock, type Timer } from '../../../lib/util/clock.js';
import { failure, settle } from '../support.js';

/** A way to a daemon that answers nothing. */
class SilentTransport extends EventEmitter {
  destroyed = false;
  readonly write = (): boolean => true;
  readonly cork = (): void => undefined;
  readonly uncork = this.cork;
  readonly pause = this.cork;
  readonly resume = this.cork;
  readonly end = this.cork;
  readonly read = (): null => null;

  /** The daemon is not there. */
  refuse(): void {
    this.destroyed = true;
    this.emit('error', Object.assign(new Error('refused'), { code: 'ECONNREFUSED' }));
    this.emit('close');
  }

  destroy(): void {
    if (!this.destroyed) queueMicrotask(() => this.emit('close'));
    this.destroyed = true;
  }
}

/** Time stands still until `pass`; timers ring and rounds end when the spec says so. */
class ManualClock implements Clock {
  readonly timeOrigin = systemClock.timeOrigin;
  private time = 0;
  private timers: { readonly at: number; readonly act: () => void }[] = [];
  private rounds: (() => void)[] = [];

  now(): number {
    return this.time;
  }

  date(): number {
    return this.time;
  }

  after(milliseconds: number, act: () => void): Timer {
    const entry = { at: this.time + milliseconds, act };
    this.timers.push(entry);
    const timer: Timer = {
      cancel: () => void (this.timers = this.timers.filter((each) => each !== entry)),
      ref: () => timer,
      unref: () => timer,
    };
    return timer;
  }

  soon(act: () => void): void {
    this.rounds.push(act);
  }

  /** The process has stood still for so long: all timers that are due ring, before anything else. */
  pass(milliseconds: number): void {
    this.time += milliseconds;
    const due = this.timers.filter(({ at }) => at <= this.time);
    this.timers = this.timers.filter(({ at }) => at > this.time);
    for (const { act } of due) act();
  }

  /** All sockets that are readable have been read. */
  endRound(): void {
    for (const act of this.rounds.splice(0)) act();
  }
}

class DiallerFixture {
  readonly clock = new ManualClock();
  readonly dialled: string[] = [];
  readonly transports: SilentTransport[] = [];
  readonly dialler: Dialler;

  constructor() {
    const places = ['4803@10.0.0.1', '4803@10.0.0.2'].flatMap((text) => placeOf(text) ?? []);
    const platform = {
      ...systemPlatform,
      clock: this.clock,
      resolver: { host: (name: string) => Promise.resolve([name]), service: () => Promise.resolve([]) },
      open: (address: object): Transport => {
        this.dialled.push('host' in address ? String(address.host) : '');
        const transport = new SilentTransport();
        this.transports.push(transport);
        return transport;
      },
    };
    const hello = { features: 0, holdMs: 0, heartbeatMs: 0, attempt: 0, resume: null };
    const offer = (): ExtensionOffer => new ExtensionOffer(hello);
    const plan = { name: 'a', platform, finder: socketFinder, offer, continues: () => 'whole' as const };
    this.dialler = new Dialler(places, { giveUpMs: 1000, balance: false, discover: false }, plan);
  }
}

describe('the dialler', () => {
  it('looks at what has come before it dials the next address, where the process stood still', async () => {
    const { clock, dialler, dialled } = new DiallerFixture();
    const search = failure(dialler.first(undefined, 0));
    await settle();
    expect(dialled).to.deep.equal(['10.0.0.1']);
    clock.pass(200);
    await settle();
    expect(dialled, 'before the sockets were read').to.deep.equal(['10.0.0.1']);
    clock.endRound();
    await settle();
    expect(dialled).to.deep.equal(['10.0.0.1', '10.0.0.2']);
    dialler.close();
    await search;
  });

  it('takes what has come in its place: an address that is refused is no reason to dial two', async () => {
    const { clock, dialler, dialled, transports } = new DiallerFixture();
    const search = failure(dialler.first(undefined, 0));
    await settle();
    clock.pass(200);
    transports[0]?.refuse();
    await settle();
    expect(dialled).to.deep.equal(['10.0.0.1', '10.0.0.2']);
    clock.endRound();
    await settle();
    expect(dialled).to.deep.equal(['10.0.0.1', '10.0.0.2']);
    transports[1]?.refuse();
    expect((await search).message).to.match(/10\.0\.0\.1.*10\.0\.0\.2/s);
  });
});
