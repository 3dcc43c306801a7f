/** The rules of [daemon 4.2] that the grammar cannot say. Each check throws at the word at fault. */
import { isDaemonName } from '../../lib/wire/name.js';
import { isMulticast, isUnspecified, type Family } from './address.js';
import { ConfigurationError, located, show, type Position } from './error.js';
import { MAX_DAEMONS, MAX_INTERFACES, MAX_SEGMENT_ADDRESSES, MAX_SEGMENTS } from './limits.js';
import type { ParsedDaemon } from './parsed.js';
import type { AddressNode, InterfaceNode, OptionNode, SegmentNode, SyntaxTree } from './syntax.js';

/** How many there may be of everything, and that there is something at all. */
export function checkCounts({ segments, end }: SyntaxTree, file: string): void {
  const atMost = (most: number, what: string, nodes: readonly { readonly position: Position }[]): void => {
    const extra = nodes[most];
    if (extra) throw new ConfigurationError(`more than ${most} ${what}`, file, extra.position);
  };
  const daemons = segments.flatMap((segment) => segment.daemons);
  if (segments.length === 0) throw new ConfigurationError('the file has no segment', file, end);
  atMost(MAX_SEGMENTS, 'segments', segments);
  for (const segment of segments) {
    atMost(MAX_SEGMENT_ADDRESSES, 'addresses in one segment', segment.addresses);
    if (segment.daemons.length === 0)
      throw new ConfigurationError('the segment has no daemon', file, segment.position);
  }
  atMost(MAX_DAEMONS, 'daemons', daemons);
  for (const { interfaces = [] } of daemons) {
    atMost(MAX_INTERFACES, 'interfaces of one daemon', interfaces.map(addressOf));
  }
}

/**
 * The family of the whole file: ActiveIPVersion before the first daemon, else the first daemon's. Where that one has
 * only a name, its segment's address tells, because no other family could stand beside it.
 */
export function familyOfFile({ options, segments }: SyntaxTree): Family {
  const [segment] = segments;
  const first = segment?.daemons[0];
  const stated = options.findLast(
    ({ name, position }) => name === 'ActiveIPVersion' && first && isBefore(position, first.position),
  );
  return readVersion(stated) ?? first?.address?.family ?? segment?.addresses[0]?.family ?? 4;
}

/** The family that one ActiveIPVersion states. `readOptions` has checked its value. */
function readVersion(option: OptionNode | undefined): Family | undefined {
  const value = option?.value;
  if (value === undefined || value === true || !('text' in value)) return undefined;
  return value.text === 'IPv6' ? 6 : 4;
}

const isBefore = (a: Position, b: Position): boolean =>
  a.line < b.line || (a.line === b.line && a.column < b.column);

/** Every address of a segment, in the order of the file. */
const addressesIn = ({ addresses, daemons }: SegmentNode): AddressNode[] =>
  addresses.concat(
    daemons.flatMap(({ address, interfaces = [] }) =>
      (address ? [address] : []).concat(interfaces.map(addressOf)),
    ),
  );

const addressOf = ({ address }: InterfaceNode): AddressNode => address;

/** All addresses of one file are of one family, and ActiveIPVersion is not another one. */
export function checkFamily({ options, segments }: SyntaxTree, family: Family, file: string): void {
  for (const address of segments.flatMap(addressesIn)) {
    if (address.family === family) continue;
    const problem = `${show(address.written)} is not an IPv${family} address: all addresses of a file are of one family`;
    throw new ConfigurationError(problem, file, address.position);
  }
  const stated = options.findLast(({ name }) => name === 'ActiveIPVersion');
  if (!stated || readVersion(stated) === family) return;
  throw new ConfigurationError(`the addresses of this file are IPv${family}`, file, stated.valuePosition);
}

/**
 * A segment's first address is one that reaches every daemon in it: broadcast or multicast. Which IPv4 addresses are
 * broadcast depends on the netmask, so only what can be neither is refused. A daemon alone in its segment needs none:
 * there any address passes, as in the sample file of Spread for IPv6.
 * @returns what is legal and hardly meant, or null
 */
export function checkSegmentAddress({ addresses, daemons }: SegmentNode, file: string): string | null {
  const first: AddressNode | undefined = addresses[0];
  if (!first) return null;
  const { written, position, family } = first;
  const mayReachAll = family === 6 ? isMulticast(first.address) : !isUnspecified(first.address);
  if (mayReachAll) return null;
  if (daemons.length === 1 && !isUnspecified(first.address)) {
    return `${located(file, position)}: ${show(written)} is not a multicast address: a segment of one daemon ignores it`;
  }
  const wanted = family === 6 ? 'a multicast address' : 'a broadcast or multicast address';
  throw new ConfigurationError(`${show(written)}: a segment needs ${wanted}`, file, position);
}

/** Names that clients can use, and one identity for each daemon. */
export function checkIdentities(daemons: readonly ParsedDaemon[], file: string): void {
  const names = new Map<string, ParsedDaemon>();
  const ids = new Map<number, ParsedDaemon>();
  for (const daemon of daemons) {
    const { name, id, position, idPosition } = daemon;
    if (!isDaemonName(name)) {
      const problem = name === '' ? 'it is empty' : 'only the characters from "$" to "~" can be in it';
      throw new ConfigurationError(
        `the daemon name ${show(name)} cannot be used: ${problem}`,
        file,
        position,
      );
    }
    const namesake = names.get(name);
    if (namesake) {
      const problem = `a daemon named ${show(name)} is already on line ${namesake.position.line}`;
      throw new ConfigurationError(problem, file, position);
    }
    const twin = ids.get(id);
    if (twin) {
      const problem = `the id ${id} is that of ${show(twin.name)} on line ${twin.position.line}: choose another VirtualID`;
      throw new ConfigurationError(problem, file, idPosition);
    }
    names.set(name, daemon);
    ids.set(id, daemon);
  }
}

/** Addresses that a daemon can have, one for each; those still to be looked up are passed over. */
export function checkAddresses(daemons: readonly ParsedDaemon[], file: string): void {
  const owners = new Map<string, ParsedDaemon>();
  for (const daemon of daemons) {
    const { address, addressPosition } = daemon;
    if (address === undefined) continue;
    const refuse = (problem: string): never => {
      throw new ConfigurationError(`${show(address)} ${problem}`, file, addressPosition);
    };
    if (isMulticast(address)) refuse('is a multicast address and cannot be a daemon');
    if (isUnspecified(address)) refuse('is the unspecified address and cannot be a daemon');
    const owner = owners.get(address);
    if (owner) refuse(`is already the address of ${show(owner.name)} on line ${owner.position.line}`);
    owners.set(address, daemon);
    checkInterfaces(daemon, file);
  }
}

/** With an interface block, one entry for daemon traffic is the daemon's address, or covers it. */
function checkInterfaces({ name, address, interfaces }: ParsedDaemon, file: string): void {
  const [first] = interfaces ?? [];
  const covers = interfaces?.some(
    (one) => one.uses.has('D') && (one.address === address || isUnspecified(one.address)),
  );
  if (!first || covers) return;
  const problem = `no interface of ${show(name)} carries daemon traffic (D) on its address ${address}`;
  throw new ConfigurationError(problem, file, first.position);
}
