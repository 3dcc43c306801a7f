/**
 * In worlds without cuts: a daemon that cannot be worked with keeps nobody waiting, parts nobody, and does not come back
 * all the time.
 */
import type { SimulatedDaemon } from '../daemon.js';
import type { EngineLog } from '../../../daemon/testing/network/engine-log.js';
import type { Loop } from '../../../daemon/testing/time/loop.js';
import type { Plan } from '../plan.js';
import type { Violation } from '../../../daemon/testing/checks/log.js';

/** Virtual milliseconds that an exchange may last, with a detection and an exclusion in it. */
const LIMIT = 1000;
const STEP = 50;
/** Daemon views of one daemon for each thing that happens, and at all. */
const VIEWS_AN_ACT = 9;
const VIEWS = 12;

/** What is looked at of a world. */
interface Watched {
  readonly loop: Loop;
  readonly plan: Plan;
  readonly violations: Violation[];
  readonly daemons: readonly (SimulatedDaemon | null)[];
  readonly engineLogs: readonly EngineLog[];
}

/** Looks all the time, and writes down what it sees. */
export function watchWaiting(world: Watched): void {
  const { loop, plan, violations } = world;
  const since = new Map<SimulatedDaemon, number>();
  const seen = new Map<SimulatedDaemon, number>();
  const bad = new Set<SimulatedDaemon>();
  let partedSince = 0;
  const acts = plan.steps.filter(({ act }) => act.do === 'report' || act.do === 'replace').length;
  const look = (): void => {
    for (const daemon of world.daemons) if (daemon) lookAt(daemon);
    lookForParted();
    if (loop.now < plan.end) loop.after(STEP, look);
  };
  const lookAt = (daemon: SimulatedDaemon): void => {
    const { core, isOther, reports, name, engine } = daemon;
    const isBad = isOther || reports !== 'good';
    if (isBad) bad.add(daemon);
    if (!seen.has(daemon)) seen.set(daemon, loop.now);
    if (isBad || !core.isExchanging || !engine.view) {
      since.delete(daemon);
      return;
    }
    const began = since.get(daemon) ?? loop.now;
    since.set(daemon, began);
    if (loop.now - began <= LIMIT) return;
    since.delete(daemon);
    violations.push({ property: 'waiting', text: `${name} waits for an exchange for ${LIMIT} ms` });
  };
  /** Those that were good all the time are together. */
  const lookForParted = (): void => {
    const good = world.daemons.filter(
      (daemon): daemon is SimulatedDaemon =>
        daemon !== null && !bad.has(daemon) && loop.now - (seen.get(daemon) ?? loop.now) > LIMIT,
    );
    const isTogether = new Set(good.map(({ engine }) => engine.view?.id.tag)).size < 2;
    if (isTogether) partedSince = loop.now;
    if (loop.now - partedSince <= LIMIT) return;
    partedSince = loop.now;
    const names = good.map(({ name }) => name).join();
    violations.push({ property: 'waiting', text: `${names} are in several views for ${LIMIT} ms` });
  };
  const count = (): void => {
    for (const { self, entries } of world.engineLogs) {
      const views = entries.filter(({ kind }) => kind === 'view').length;
      if (views <= VIEWS + VIEWS_AN_ACT * acts) continue;
      violations.push({
        property: 'waiting',
        text: `${self.name} has had ${views} views of ${acts} changes`,
      });
    }
  };
  loop.after(STEP, look);
  loop.after(plan.end, count);
}
