/** `#buffer` in Node. */
export { Buffer } from 'node:buffer';
