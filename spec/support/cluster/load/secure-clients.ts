/** Members of one secure group at every daemon, those who are not wanted there, and what must be so when all is quiet. */
import type { SecureLog } from '../../../secure/simulation/log.js';
import type { Random } from '../../random.js';
import { eventually } from '../../wait.js';
import type { Cluster } from '../cluster.js';
import { gathered } from './group-member.js';
import { SecureClient } from './secure-client.js';
import { KeyBook, secureFaults } from './secure-evidence.js';
import { acceptedAt, allowing, type CommonOptions } from './secure-group.js';
import { SecureIntruder, SecureOutcast } from './secure-visitors.js';

const CONFIRM_LIMIT = 20_000;

export class SecureClients {
  private readonly all: readonly SecureClient[];
  private readonly outcast: SecureOutcast;
  private readonly intruder: SecureIntruder;
  private readonly keys = new KeyBook();
  private readonly common: CommonOptions;

  constructor(cluster: Cluster, random: Random) {
    const { nodes } = cluster;
    const { keys } = this;
    const accepted = acceptedAt(nodes, random);
    this.common = {
      allow: allowing(accepted),
      authenticity: random.chance(0.5) ? 'member' : 'group',
    };
    this.all = accepted.map((each) => new SecureClient(each, this.common, keys, random.fork()));
    this.outcast = new SecureOutcast(random.pick(nodes), this.common, keys, random.fork());
    const names = this.all.map(({ id }) => id);
    this.intruder = new SecureIntruder(random.pick(nodes), names, random.fork());
  }

  get figures(): string {
    const { logs, all, outcast, intruder } = this;
    const count = (kind: string): number =>
      logs.reduce((sum, { entries }) => sum + entries.filter((entry) => entry.kind === kind).length, 0);
    const noticed = all.reduce((sum, client) => sum + client.noticed, 0);
    return [
      `${logs.length} secure memberships (authenticity ${this.common.authenticity})`,
      `${count('view')} views`,
      `${count('rekeyed')} rekeys`,
      `${count('send')} messages sent`,
      `${count('data')} delivered`,
      `${count('excluded')} exclusions`,
      `${outcast.log.views.length} views of the outcast for itself`,
      `${outcast.sent + intruder.sent} messages of visitors, ${noticed} reports of them`,
    ].join(', ');
  }

  /** Of all memberships. */
  get logs(): readonly SecureLog[] {
    return this.all.flatMap(({ logs }) => logs);
  }

  /** Those who are not wanted go. */
  async rid(): Promise<void> {
    await Promise.all([this.outcast.end(), this.intruder.end()]);
  }

  /** @returns what was not kept, and who is not in the one view that all are to be in */
  async faults(): Promise<string[]> {
    await this.rid();
    const { all, keys } = this;
    const apart = await gathered(all);
    const areConfirmed = (): boolean =>
      all.every(({ confirmedMembers }) => confirmedMembers.size === all.length);
    if (apart.length === 0)
      await eventually(areConfirmed, 'confirmations of all secure members', CONFIRM_LIMIT).catch(
        (error: Error) => apart.push(error.message),
      );
    for (const client of all) client.conclude();
    const clear = all.flatMap((client) => client.clear);
    const faults = secureFaults({ logs: this.logs, keys, outcasts: [this.outcast.log], clear });
    return [...apart.map((text) => `SS6: ${text}`), ...faults];
  }

  async end(): Promise<void> {
    await this.rid();
    await Promise.all(this.all.map((client) => client.end()));
  }
}
