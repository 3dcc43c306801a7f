/** What a case is: something to measure, and a yardstick that does the same with nothing in between. */

export interface Settings {
  /** Measured runs of each; the first ones, which warm up, do not count. */
  readonly runs: number;
  /** About how long one run takes. */
  readonly seconds: number;
  /** Whether it is a short bench: small crowds where the size is not the point. */
  readonly quick: boolean;
  /** Options of node for the daemon, for profiles. */
  readonly daemonOptions: readonly string[];
}

/** One run. */
export interface Sample {
  /** Of what the rate counts. */
  readonly count: number;
  readonly seconds: number;
  /** A histogram as text; see `load/latencies`. */
  readonly latencies?: string | null;
  /** What only this case knows, by name; of several runs the worst (highest) counts. */
  readonly facts?: Readonly<Record<string, number>>;
}

/** What can be run again and again. */
export interface Probe {
  /** Processes whose processor time and memory are looked at. */
  readonly pids: readonly number[];
  /** Processes by what they do, when the processor time of each is wanted. */
  readonly processes?: Readonly<Record<string, number>>;
  /** @param count about how much to do */
  run(count: number): Promise<Sample>;
}

/** One of several systems that do the same. */
export interface SystemProbe {
  readonly name: string;
  readonly probe: Probe;
}

export interface Prepared extends AsyncDisposable {
  readonly subject: Probe;
  readonly yardstick: Probe | null;
  /** All systems of a case that compares several, the subject first. Their runs take turns. */
  readonly systems?: readonly SystemProbe[];
  /** One line for each system that is not installed. */
  readonly leftOut?: readonly string[];
}

/** What a case is in a series that shows how cost grows. */
export interface Point {
  readonly curve: string;
  /** The number that grows along the curve. */
  readonly n: number;
}

/** `rate`: count / seconds, more is better. `ms`: milliseconds of one, less is better. */
export type Unit = 'messages/s' | 'deliveries/s' | 'changes/s' | 'round trips/s' | 'sessions/s' | 'ms';

export interface Case {
  readonly name: string;
  readonly unit: Unit;
  /** What the first run is given to do; the rest is chosen so that a run takes the time it should. 1: it has its own. */
  readonly first: number;
  /** Runs at most, for a case in which each takes long. */
  readonly runs?: number;
  /** Left out of a quick bench, unless it is asked for. */
  readonly isLong?: true;
  /** Left out of every bench, unless it is asked for: its results have a page of their own. */
  readonly isOnRequest?: true;
  readonly point?: Point;
  /** One line that says why it cannot be measured here, or null. */
  unavailable?(): string | null;
  prepare(settings: Settings): Promise<Prepared>;
}
