import { SspError, keepNames } from '../errors.js';

/** What the bytes of a peer can be wrong in. The only error that this folder throws at bad input. */
export type FaultReason =
  | 'marker'
  | 'kind'
  | 'forbidden-bits'
  | 'sender'
  | 'groups-count'
  | 'hint'
  | 'data-length'
  | 'size'
  | 'group-field'
  | 'membership-body'
  | 'extension';

/** Bytes that break the protocol. The stream behind them has no meaning any more. */
export class FrameFault extends SspError {
  constructor(
    /** Which check failed: [session 4.6] names them. */
    readonly reason: FaultReason,
    detail: string,
  ) {
    super('ERR_SSP_ILLEGAL_FRAME', `illegal frame: ${detail}`);
  }
}

keepNames({ FrameFault });
