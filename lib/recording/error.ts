/** What is wrong with the file of a recording. */
import { keepNames, SspError } from '../errors.js';

/** The file of a recording is damaged, of another version, or without what was asked of it; the message says which. */
export class RecordingError extends SspError {
  constructor(message: string, options?: ErrorOptions) {
    super('ERR_SSP_RECORDING', message, options);
  }
}

keepNames({ RecordingError });
