/**
 * Compact views as a part of their own.
 *
 * Each part exports `connect` again. Some bundlers make one file of what the same parts share: seven parts cost a page 6 kB more than
 * one. All that a page loads first belongs to each of them so, and is one file.
 */
export { CompactGroups } from '../../client/compact-groups.js';
export { COMPACT_OFFER } from '../../client/hello.js';
export { connect } from '../index.js';
