/** What the first join with a schema needs, in one piece. */
export { typedGroup } from './group.js';
export { Payload } from './payload.js';
