/** `groupRpc` as a part of its own. */
// See `compact.ts`.
export { connect } from '../index.js';
export { groupRpc } from '../../recipes/call.js';
