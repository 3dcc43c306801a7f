/** A whole `spread.conf`, read and checked, before anybody asked which of its daemons this one is. */
import { DEFAULT_PORT, MAX_DAEMON_NAME } from '../../lib/wire/limits.js';
import { daemonId } from './daemon-id.js';
import { ConfigurationError, located, show } from './error.js';
import { parseSyntax } from './grammar.js';
import { ineffective, readOptions } from './read-options.js';
import {
  checkAddresses,
  checkCounts,
  checkFamily,
  checkIdentities,
  checkSegmentAddress,
  familyOfFile,
} from './rules.js';
import type { ParsedConfiguration, ParsedDaemon, ParsedInterface, ParsedSegment } from './parsed.js';
import type { DaemonNode, InterfaceNode, InterfaceRole, SegmentNode } from './syntax.js';

/**
 * Reads the text of a `spread.conf` and checks it by all rules of [daemon 4.2, 4.4].
 * @throws ConfigurationError at the first thing that is wrong, and nothing else
 */
export function parseConfiguration(text: string, file: string): ParsedConfiguration {
  const tree = parseSyntax(text, file);
  const options = readOptions(tree.options, file);
  checkCounts(tree, file);
  const family = familyOfFile(tree);
  checkFamily(tree, family, file);
  const ignored = tree.segments.flatMap((segment) => checkSegmentAddress(segment, file) ?? []);

  const nodes = tree.segments.flatMap((segment) => segment.daemons);
  const daemons = tree.segments.flatMap((segment, index) =>
    segment.daemons.map((node) => daemonOf(node, index, file)),
  );
  checkIdentities(daemons, file);
  checkAddresses(daemons, file);
  return {
    file,
    family,
    segments: tree.segments.map(segmentOf),
    daemons,
    options,
    withoutEffect: ineffective(tree.options),
    warnings: [...ignored, ...nodes.filter(hasGluedSemicolon).map((node) => gluedWarning(node, file))],
  };
}

const segmentOf = ({ addresses, port }: SegmentNode): ParsedSegment => ({
  addresses: addresses.map(({ address }) => address),
  port: port || DEFAULT_PORT,
});

/** An address alone is its own name; a long name is cut without a word [daemon 4.2]. */
function daemonOf(node: DaemonNode, segment: number, file: string): ParsedDaemon {
  const { position, address, virtualId } = node;
  const host = node.name ?? address?.written ?? '';
  const name = host.slice(0, MAX_DAEMON_NAME);
  if (virtualId?.value === 0)
    throw new ConfigurationError('a VirtualID is greater than 0', file, virtualId.position);
  return {
    position,
    name,
    id: virtualId?.value ?? daemonId(name),
    idPosition: virtualId?.position ?? position,
    host,
    address: address?.address,
    addressPosition: address?.position ?? position,
    segment,
    interfaces: node.interfaces?.map(interfaceOf),
  };
}

const interfaceOf = ({ address, uses }: InterfaceNode): ParsedInterface => ({
  position: address.position,
  address: address.address,
  uses: new Set<InterfaceRole>(uses.length > 0 ? uses : ['D', 'C', 'M']),
});

const gluedWarning = ({ name = '', position }: DaemonNode, file: string): string =>
  `${located(file, position)}: ";" belongs to the name ${show(name)}, because no blank stands before it`;

const hasGluedSemicolon = ({ name, quoted }: DaemonNode): boolean =>
  !quoted && (name?.endsWith(';') ?? false);
