/** The files for Compose and Kubernetes: that their parts fit each other, the images, and the configuration of the daemon. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { expect } from 'chai';
import { type Configuration, loadConfiguration } from '../../daemon/config/index.js';
import { repositoryRoot } from '../support/recordings.js';
import { TemporaryDirectory } from '../support/temporary.js';
import { hosts } from './consumer.js';

/** Time that the daemon takes beside its drain to stop. */
const STOP_MS = 3_000;
const PORT = 4803;

const { parse, parseAllDocuments } = createRequire(join(hosts, 'package.json'))('yaml') as {
  parse: (text: string, options: object) => unknown;
  parseAllDocuments: (text: string) => { readonly errors: readonly Error[]; toJS(): unknown }[];
};
const folder = join(repositoryRoot, 'docs/operate/container');
const read = (file: string): string => readFileSync(join(folder, file), 'utf8');
const [, user = 'none'] = /^USER (\d+)$/m.exec(read('Containerfile')) ?? [];

/** Reads a configuration as its daemon does. */
async function configurationOf(text: string): Promise<Configuration> {
  await using place = await TemporaryDirectory.make();
  const file = place.file('sspd.conf');
  writeFileSync(file, text);
  return await loadConfiguration({ file, name: undefined, hostName: undefined });
}

/** What holds for daemons of a cluster whatever starts them. */
function checkCluster(daemons: readonly Configuration[], names: readonly string[]): void {
  expect(daemons.map(({ name }) => name)).to.deep.equal(names);
  for (const daemon of daemons) {
    expect(daemon).to.deep.include({ port: PORT, engine: 'corosync', unixDir: null, warnings: [] });
    expect(daemon.monitor).to.deep.equal({ host: '127.0.0.1', port: 4804 });
    expect(read('sspd-probe.mjs')).to.include("'127.0.0.1:4804'");
    // Whatever address the container has.
    expect(daemon.listen).to.deep.equal([{ host: '0.0.0.0', port: PORT }]);
  }
}

interface Service {
  readonly image: string;
  readonly build: { readonly context: string; readonly dockerfile: string; readonly target: string };
  readonly hostname?: string;
  readonly environment?: Readonly<Record<string, string>>;
  readonly networks?: { readonly default: { readonly aliases: readonly string[] } };
  readonly ports?: readonly string[];
  readonly secrets?: readonly string[];
  readonly volumes: readonly string[];
  readonly ipc: string;
  readonly network_mode?: string;
  readonly command?: readonly string[];
  readonly depends_on?: Readonly<Record<string, { readonly restart: boolean }>>;
  readonly stop_grace_period?: string;
}

