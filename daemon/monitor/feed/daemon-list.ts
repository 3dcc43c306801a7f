/** Which daemons are in the view, and which were and are not. */
import type { AwayDaemon, DaemonsLine } from '../console/core/lines.js';
import { MAX_AWAY } from '../limits.js';
import type { DaemonViewInfo } from '../status.js';

export class DaemonList {
  private current: DaemonViewInfo | null;
  private since: number | null;
  /** Daemons that are not in the view, with the time at which that began; null for those never seen. */
  private readonly away = new Map<string, number | null>();

  /**
   * @param view in force
   * @param known names of daemons that there are to be
   * @param at now, milliseconds since 1970
   */
  constructor(view: DaemonViewInfo | null, known: readonly string[], at: number) {
    this.current = view;
    this.since = view && at;
    for (const name of known) if (!this.here.includes(name)) this.away.set(name, null);
  }

  /** Daemons of the view in force, in its order. */
  get here(): readonly string[] {
    return this.current?.daemons ?? [];
  }

  /** @param at milliseconds since 1970 */
  install(view: DaemonViewInfo, at: number): void {
    const before = this.here;
    this.current = view;
    this.since = at;
    for (const name of before) if (!view.daemons.includes(name)) this.away.set(name, at);
    for (const name of view.daemons) this.away.delete(name);
    const [oldest] = this.away.keys();
    if (this.away.size > MAX_AWAY && oldest !== undefined) this.away.delete(oldest);
  }

  get line(): DaemonsLine {
    const away = Array.from(this.away, ([name, since]): AwayDaemon => ({ name, since }));
    const { id: view = '', sets = [] } = this.current ?? {};
    return { t: 'daemons', view, since: this.since, here: this.here, sets, away };
  }
}
