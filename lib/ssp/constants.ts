/** The constants under their C names: [receive 1]. */
import { codeName, codeText } from '../wire/call-texts.js';
import { PROTOCOL_VERSION, type Version } from '../wire/handshake/connect-request.js';
import {
  DEFAULT_PORT,
  MAX_CLIENT_SCATTER_ELEMENTS,
  MAX_DAEMON_NAME,
  MAX_MESSAGE_BYTES,
  MAX_PRIVATE_NAME,
  MAX_SSP_SCATTER_ELEMENTS,
  NAME_BYTES,
} from '../wire/limits.js';
import { MEMBERSHIP_MESS, REGULAR_MESS, TRANSITION_MESS } from '../wire/service.js';
import { TOOLKIT_VERSION } from '../wire/version.js';

export { MAX_CLIENT_SCATTER_ELEMENTS, MAX_PRIVATE_NAME };

/** Bytes of a name with its ending zero, so 31 can be used. */
export const MAX_GROUP_NAME = NAME_BYTES;
/** Bytes of a daemon's name with its ending zero. */
export const MAX_PROC_NAME = MAX_DAEMON_NAME + 1;
/** The port of a daemon where none is given: 4803. */
export const DEFAULT_SPREAD_PORT = DEFAULT_PORT;
/** Longest message in bytes: 144000, of which the header and the names take a part. */
export const MAX_MESSAGE_BODY_LEN = MAX_MESSAGE_BYTES;
/** The limit of the SSP calls, 99. */
export const FL_MAX_SCATTER_ELEMENTS = MAX_SSP_SCATTER_ELEMENTS;

/** A priority. The session protocol knows 0 and 1, and neither has an effect [session 7.2]. */
export const LOW_PRIORITY = 0;
/** A priority; it has no effect. */
export const MEDIUM_PRIORITY = 1;
/** A priority; it has no effect. */
export const HIGH_PRIORITY = 2;

/** Name of REGULAR_MESS on the SSP_receive page [receive Q1]. */
export const REG_MESSAGE = REGULAR_MESS;
/** Name of MEMBERSHIP_MESS on the SSP_receive page [receive Q1]. */
export const MEMB_MESSAGE = MEMBERSHIP_MESS;
/** Name of TRANSITION_MESS on the SSP_receive page [receive Q1]. */
export const TRANS_MESS = TRANSITION_MESS;
/** Another name of TRANSITION_MESS on the SSP_receive page [receive Q1]. */
export const TRANS_MEMB_MESS = TRANSITION_MESS;

// Results in words, and the version calls.

/** One sentence that says what a result means. */
export const SSP_strerror: (code: number) => string = codeText;
/** As `SSP_strerror`. */
export const SP_strerror: (code: number) => string = codeText;

/** Prints one line about a result on standard output. @returns the line */
export const SSP_error = (code: number): string => print('SSP_error', code);
/** As `SSP_error`, under the name of the plain call. */
export const SP_error = (code: number): string => print('SP_error', code);

function print(call: string, code: number): string {
  const line = `${call}: (${code}) ${codeName(code)}: ${codeText(code)}`;
  process.stdout.write(`${line}\n`);
  return line;
}

/** What the version calls answer. */
export interface VersionResult extends Version {
  /** Always 1. */
  ret: number;
}

/** The version of this toolkit. */
export const SSP_version = (): VersionResult => ({ ret: 1, ...TOOLKIT_VERSION });

/** The version of Spread whose protocol is spoken; programs ask for it to find out what they can expect. */
export const SP_version = (): VersionResult => ({ ret: 1, ...PROTOCOL_VERSION });
