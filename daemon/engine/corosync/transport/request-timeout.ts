/**
 * A request to a Corosync that is frozen waits as long as it is, in a thread that the process cannot end without
 * [corosync 2.1, 2.3]. What ends the request is the end of its socket.
 */
import { Buffer } from 'node:buffer';
import { readdirSync } from 'node:fs';
import type { CpgLibrary } from './library.js';

const SHUT_RDWR = 2;
/** `sockaddr_un`: a family of two bytes, and a path. */
const ADDRESS_BYTES = 110;
const PATH_START = 2;
/** The names of the services as libqb has them: in the abstract name space, or as a file. */
const SERVICES = { cpg: /^(?:\0|\/.*\/)cpg\0/, cmap: /^(?:\0|\/.*\/)cmap\0/ } as const;

/** Ends the connection from this side: whoever waits for an answer gets an error. */
export const shutdownSocket = (library: Pick<CpgLibrary, 'shutdown'>, descriptor: number): void => {
  library.shutdown(descriptor, SHUT_RDWR);
};

/**
 * The descriptors by which this process is connected to a service of Corosync. While a connection is being made the
 * library tells nobody which one it is.
 */
export const connections = (
  library: Pick<CpgLibrary, 'getpeername'>,
  service: keyof typeof SERVICES,
): number[] =>
  readdirSync('/proc/self/fd')
    .map(Number)
    .filter((descriptor) => {
      const address = Buffer.alloc(ADDRESS_BYTES);
      if (library.getpeername(descriptor, address, [ADDRESS_BYTES]) !== 0) return false;
      return SERVICES[service].test(address.toString('latin1', PATH_START));
    });
