/**
 * Those around the load clients: processes that use recipes, members of a view-synchronous and of a secure group,
 * strangers and liars among their words, and strangers in the groups of Corosync. Of two sets of recipes the first is for
 * its members alone and keeps all promises, whatever strangers say; a liar is a member of the second, which has to work
 * again when it is gone.
 */
import type { Random } from '../../random.js';
import type { Cluster } from '../cluster.js';
import { GROUPS } from './client.js';
import { CpgStranger } from './cpg-stranger.js';
import { Intruder } from './intruder.js';
import { Loot } from './loot.js';
import { Promises } from './promises.js';
import { RecipeClient, recipeGroups, type Rules } from './recipe-client.js';
import { SecureClients } from './secure-clients.js';
import { SynchronousClients } from './synchronous-clients.js';
import { eventually } from '../../wait.js';

const PROOF_LIMIT = 30_000;
/** Within which newcomers have the states that others remember. */
const STATES_LIMIT = 10_000;
/** `CorosyncGroup` as it is by itself, and another one. */
const CPG_GROUPS = ['ssp-toolkit', 'elsewhere'] as const;

export class RandomClients {
  private readonly promises: Promises;
  private readonly honest: readonly RecipeClient[];
  private readonly deceived: readonly RecipeClient[];
  private readonly intruders: readonly Intruder[];
  private readonly processes: readonly CpgStranger[];
  private readonly synchronous: SynchronousClients;
  private readonly secure: SecureClients;
  private readonly withLiar: Rules;
  private isLost = false;
  private readonly speakAgain = silence('SspIgnoredWarning');

  constructor(cluster: Cluster, random: Random) {
    const { nodes } = cluster;
    const loot = new Loot();
    const quorum = Math.floor(nodes.length / 2) + 1;
    const rules: Rules = { prefix: 'fair', quorum, of: nodes.length };
    // One more member, so a quorum of all needs one more too.
    const withLiar: Rules = {
      prefix: 'foul',
      quorum: Math.floor((nodes.length + 1) / 2) + 1,
      of: nodes.length + 1,
    };
    this.withLiar = withLiar;
    this.promises = new Promises(cluster);
    this.honest = nodes.map((node) => new RecipeClient(node, rules, loot, this.promises, random.fork()));
    this.deceived = nodes.map((node) => new RecipeClient(node, withLiar, loot, null, random.fork()));
    const foul = recipeGroups(withLiar.prefix);
    const members = [...this.honest, ...this.deceived].flatMap(({ id, groups }) =>
      groups.map((group) => ({ name: id, group })),
    );
    const everywhere = [...GROUPS, ...recipeGroups(rules.prefix), ...foul];
    const liar = random.pick(nodes);
    this.intruders = [
      ...nodes.map(
        (node) => new Intruder(node, 's', { groups: everywhere, joins: [], members }, loot, random.fork()),
      ),
      new Intruder(liar, 'm', { groups: foul, joins: foul, members }, loot, random.fork()),
    ];
    const haunted = random.pick(nodes);
    this.processes = CPG_GROUPS.map((group) => new CpgStranger(haunted, group));
    this.synchronous = new SynchronousClients(cluster, random.fork());
    this.secure = new SecureClients(cluster, random.fork());
  }

  /** What was granted, and what was said that counts for nothing. */
  get figures(): string {
    const sent = this.intruders.reduce((sum, each) => sum + each.sent, 0);
    return `${this.promises.grants} locks and leads granted, ${sent} messages of strangers and liars; ${this.synchronous.figures}${this.isLost ? '; the second set waits for a state that is lost' : ''}\n${this.secure.figures}`;
  }

  /** Strangers and liars are gone; then everything has to work. @returns what was not kept, and what does not work */
  async faults(): Promise<string[]> {
    await this.leave();
    const [synchronous, secure] = await Promise.all([this.synchronous.faults(), this.secure.faults()]);
    const all = [...this.honest, ...this.deceived];
    const rests = await Promise.allSettled(all.map((each) => each.rest()));
    const has = (): boolean => this.deceivedHaveStates();
    this.isLost = await eventually(has, 'states', STATES_LIMIT).then(
      () => false,
      () => true,
    );
    const proofs = await Promise.allSettled(
      [...this.honest, ...(this.isLost ? [] : this.deceived)].map((each) => each.prove(PROOF_LIMIT)),
    );
    const hangs = [...rests, ...proofs].flatMap((proof) =>
      proof.status === 'rejected' ? [(proof.reason as Error).message] : [],
    );
    const maps = (): Set<string> => new Set(this.honest.map((each) => each.entries));
    // A result says that a quorum has applied the command: the others may still have it before them.
    await eventually(() => maps().size === 1, 'maps that agree', PROOF_LIMIT).catch(() => undefined);
    return [
      ...this.promises.broken,
      ...synchronous,
      ...secure,
      ...hangs,
      ...(maps().size > 1 ? [`maps differ: ${[...maps()].join(' and ')}`] : []),
    ];
  }

  /**
   * Whether enough of the second set have its states to know the newest. Where too many begin again within a short time
   * they wait by rule for the liar, which never takes part.
   */
  private deceivedHaveStates(): boolean {
    const { of, quorum } = this.withLiar;
    return [0, 1].every((i) => this.deceived.filter((each) => each.hasStates[i]).length > of - quorum);
  }

  /** What the members of both groups saw, by the name of each log. */
  get memberships(): readonly { readonly name: string }[] {
    return [...this.synchronous.logs, ...this.secure.logs];
  }

  async end(): Promise<void> {
    await this.leave();
    await Promise.all([this.synchronous.end(), this.secure.end()]);
    for (const each of [...this.honest, ...this.deceived]) await each.end();
    this.speakAgain();
  }

  private async leave(): Promise<void> {
    await Promise.all([
      ...[...this.intruders, ...this.processes].map((each) => each.end()),
      this.secure.rid(),
    ]);
  }
}

/** Warnings of this name, of which there are many here, are not printed. @returns what ends that */
function silence(name: string): () => void {
  const before = process.listeners('warning');
  const filter = (warning: Error): void => {
    if (warning.name !== name) for (const each of before) each(warning);
  };
  process.removeAllListeners('warning').on('warning', filter);
  return () => {
    process.off('warning', filter);
    for (const each of before) process.on('warning', each);
  };
}
