/** Several daemons with connections that use channels, in one process: what the specs do to them. */
import type { Channels } from '../../lib/channel/channels.js';
import type { ChannelsSettings } from '../../lib/channel/options.js';

export interface ChannelHost {
  /** Whether nothing moves by itself. */
  isManual: boolean;
  /** A connection `#name#daemon` with its channels. */
  channels(daemon: string, name: string, options?: Partial<ChannelsSettings>): Promise<Channels>;
  /** The connection ends without a goodbye. */
  kill(id: string): void;
  /** A daemon ends, and its connections with it. */
  killDaemon(daemon: string): void;
  /** The network is in these parts from here on. */
  reconfigure(parts: readonly (readonly string[])[]): void;
  /** A little of what is under way happens. @returns whether anything may have */
  step(): boolean;
  /** Everything that is under way happens, also what follows from it. */
  settle(): Promise<void>;
}
