/** Names of the services, for plans and traces. */
import {
  AGREED_MESS,
  CAUSAL_MESS,
  FIFO_MESS,
  RELIABLE_MESS,
  SAFE_MESS,
  SELF_DISCARD,
  UNRELIABLE_MESS,
} from '../../lib/wire/service.js';

export const services: Readonly<Record<string, number>> = {
  unreliable: UNRELIABLE_MESS,
  reliable: RELIABLE_MESS,
  fifo: FIFO_MESS,
  causal: CAUSAL_MESS,
  agreed: AGREED_MESS,
  safe: SAFE_MESS,
};

export function serviceName(service: number): string {
  const [name] = Object.entries(services).find(([, bit]) => (service & bit) !== 0) ?? ['?'];
  return (service & SELF_DISCARD) === 0 ? name : `${name}-discarding`;
}
