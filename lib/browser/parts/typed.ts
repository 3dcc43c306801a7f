/** Groups with a schema as a part of their own. */
export { Payload, typedGroup } from '../../client/typed/part.js';
// See `compact.ts`.
export { connect } from '../index.js';
