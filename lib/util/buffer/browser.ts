/** `#buffer` without Node. */
export { Bytes as Buffer } from './bytes.js';
