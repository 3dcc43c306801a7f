/** What `import ... from 'ssp-toolkit'` gives: the modern face. The SSP calls are in 'ssp-toolkit/ssp'. */
export * from './errors.js';
export { connect } from './group/connect.js';
export type { Connection, ConnectionEvents } from './group/connection.js';
export {
  type ChangeView,
  type ConnectionEvent,
  DataEvent,
  type GroupEvent,
  type SelfLeaveEvent,
  type NetworkView,
  type RejectEvent,
  type TransitionEvent,
  type ViewEvent,
} from './group/event.js';
export type { Group, GroupEvents } from './group/group.js';
export type { ConnectOptions, JoinOptions } from './group/options.js';
export type { Body, SendOptions } from './group/send.js';
export { type Service, SERVICES } from './group/service.js';
export { QUEUE_BYTES, QUEUE_EVENTS } from './group/stream.js';
export type { TlsOptions } from './mailbox/dial.js';
export type { Cause } from './mailbox/view.js';
export { equalGroupIds, type GroupId, groupIdText } from './wire/group-id.js';
