/** Commands come from other members: one that is invalid changes nothing, and is distinguished from one that fails. */
import { IllegalParamError } from '../../errors.js';

export class MalformedCommandError extends IllegalParamError {
  // To whoever submitted it, it is an argument that is wrong.
  override readonly name = 'IllegalParamError';
}
