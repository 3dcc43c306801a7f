/** Presence with a schema as a part of its own. */
// See `compact.ts`.
export { connect } from '../index.js';
export { SchemaValues } from '../../recipes/schemas.js';
