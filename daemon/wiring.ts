/**
 * The wiring of one daemon: engine, core and sessions as they call one another. The daemon of a process, those of a test
 * and simulated ones are all wired here.
 */
import type { AccessRules } from './access/access.js';
import type { Sequencer } from './core/batcher.js';
import { Core } from './core/core.js';
import type { DaemonSelf } from './core/view-change.js';
import type { Slices } from './core/work.js';
import type { DaemonId, Engine, View } from './engine/port.js';
import type { Logger } from './log/logger.js';
import type { SessionLimits } from './session/limits.js';
import { SessionServer } from './session/server.js';
import type { Clock } from '../lib/util/clock.js';

/** What clients that come back are offered. */
export interface ReturnOptions {
  readonly clientExtension: boolean;
  readonly resume: boolean;
  readonly resumeWindowMs: number;
  readonly resumeBufferBytes: number;
  readonly resumeTimeoutMs: number;
}

/** The seconds that daemon views are named by. */
export interface ViewTime {
  /** One that no view of this daemon was named by. */
  next(): number;
  /** A view is named by this second. */
  reached(time: number): void;
}

/** Called before the other parts hear of it. */
export interface WiringObserver {
  /** A new daemon view. */
  installing?(view: View): void;
  /** The exchange of the daemon view is complete. */
  exchanged?(): void;
  /** The engine cannot continue. */
  failed(error: Error): void;
}

export interface WiringOptions {
  readonly self: DaemonSelf;
  readonly engine: Engine;
  readonly slices: (core: () => Core) => Slices;
  readonly limits: SessionLimits;
  readonly rules: AccessRules;
  readonly log: Logger;
  readonly viewTime: ViewTime;
  readonly observer: WiringObserver;
  /** Where payloads leave; default the engine. */
  readonly send?: Engine['send'];
  /** Bytes that all buffers of the process take; default those of this process. */
  readonly bufferBytes?: () => number;
  /** Default that of the machine. */
  readonly clock?: Clock;
}

export class Wiring {
  readonly core: Core;
  readonly server: SessionServer;
  private ring: { readonly bytes: number; age: number } | null = null;

  constructor(private readonly options: WiringOptions) {
    const { self, engine, slices, limits, log, rules, bufferBytes, clock } = options;
    this.core = new Core(
      self,
      this.sequencer(),
      slices(() => this.core),
    );
    this.server = new SessionServer(this.core, limits, log, rules, bufferBytes, clock);
    this.core.limits = this.server.limits;
    this.server.moves.own = self.addresses ?? [];
    this.listen(engine);
  }

  /** @param options the ring has its size from the first ones */
  offer(options: ReturnOptions): void {
    const { core, server } = this;
    const { clientExtension, resume, resumeWindowMs, resumeBufferBytes, resumeTimeoutMs } = options;
    server.extensionOptions = { clientExtension, resume };
    server.attachments.windowMs = resumeWindowMs;
    server.attachments.maxHoldMs = resumeTimeoutMs;
    if (this.ring) {
      this.ring.age = resumeWindowMs;
      return;
    }
    this.ring = { bytes: resumeBufferBytes, age: resumeWindowMs };
    if (resume && clientExtension) core.record.keep(this.ring);
  }

  /** The time that a view may be named by is known to last before anybody hears of it. */
  private sequencer(): Sequencer {
    const { engine, viewTime, observer } = this.options;
    const { send = engine.send.bind(engine) } = this.options;
    return {
      send: (payload, options) => {
        if (options.exchange === true) viewTime.reached(this.core.proposedTime);
        return send(payload, options);
      },
      exchangeDone: () => {
        engine.exchangeDone();
        observer.exchanged?.();
      },
      exclude: (faults) => engine.exclude(faults),
    };
  }

  private listen(engine: Engine): void {
    const { core, server } = this;
    engine.on('message', ({ payload, exchange, sender, index }) => {
      if (exchange) core.exchange(payload, sender.name);
      else core.deliver(payload, index, sender.name);
    });
    engine.watchExchange(() => core.awaited);
    engine.on('transitional', ({ members }) => core.transitional(namesOf(members)));
    engine.on('view', (view) => this.install(view));
    engine.on('stable', (index) => core.stable(index));
    engine.on('drain', () => server.resume());
    engine.on('behind', (isBehind) => {
      server.behindElsewhere = isBehind;
    });
    server.tellBehind = (isBehind) => engine.tellBehind(isBehind);
    engine.on('down', () => server.moves.alone());
    engine.on('up', () => server.moves.together());
    engine.on('fatal', (error) => this.options.observer.failed(error));
  }

  private install(view: View): void {
    const { engine, viewTime, observer } = this.options;
    const { id, members, sets } = view;
    observer.installing?.(view);
    this.core.install({
      tag: id.tag,
      daemons: namesOf(members),
      set: namesOf(sets[0] ?? [engine.self]),
      time: viewTime.next(),
    });
  }
}

const namesOf = (daemons: readonly DaemonId[]): string[] => daemons.map(({ name }) => name);
