/** The events of a simulated engine on their way to its handlers, written down as they pass. */
import type { DaemonId, EngineEvents, EngineMessage, SendOptions, View } from '../../engine/port.js';
import type { EngineLog } from './engine-log.js';
import type { Trace } from './trace.js';

type Handlers = { [K in keyof EngineEvents]?: (...args: EngineEvents[K]) => void };

/** Is told of an engine's events before its handlers. */
export interface RecorderObserver {
  view(self: DaemonId, view: View): void;
  transitional(self: DaemonId): void;
  message(self: DaemonId): void;
  ended(self: DaemonId): void;
}

export class Recorder {
  readonly log: EngineLog;
  private readonly handlers: Handlers = {};
  private sent = 0;

  constructor(
    readonly self: DaemonId,
    private readonly trace: Trace,
    private readonly observer?: RecorderObserver,
  ) {
    this.log = { self, entries: [], end: 'open' };
  }

  on<K extends keyof EngineEvents>(event: K, handler: (...args: EngineEvents[K]) => void): void {
    Object.assign(this.handlers, { [event]: handler });
  }

  /** The engine has ended: nothing is told any more. */
  end(): void {
    this.log.end = 'ended';
    this.observer?.ended(this.self);
    for (const event of Object.keys(this.handlers)) delete this.handlers[event as keyof Handlers];
  }

  /** @returns the id of the payload, unique in the run */
  send({ safe = false, exchange = false }: SendOptions): string {
    const id = `${this.self.name}.${this.self.inc.toString(16)}.${++this.sent}`;
    this.log.entries.push({ kind: 'send', id, safe, exchange });
    return id;
  }

  message(id: string, message: EngineMessage): void {
    const { sender, index, safe, exchange } = message;
    this.log.entries.push({ kind: 'message', id, sender, index, safe, exchange });
    this.trace.note(this.self.name, () => {
      const kind = exchange ? 'exchange ' : safe ? 'safe ' : '';
      return `${kind}payload ${id}, number ${index}`;
    });
    this.observer?.message(this.self);
    this.handlers.message?.(message);
  }

  transitional(event: EngineEvents['transitional'][0]): void {
    const { previous, members } = event;
    this.log.entries.push({ kind: 'transitional', previous: previous.text, members });
    this.trace.note(this.self.name, () => `transitional, with ${namesOf(members)}`);
    this.observer?.transitional(this.self);
    this.handlers.transitional?.(event);
  }

  view(view: View): void {
    this.log.entries.push({ kind: 'view', view });
    this.trace.note(
      this.self.name,
      () => `daemon view ${view.id.text}: ${view.sets.map(namesOf).join(' | ')}`,
    );
    this.observer?.view(this.self, view);
    this.handlers.view?.(view);
  }

  stable(index: number): void {
    this.log.entries.push({ kind: 'stable', index });
    this.handlers.stable?.(index);
  }

  drain(): void {
    this.handlers.drain?.();
  }

  behind(isBehind: boolean): void {
    this.handlers.behind?.(isBehind);
  }

  fatal(error: Error): void {
    this.trace.note(this.self.name, () => `fatal: ${error.message}`);
    this.handlers.fatal?.(error);
  }
}

const namesOf = (members: readonly DaemonId[]): string => members.map(({ name }) => name).join(' ');
