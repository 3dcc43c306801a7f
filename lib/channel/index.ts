/** What `import ... from 'ssp-toolkit/channel'` gives: named channels in the manner of MESSIP. */
export type { WaitLimits } from './check.js';
export type { Channels } from './channels.js';
export type { ClientChannel } from './client-channel.js';
export type { CallOptions, ClientState, PingOptions, PostOptions, Reply } from './options.js';
export * from './errors.js';
export type * from './event.js';
export type { Dropped } from './context.js';
export type { ChannelInfo, Registry, RegistrySnapshot } from './registry-info.js';
export { openChannels } from './open.js';
export type { ChannelOptions, ChannelsOptions, CreateOptions, OpenOptions } from './options.js';
export type { GoneReason } from './errors.js';
export type { ServerRequest } from './request.js';
export type { ServerChannel } from './server-channel.js';
export type { CloseOptions, ReceiveOptions } from './options.js';
