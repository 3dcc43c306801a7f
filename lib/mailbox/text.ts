/** Results in words, and the version calls. */
import { codeName, codeText } from '../wire/codes.js';
import { PROTOCOL_VERSION, TOOLKIT_VERSION, type Version } from '../wire/handshake/version.js';

/** One sentence that says what a result means. */
export const SSP_strerror: (code: number) => string = codeText;
export const SP_strerror: (code: number) => string = codeText;

/** Prints one line about a result on standard output. @returns the line */
export const SSP_error = (code: number): string => print('SSP_error', code);
export const SP_error = (code: number): string => print('SP_error', code);

function print(call: string, code: number): string {
  const line = `${call}: (${code}) ${codeName(code)}: ${codeText(code)}`;
  process.stdout.write(`${line}\n`);
  return line;
}

export interface VersionResult extends Version {
  /** Always 1. */
  ret: number;
}

/** The version of this toolkit. */
export const SSP_version = (): VersionResult => ({ ret: 1, ...TOOLKIT_VERSION });

/** The version of Spread whose protocol is spoken; programs ask for it to find out what they can expect. */
export const SP_version = (): VersionResult => ({ ret: 1, ...PROTOCOL_VERSION });