describe('hosts: compose.yaml', () => {
  const compose = parse(read('compose.yaml'), { merge: true }) as {
    readonly services: Readonly<Record<string, Service>>;
    readonly secrets: object;
    readonly volumes: object;
  };
  const names = ['alpha', 'beta', 'gamma'];
  const daemon = (name: string): Service => compose.services[name] as Service;
  const corosync = (name: string): Service => compose.services[`${name}-corosync`] as Service;

  it('has three daemons, each in network and shared memory of its Corosync, and ended before it', () => {
    const services = Object.keys(compose.services).toSorted();
    expect(services).to.deep.equal(names.flatMap((name) => [name, `${name}-corosync`]));
    for (const name of names) {
      const own = `${name}-corosync`;
      expect(daemon(name)).to.deep.include({
        network_mode: `service:${own}`,
        ipc: `service:${own}`,
        command: ['-c', `/etc/sspd/${name}.conf`],
        depends_on: { [own]: { condition: 'service_started', restart: true } },
      });
      expect(corosync(name).ipc).to.equal('shareable');
    }
  });

  it('lets each Corosync find the others by name, with one key and a volume of its own', () => {
    for (const name of names) {
      expect(corosync(name)).to.deep.include({ hostname: name, environment: { NODES: names.join(' ') } });
      expect(corosync(name).networks).to.deep.equal({ default: { aliases: [name] } });
      expect(corosync(name).secrets).to.deep.equal(Object.keys(compose.secrets));
      expect(corosync(name).volumes).to.deep.equal([`${name}:/var/lib/corosync`]);
    }
    expect(read('start-corosync.sh')).to.include('KEY:-/run/secrets/corosync-key');
    expect(Object.keys(compose.secrets)).to.deep.equal(['corosync-key']);
    expect(Object.keys(compose.volumes)).to.deep.equal(names);
  });

  it('publishes the port of each daemon on this host alone', () => {
    const ports = names.flatMap((name) => corosync(name).ports ?? []);
    for (const port of ports) expect(port).to.match(new RegExp(`^127\\.0\\.0\\.1:\\d+:${PORT}$`));
    expect(new Set(ports).size).to.equal(names.length);
  });

  it('builds the images from files that are there', () => {
    for (const { build } of Object.values(compose.services)) {
      const root = join(folder, build.context);
      expect(existsSync(join(root, 'package.json'))).to.equal(true);
      expect(readFileSync(join(root, build.dockerfile), 'utf8')).to.match(
        new RegExp(`^FROM \\S+ AS ${build.target}$`, 'm'),
      );
    }
  });

  it('has a configuration that its daemons take, with time for the drain', async () => {
    for (const name of names) expect(daemon(name).volumes).to.deep.equal(['./compose:/etc/sspd:ro']);
    const daemons = await Promise.all(names.map((name) => configurationOf(read(`compose/${name}.conf`))));
    checkCluster(daemons, names);
    for (const [i, name] of names.entries()) {
      const seconds = Number(/^(\d+)s$/.exec(daemon(name).stop_grace_period ?? '')?.[1]);
      expect(seconds * 1000).to.be.above((daemons[i] as Configuration).drainTimeMs + STOP_MS);
    }
  });
});

interface Container {
  readonly name: string;
  readonly image: string;
  readonly args?: readonly string[];
  readonly env: readonly { readonly name: string; readonly value?: string; readonly valueFrom?: object }[];
  readonly ports?: readonly { readonly name: string; readonly containerPort: number }[];
  readonly restartPolicy?: string;
  readonly securityContext?: Readonly<Record<string, unknown>>;
  readonly volumeMounts: readonly { readonly name: string; readonly mountPath: string }[];
  readonly [probe: `${string}Probe`]: { readonly exec: { readonly command: readonly string[] } };
}

interface Resource {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string };
  readonly data: Readonly<Record<string, string>>;
  readonly spec: Readonly<Record<string, unknown>>;
}

interface Pod {
  readonly terminationGracePeriodSeconds: number;
  readonly initContainers: readonly Container[];
  readonly containers: readonly Container[];
  readonly volumes: readonly {
    readonly name: string;
    readonly configMap?: { readonly name: string };
    readonly emptyDir?: { readonly medium?: string };
  }[];
}

