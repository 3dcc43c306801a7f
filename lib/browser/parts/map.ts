/** `map` as a part of its own. */
// See `compact.ts`.
export { connect } from '../index.js';
export { map } from '../../recipes/map.js';
