/** View synchrony as a part of its own. */
export { SynchronousGroups } from '../../client/view-synchrony.js';
// See `compact.ts`.
export { connect } from '../index.js';
