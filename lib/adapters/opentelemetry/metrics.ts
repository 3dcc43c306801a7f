/** Metrics of the connections of a program: how many there are, views, gaps, how long a submit takes. */
import { subscribe, tracingChannel, unsubscribe } from 'node:diagnostics_channel';
import type { ConnectReport } from '../../mailbox/diagnostics.js';
import { ACCEPT_SESSION } from '../../wire/codes.js';
import type { SubmitReport } from '../../recipes/tracing.js';
import type { HostMeter } from './api.js';
import { errorType } from './spans.js';

type Connected = Pick<ConnectReport, 'result' | 'id'>;

type Submitted = SubmitReport & { readonly error?: unknown };

const MS_PER_SECOND = 1000;

type Subscriber = (message: unknown) => void;

/** Counts, until `close`. */
export class Metrics {
  /** Ids of the connections that are counted at present: those that have begun since. */
  private readonly counted = new Set<string>();
  private readonly channels: Readonly<Record<string, Subscriber>>;
  private readonly connections;
  private readonly views;
  private readonly gaps;
  private readonly durations;
  private readonly submits = tracingChannel<unknown, Submitted>('ssp-toolkit:submit');
  private readonly submitSubscribers = {
    start: nothing,
    error: nothing,
    end: nothing,
    asyncStart: nothing,
    asyncEnd: (message: Submitted): void => this.submitted(message),
  };

  constructor(meter: HostMeter) {
    this.connections = meter.createUpDownCounter('ssp.client.connections', {
      description: 'Connections to daemons',
      unit: '{connection}',
    });
    this.views = meter.createCounter('ssp.client.views', {
      description: 'Views of groups that have arrived, by cause',
      unit: '{view}',
    });
    this.gaps = meter.createCounter('ssp.client.gaps', {
      description: 'Groups in which messages are missing after a return, or may be, by reason',
      unit: '{gap}',
    });
    this.durations = meter.createHistogram('ssp.client.submit.duration', {
      description: 'Time until a command has been applied at the member that submitted it',
      unit: 's',
    });
    const ended: Subscriber = (message) => this.ended((message as Connected).id);
    this.channels = {
      'ssp-toolkit:connect': (message) => this.connected(message as Connected),
      'ssp-toolkit:lost': ended,
      'ssp-toolkit:closed': ended,
      'ssp-toolkit:view': (message) => {
        this.views.add(1, { 'ssp.view.cause': (message as { cause: string }).cause });
      },
      'ssp-toolkit:gap': (message) => {
        this.gaps.add(1, { 'ssp.gap.reason': (message as { reason: string }).reason });
      },
    };
    for (const [channel, subscriber] of Object.entries(this.channels)) subscribe(channel, subscriber);
    this.submits.subscribe(this.submitSubscribers);
  }

  /** Its connections do not count any more. */
  close(): void {
    for (const [channel, subscriber] of Object.entries(this.channels)) unsubscribe(channel, subscriber);
    this.submits.unsubscribe(this.submitSubscribers);
    for (const id of this.counted) this.ended(id);
  }

  private connected({ result, id }: Connected): void {
    if (result !== ACCEPT_SESSION || this.counted.has(id)) return;
    this.counted.add(id);
    this.connections.add(1);
  }

  /** One that is lost is closed later, too. */
  private ended(id: string): void {
    if (this.counted.delete(id)) this.connections.add(-1);
  }

  private submitted({ durationMs, error }: Submitted): void {
    const attributes = error === undefined ? {} : { 'error.type': errorType(error) };
    this.durations.record(durationMs / MS_PER_SECOND, attributes);
  }
}

function nothing(): void {
  // Only the end of a submit is measured.
}
