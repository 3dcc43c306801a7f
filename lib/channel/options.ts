/** What creating, opening and the channels themselves take, checked once at the door. */
import { Buffer } from 'node:buffer';
import { z } from 'zod';
import { parsedOptions } from '../util/option-errors.js';
import { countOption, signalOption, timeOption } from '../util/option-schemas.js';
import { isGroupName } from '../wire/name.js';
import type { WaitLimits } from './check.js';
import { IllegalParamError } from '../errors.js';

import {
  DEFAULT_MAX_BODY,
  DEFAULT_MAX_BUFFERED,
  DEFAULT_MAX_BUFFERED_BYTES,
  DEFAULT_ORPHAN_TIMEOUT_MS,
  LARGEST_BODY,
  MAX_METADATA_BYTES,
  MAX_WORD,
  REGISTRY_GROUP,
} from './limits.js';
import { ORDERS, OVERFLOWS, type Order, type Overflow, type Settings } from './registry/entry.js';

/** What a channel is like; the same for all its clients. */
export interface ChannelOptions {
  /** Posts that wait at most; 0: the channel takes none. Default 100. */
  readonly maxBuffered?: number | undefined;
  /** Bytes of their bodies at most. Default 8 MiB. */
  readonly maxBufferedBytes?: number | undefined;
  /** What happens to a post without a place: it waits (default), it is refused, or the oldest one makes room for it. */
  readonly overflow?: Overflow | undefined;
  /** Longest body of a request, post or reply. Default 1 MiB. */
  readonly maxBody?: number | undefined;
  /** Service of the messages. Default `fifo`. */
  readonly order?: Order | undefined;
  /**
   * Tell the client of a request when the application takes it, so that the error of a call that fails says whether the
   * server had begun (`received`). Costs a message for each request. Default false.
   */
  readonly ackReceipt?: boolean | undefined;
  /** Up to 1 KiB for whoever looks the channel up. */
  readonly metadata?: Uint8Array | undefined;
}

/** The options of `Channels.createChannel`. */
export type CreateOptions = ChannelOptions & WaitLimits;

/** The options of `Channels.openChannel`. */
export interface OpenOptions extends WaitLimits {
  /** Milliseconds to wait for a channel that is not there yet. Default 0. */
  readonly waitMs?: number | undefined;
}

/** The options of `openChannels`; each has a default. */
export interface ChannelsOptions {
  /** Which part of a broken network may give away names: `primary-partition`, the default: one of them; `any-partition`: each. */
  readonly registry?: 'primary-partition' | 'any-partition' | undefined;
  /**
   * Names of all daemons, the same at every connection. With it more than half of them, each with a connection that
   * uses channels, are needed for the very first name; without it whoever comes first may begin.
   */
  readonly daemons?: readonly string[] | undefined;
  /** Milliseconds after which a name whose owner is unreachable may be created again; 0: never. Default 30 000. */
  readonly orphanTimeoutMs?: number | undefined;
  /** Group of the registry. Connections with different ones see different channels. */
  readonly group?: string | undefined;
  /** Gives up waiting for the registry. */
  readonly signal?: AbortSignal | undefined;
}

const settings = z.strictObject({
  maxBuffered: countOption.max(MAX_WORD).default(DEFAULT_MAX_BUFFERED),
  maxBufferedBytes: countOption.max(MAX_WORD).default(DEFAULT_MAX_BUFFERED_BYTES),
  overflow: z.enum(OVERFLOWS).default('block'),
  maxBody: countOption.max(LARGEST_BODY).default(DEFAULT_MAX_BODY),
  order: z.enum(ORDERS).default('fifo'),
  ackReceipt: z.boolean().default(false),
  metadata: z
    .instanceof(Uint8Array)
    .refine(({ length }) => length <= MAX_METADATA_BYTES, `more than ${MAX_METADATA_BYTES} bytes`)
    .default(() => new Uint8Array(0)),
});

const create = settings.extend({ timeoutMs: timeOption.optional(), signal: signalOption });
const open = z.strictObject({
  waitMs: timeOption.default(0),
  timeoutMs: timeOption.optional(),
  signal: signalOption,
});
const channels = z.strictObject({
  registry: z.enum(['primary-partition', 'any-partition']).default('primary-partition'),
  daemons: z.array(z.string()).default([]),
  orphanTimeoutMs: timeOption.default(DEFAULT_ORPHAN_TIMEOUT_MS),
  group: z.string().refine(isGroupName, 'must be a group name').default(REGISTRY_GROUP),
  signal: signalOption,
});

/** @throws IllegalParamError that says which option is wrong */
export function checkedCreateOptions(options: CreateOptions): { settings: Settings; patience: WaitLimits } {
  const { timeoutMs, signal: gaveUp, metadata, ...rest } = checked(create, options);
  return { settings: { ...rest, metadata: Buffer.from(metadata) }, patience: { timeoutMs, signal: gaveUp } };
}

/** @throws IllegalParamError that says which option is wrong */
export const checkedOpenOptions = (options: OpenOptions): z.infer<typeof open> => checked(open, options);

/** @throws IllegalParamError that says which option is wrong */
export const checkedChannelsOptions = (options: ChannelsOptions): z.infer<typeof channels> =>
  checked(channels, options);

const checked = <T>(schema: z.ZodType<T>, options: unknown): T =>
  parsedOptions(schema, options, (text) => new IllegalParamError(text));

/** What a client's calls take and give [channels 18]. */
export interface CallOptions extends WaitLimits {
  /** Longest reply body wanted; the server's library cuts the rest off. Default: all of it. */
  readonly maxReply?: number | undefined;
  /** What happens while the server is in another part of the network. Default `fail`. */
  readonly partition?: 'fail' | 'wait' | undefined;
}

/** The options of `ClientChannel.post`. */
export interface PostOptions extends WaitLimits {
  /** What happens while the server is in another part of the network. Default `fail`. */
  readonly partition?: 'fail' | 'wait' | undefined;
  /** Resolve only when the post is in the server's queue. Default false. */
  readonly confirm?: boolean | undefined;
}

/** The options of `ClientChannel.ping`. */
export interface PingOptions extends WaitLimits {
  /** Who answers: the library as soon as its process runs (default), or the application when it receives next. */
  readonly depth?: 'library' | 'application' | undefined;
}

/** The answer to a request. */
export interface Reply {
  /** The number that the server gave, signed 32-bit. */
  readonly status: number;
  /** The body, empty for none; at most `maxReply` bytes. */
  readonly body: Uint8Array;
  /** Bytes of the body that the server gave. */
  readonly fullLength: number;
  /** Whether `maxReply` cut it. */
  readonly truncated: boolean;
  /** Id of the server. */
  readonly from: string;
}

/** State of a client channel; see `ClientChannel.state`. */
export type ClientState = 'open' | 'unreachable' | 'gone' | 'closed';

/** What a server's calls take [channels 18]. */
export interface CloseOptions {
  /** Close although there are clients; they receive `server-gone`. Default false. */
  readonly force?: boolean | undefined;
}

/** The options of `ServerChannel.receive`. */
export type ReceiveOptions = WaitLimits;

/** What `Channels` was told, checked. */
export interface ChannelsSettings {
  readonly registry: NonNullable<ChannelsOptions['registry']>;
  readonly daemons: readonly string[];
  readonly orphanTimeoutMs: number;
}