describe('hosts: kubernetes.yaml', () => {
  const documents = parseAllDocuments(read('kubernetes.yaml'));
  const resources = documents.map((document) => document.toJS() as Resource);
  const find = (kind: string, name = 'sspd'): Resource =>
    resources.find((each) => each.kind === kind && each.metadata.name === name) as Resource;
  const set = find('StatefulSet').spec as {
    readonly replicas: number;
    readonly serviceName: string;
    readonly podManagementPolicy: string;
    readonly selector: { readonly matchLabels: object };
    readonly template: { readonly metadata: { readonly labels: object }; readonly spec: Pod };
  };
  const pod = set.template.spec;
  const [sspd] = pod.containers as readonly [Container];
  const [corosync] = pod.initContainers as readonly [Container];
  const names = Array.from({ length: set.replicas }, (_, i) => `sspd-${i}`);
  const mounted = ({ volumeMounts }: Container, path: string): string | undefined =>
    volumeMounts.find(({ mountPath }) => mountPath === path)?.name;

  it('is sound YAML with one of each resource', () => {
    expect(documents.flatMap(({ errors }) => errors)).to.deep.equal([]);
    expect(
      resources.map(({ apiVersion, kind, metadata }) => `${apiVersion} ${kind} ${metadata.name}`),
    ).to.deep.equal([
      'v1 ConfigMap sspd',
      'v1 Service sspd',
      'v1 Service sspd-clients',
      'policy/v1 PodDisruptionBudget sspd',
      'apps/v1 StatefulSet sspd',
    ]);
  });

  it('has services and a budget for the pods of the set', () => {
    const { labels } = set.template.metadata;
    expect(set.selector.matchLabels).to.deep.equal(labels);
    expect(find('PodDisruptionBudget').spec).to.deep.equal({
      maxUnavailable: 1,
      selector: { matchLabels: labels },
    });
    for (const name of ['sspd', 'sspd-clients'])
      expect(find('Service', name).spec).to.deep.include({
        selector: labels,
        ports: [{ name: 'clients', port: PORT }],
      });
    expect(sspd.ports).to.deep.equal([{ name: 'clients', containerPort: PORT }]);
    // Names of pods that are not ready yet, or Corosync never finds the others.
    expect(find('Service').spec).to.deep.include({ clusterIP: 'None', publishNotReadyAddresses: true });
    expect(set).to.deep.include({ serviceName: 'sspd', podManagementPolicy: 'Parallel' });
  });

  it('has a configuration that the daemon of each pod takes', async () => {
    const texts = Object.values(find('ConfigMap').data);
    expect(Object.keys(find('ConfigMap').data)).to.deep.equal(names.map((name) => `${name}.conf`));
    checkCluster(await Promise.all(texts.map(configurationOf)), names);
    for (const text of texts) expect(text).to.match(/^Announce += "4803@%h\.sspd"$/m);
    const volume = pod.volumes.find(({ name }) => name === mounted(sspd, '/etc/sspd'));
    expect(volume?.configMap).to.deep.equal({ name: 'sspd' });
    expect(sspd.args).to.deep.equal(['-c', '/etc/sspd/$(POD_NAME).conf']);
    expect(sspd.env).to.deep.equal([
      { name: 'POD_NAME', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } },
    ]);
  });

  it('gives a pod longer than the drain of its daemon', async () => {
    const texts = Object.values(find('ConfigMap').data);
    for (const { drainTimeMs } of await Promise.all(texts.map(configurationOf))) {
      expect(drainTimeMs).to.be.above(0);
      expect(pod.terminationGracePeriodSeconds * 1000).to.be.above(drainTimeMs + STOP_MS);
    }
  });

  it('starts Corosync before the daemon and ends it afterwards, in one shared memory', () => {
    expect(corosync.restartPolicy).to.equal('Always');
    const nodes = names.map((name) => `${name}.${set.serviceName}`).join(' ');
    expect(corosync.env).to.deep.equal([{ name: 'NODES', value: nodes }]);
    const memory = mounted(sspd, '/dev/shm');
    expect(mounted(corosync, '/dev/shm')).to.equal(memory);
    expect(pod.volumes.find(({ name }) => name === memory)?.emptyDir?.medium).to.equal('Memory');
    expect(mounted(corosync, '/run/secrets')).to.equal('key');
    expect(mounted(corosync, '/var/lib/corosync')).to.equal('state');
  });

  it('asks /healthz with each probe, and restarts no daemon that drains', () => {
    expect(read('sspd-probe.mjs')).to.match(/fetch\(`[^`]*\/healthz`/);
    const words = ['startupProbe', 'readinessProbe', 'livenessProbe'] as const;
    expect(words.map((word) => sspd[word]?.exec.command)).to.deep.equal([
      ['sspd-probe', 'live'],
      ['sspd-probe', 'ready'],
      ['sspd-probe', 'live'],
    ]);
  });

  it('runs the daemon as the user of the image, with no rights beside', () => {
    expect(sspd.securityContext).to.deep.equal({
      runAsNonRoot: true,
      runAsUser: Number(user),
      runAsGroup: Number(user),
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'] },
      seccompProfile: { type: 'RuntimeDefault' },
    });
  });

  it('mounts volumes that it has', () => {
    const mounts = [sspd, corosync].flatMap(({ volumeMounts }) => volumeMounts.map(({ name }) => name));
    expect([...new Set(mounts)].toSorted()).to.deep.equal(pod.volumes.map(({ name }) => name).toSorted());
  });
});
