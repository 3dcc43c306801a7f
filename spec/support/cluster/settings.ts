/** What a rig is made of, and the configuration files that follow from it. */
import { ringAddress } from './network.js';

export interface ClusterOptions {
  /** Default 3. */
  readonly nodes?: number;
  /** Milliseconds without the token before Corosync looks for a new ring; default 1000. */
  readonly token?: number;
  /** Milliseconds added to it for each node beyond two; default 0. */
  readonly tokenCoefficient?: number;
  /** Encrypted ring; default false. */
  readonly crypto?: boolean;
  /** Further settings of `totem`, by name, none of those above. */
  readonly totem?: Readonly<Record<string, string | number>>;
  /** Bytes of the longest packet on the ring links; default 1500. */
  readonly linkMtu?: number;
  /** Whether `sspd` runs on the nodes; default true. */
  readonly daemons?: boolean;
  /** Further lines of each `spread.conf`. */
  readonly configuration?: string;
}

export type ClusterSettings = Required<ClusterOptions>;

export const settingsOf = (options: ClusterOptions): ClusterSettings => ({
  nodes: 3,
  token: 1000,
  tokenCoefficient: 0,
  crypto: false,
  totem: {},
  linkMtu: 1500,
  daemons: true,
  configuration: '',
  ...options,
});

/** In the namespace of each node, so that it can be the same everywhere. */
export const SSPD_PORT = 4810;

export const daemonName = (node: number): string => `dmn${node}`;

/** `sched_rr: no`, or several Corosyncs on few cores starve everything else [corosync 1]. */
export function corosyncConf(settings: ClusterSettings, nodes: readonly number[], folder: string): string {
  const { token, tokenCoefficient, crypto } = settings;
  const ciphers = crypto ? ['aes256', 'sha256'] : ['none', 'none'];
  const further = Object.entries(settings.totem).map(([name, value]) => `  ${name}: ${value}\n`);
  const list = nodes.map(
    (node) => `  node {
    nodeid: ${node}
    name: n${node}
    ring0_addr: ${ringAddress(node)}
  }`,
  );
  return `totem {
  version: 2
  cluster_name: rig
  transport: knet
  token: ${token}
  token_coefficient: ${tokenCoefficient}
  crypto_cipher: ${ciphers[0]}
  crypto_hash: ${ciphers[1]}
  keyfile: ${folder}/authkey
${further.join('')}}
system {
  sched_rr: no
}
logging {
  to_stderr: no
  to_syslog: no
  to_logfile: yes
  logfile: ${folder}/corosync.log
  timestamp: hires
}
nodelist {
${list.join('\n')}
}
`;
}

/** @param addresses where clients reach the daemons, in the order of the nodes */
export function spreadConf(settings: ClusterSettings, addresses: readonly string[], folder: string): string {
  const daemons = addresses.map((address, i) => `  ${daemonName(i + 1)} ${address}`);
  return `Spread_Segment 10.255.255.255:${SSPD_PORT} {
${daemons.join('\n')}
}
Engine = corosync
UnixSocketDir = ${folder}
${settings.configuration}
`;
}
