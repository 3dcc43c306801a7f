/** What servers, clients and watchers are told [channels 18]. */
import type { GoneReason } from './errors.js';
import type { ServerRequest } from './request.js';

/** What `startTimer` gives and `stopTimer` takes. */
export type TimerId = number;

export interface PostEvent {
  readonly kind: 'message';
  readonly type: number;
  readonly body: Uint8Array;
  /** Id of the client. */
  readonly from: string;
}

export interface TimerEvent {
  readonly kind: 'timer';
  readonly type: number;
  readonly id: TimerId;
  /** Which shot of it, from 1. */
  readonly shot: number;
}

/** A client has attached, also after it was unreachable; or has closed its handle. */
export interface ClientChangeEvent {
  readonly kind: 'client-joined' | 'client-left';
  readonly client: string;
}

/** A client has ended, or is in another part of the network. Nothing of it follows unless it joins again. */
export interface ClientLossEvent {
  readonly kind: 'client-gone' | 'client-unreachable';
  readonly client: string;
  readonly reason: GoneReason;
  /** Its requests that were not answered and need no answer any more. */
  readonly cancelled: number;
}

/** Posts had to make room for newer ones. */
export interface OverflowEvent {
  readonly kind: 'overflow';
  readonly dropped: number;
}

/** The name belongs to somebody else now. It is the last event of the channel. */
export interface ChannelLostEvent {
  readonly kind: 'channel-lost';
  readonly reason: 'conflict' | 'taken-over';
}

/** Nothing came within the time. */
export interface TimeoutEvent {
  readonly kind: 'timeout';
}

export type ServerEvent =
  | ServerRequest
  | PostEvent
  | TimerEvent
  | ClientChangeEvent
  | ClientLossEvent
  | OverflowEvent
  | ChannelLostEvent
  | TimeoutEvent;

export type ClientEvent =
  | {
      readonly kind: 'server-gone';
      readonly reason: GoneReason;
      /** Posts of this handle that the server had accepted and, as far as is known, not taken. */
      readonly lost: number;
    }
  | { readonly kind: 'server-unreachable' | 'server-back' };

export type WatchEvent =
  /** The last one. `unknown`: there was no such member of the registry when the watch began. */
  | { readonly kind: 'gone'; readonly name: string; readonly reason: GoneReason | 'unknown' }
  | { readonly kind: 'unreachable' | 'back'; readonly name: string };
