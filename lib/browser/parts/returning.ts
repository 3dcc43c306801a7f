/** Connections that come back as a part of their own, with compact views. */
export { connectToFirst } from '../connect-to-first.js';
// See `compact.ts`.
export { connect } from '../index.js';
