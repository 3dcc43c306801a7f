/**
 * A request to a Corosync that is frozen waits as long as it is, in a thread that the process cannot end without
 * (engine-corosync.md 2.1, 2.3). What ends the request is the end of its socket.
 */
import { Buffer } from 'node:buffer';
import { readdirSync } from 'node:fs';
import type { CpgLibrary } from './library.js';

const SHUT_RDWR = 2;
/** `sockaddr_un`: a family of two bytes, and a path. */
const ADDRESS_BYTES = 110;
const PATH_START = 2;
/** The name of the service as libqb has it: in the abstract name space, or as a file. */
const SERVICE = /^(?:\0|\/.*\/)cpg\0/;

/** Ends the connection from this side: whoever waits for an answer gets an error. */
export const hangUp = (library: CpgLibrary, descriptor: number): void => {
  library.shutdown(descriptor, SHUT_RDWR);
};

/**
 * The descriptors by which this process is connected to Corosync's group service. While a connection is being made
 * the library tells nobody which one it is.
 */
export const connections = (library: CpgLibrary): number[] =>
  readdirSync('/proc/self/fd')
    .map(Number)
    .filter((descriptor) => {
      const address = Buffer.alloc(ADDRESS_BYTES);
      if (library.getpeername(descriptor, address, [ADDRESS_BYTES]) !== 0) return false;
      return SERVICE.test(address.toString('latin1', PATH_START));
    });
