/** What servers, clients and watchers receive [channels 18]. */
import type { GoneReason } from './errors.js';
import type { ServerRequest } from './request.js';

/** What `startTimer` gives and `stopTimer` takes. */
export type TimerId = number;

/** A post of a client. */
export interface PostEvent {
  /** Tells it from the other events. */
  readonly kind: 'message';
  /** The number that the client gave, signed 32-bit. */
  readonly type: number;
  /** Up to `maxBody` bytes. */
  readonly body: Uint8Array;
  /** Id of the client. */
  readonly from: string;
}

/** A timer of `startTimer` has fired. */
export interface TimerEvent {
  /** Tells it from the other events. */
  readonly kind: 'timer';
  /** The number that `startTimer` was given. */
  readonly type: number;
  /** The timer. */
  readonly id: TimerId;
  /** Which shot of it, from 1. */
  readonly shot: number;
}

/** A client has attached, also after it was unreachable; or has closed its handle. */
export interface ClientChangeEvent {
  /** Tells it from the other events. */
  readonly kind: 'client-joined' | 'client-left';
  /** Id of its connection. */
  readonly client: string;
}

/**
 * A client lost its connection and is here again under another id, without having missed anything. Its requests and posts that
 * wait are from the new id, and replies go there. After `client-unreachable` it can be reached again.
 */
export interface ClientReturnedEvent {
  /** Tells it from the other events. */
  readonly kind: 'client-returned';
  /** Id of its connection now. */
  readonly client: string;
  /** Id of its connection before. */
  readonly before: string;
}

/** A client has ended, or is in another part of the network. Nothing of it follows unless it joins again. */
export interface ClientLossEvent {
  /** Tells it from the other events. */
  readonly kind: 'client-gone' | 'client-unreachable';
  /** Id of its connection. */
  readonly client: string;
  /** Why. */
  readonly reason: GoneReason;
  /** Its requests that were not answered and need no answer any more. */
  readonly cancelled: number;
}

/** Posts had to make room for newer ones. */
export interface OverflowEvent {
  /** Tells it from the other events. */
  readonly kind: 'overflow';
  /** How many posts were dropped. */
  readonly dropped: number;
}

/** The name belongs to somebody else now. It is the last event of the channel. */
export interface ChannelLostEvent {
  /** Tells it from the other events. */
  readonly kind: 'channel-lost';
  /** Why; see `GoneReason`. */
  readonly reason: 'conflict' | 'taken-over';
}

/** Nothing came within the time. */
export interface TimeoutEvent {
  /** Tells it from the other events. */
  readonly kind: 'timeout';
}

/** What a server channel receives; `kind` tells which one it is. */
export type ServerEvent =
  | ServerRequest
  | PostEvent
  | TimerEvent
  | ClientChangeEvent
  | ClientReturnedEvent
  | ClientLossEvent
  | OverflowEvent
  | ChannelLostEvent
  | TimeoutEvent;

/** What a client hears of the server of its channel. */
export type ClientEvent =
  | {
      /** The server has ended or closed the channel: the last event. */
      readonly kind: 'server-gone';
      /** Why. */
      readonly reason: GoneReason;
      /** Posts of this handle that the server had accepted and, as far as is known, not taken. */
      readonly lost: number;
    }
  | {
      /** The server is in another part of the network, or is back from there. */
      readonly kind: 'server-unreachable' | 'server-back';
    };

/** What a watch hears of a connection. */
export type WatchEvent =
  | {
      /** The connection has ended, or uses channels no more: the last event. */
      readonly kind: 'gone';
      /** Id of the connection. */
      readonly id: string;
      /** Why. `unknown`: there was no such member of the registry when the watch began. */
      readonly reason: GoneReason | 'unknown';
    }
  | {
      /** The connection is in another part of the network, or is back from there. */
      readonly kind: 'unreachable' | 'back';
      /** Id of the connection. */
      readonly id: string;
    }
  | {
      /** The connection was lost and is here again under another id, which the next events have. */
      readonly kind: 'returned';
      /** Id of the connection now. */
      readonly id: string;
      /** Id of the connection before. */
      readonly before: string;
    };
