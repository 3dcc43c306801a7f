/** What `import ... from 'ssp-toolkit'` gives: the modern face. The SSP calls are in 'ssp-toolkit/ssp'. */
export * from './errors.js';
export { connect, type ConnectOptions } from './group/connect.js';
export { CONNECTION_QUEUE_EVENTS, type Connection, type ConnectionEvents } from './group/connection.js';
export {
  type ConnectionEvent,
  DataEvent,
  type GroupEvent,
  type LeaveEvent,
  type RejectEvent,
  type TransitionEvent,
  type ViewEvent,
} from './group/event.js';
export { type Group, GROUP_QUEUE_EVENTS, type GroupEvents } from './group/group.js';
export type { Body, SendOptions } from './group/send.js';
export { type Service, SERVICES } from './group/service.js';
export type { Cause } from './mailbox/view.js';
export { equalGroupIds, type GroupId, groupIdText } from './wire/group-id.js';
