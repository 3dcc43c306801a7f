/** The six services by name. */
import { ILLEGAL_SERVICE } from '../wire/codes.js';
import {
  AGREED_MESS,
  CAUSAL_MESS,
  FIFO_MESS,
  REGULAR_MESS,
  RELIABLE_MESS,
  SAFE_MESS,
  UNRELIABLE_MESS,
} from '../wire/service.js';
import { didYouMean } from '../did-you-mean.js';
import { errorOf } from '../errors.js';

/**
 * What a sender asks for: `agreed` (one order at all receivers) for nearly everything; `safe` when a message may be
 * acted on only once every daemon has it.
 */
export type Service = 'unreliable' | 'reliable' | 'fifo' | 'causal' | 'agreed' | 'safe';

const bits: ReadonlyMap<Service, number> = new Map([
  ['unreliable', UNRELIABLE_MESS],
  ['reliable', RELIABLE_MESS],
  ['fifo', FIFO_MESS],
  ['causal', CAUSAL_MESS],
  ['agreed', AGREED_MESS],
  ['safe', SAFE_MESS],
]);

const names = new Map([...bits].map(([name, bit]) => [bit, name]));

/** All of them, the weakest promise first. */
export const SERVICES: readonly Service[] = [...bits.keys()];

/** @throws IllegalServiceError when it is none of the six */
export function serviceBit(service: Service): number {
  const bit = bits.get(service);
  if (bit === undefined) {
    const word = String(service);
    throw errorOf(ILLEGAL_SERVICE, `${JSON.stringify(word)}${didYouMean(word, SERVICES)}`);
  }
  return bit;
}

/** The service of a data message; `reliable` for a word that has none or several, which no daemon sends. */
export const serviceName = (word: number): Service => names.get(word & REGULAR_MESS) ?? 'reliable';
