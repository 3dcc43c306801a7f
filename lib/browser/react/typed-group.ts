/** Groups with a schema, as components see them. */
import { useCallback, useMemo } from 'react';
import type { Codec } from '../../client/typed/codec.js';
import type { InvalidEvent, MessageEvent } from '../../client/typed/events.js';
import { Payload } from '../../client/typed/payload.js';
import type { TypedSendOptions } from '../../client/typed/types.js';
import type { InputOf, OutputOf, StandardSchema } from '../../util/standard-schema.js';
import type { GroupState, MessageHandler } from './group-store.js';

/** The options of `useGroup` with a schema. */
export interface UseTypedGroupOptions<S extends StandardSchema> {
  /**
   * Reads what arrives for this component, and checks what it sends; others may have another one. It must answer at once: a message
   * for which it answers with a promise is invalid.
   */
  readonly schema: S;
  /** How values travel; default: JSON, in messages of the type 0. */
  readonly codec?: Codec<InputOf<S>> | undefined;
  /** Called with each message that has a value, or is of another type; the newest one that was rendered counts. */
  readonly onMessage?: ((message: MessageEvent<OutputOf<S>>) => void) | undefined;
  /** Called with each message whose value the schema does not accept. */
  readonly onInvalid?: ((event: InvalidEvent) => void) | undefined;
}

/** What `useGroup` gives with a schema. */
export interface TypedGroupState<Input> extends Omit<GroupState, 'send'> {
  /** Sends a value to the group. @throws InvalidValueError, and as `GroupState.send` */
  readonly send: (value: Input, options?: TypedSendOptions) => Promise<void>;
}

/** The options of `useGroup`, with a schema or without one. */
export interface AnyGroupOptions {
  readonly schema?: StandardSchema | undefined;
  readonly codec?: Codec<never> | undefined;
  readonly onMessage?: ((message: never) => void) | undefined;
  readonly onInvalid?: ((event: InvalidEvent) => void) | undefined;
}

/** Null without a schema. A codec is looked into, since a component may make it with each rendering. @throws IllegalParamError */
export function usePayload({ schema, codec }: AnyGroupOptions): Payload | null {
  const { type, encode, decode } = codec ?? {};
  return useMemo(
    () => (schema === undefined && codec === undefined ? null : Payload.of({ schema, codec })),
    [schema, codec === undefined, type, encode, decode],
  );
}

/** The state, with a `send` that takes values where there is a payload. */
export function useSentValues(payload: Payload | null, state: GroupState): GroupState {
  const { send } = state;
  const sendValue: GroupState['send'] = useCallback(
    async (value, options) => await send((payload as Payload).encode(value), payload?.sendOptions(options)),
    [payload, send],
  );
  return useMemo(
    () => (payload === null ? state : { ...state, send: sendValue }),
    [payload, state, sendValue],
  );
}

/** Calls those that a component has rendered last. */
export const handlerOf =
  (newest: () => AnyGroupOptions & { readonly payload: Payload | null }): MessageHandler =>
  (message) => {
    const { payload, onMessage, onInvalid } = newest();
    const read = payload?.parse(message, () => undefined) ?? message;
    if (read.kind === 'invalid') onInvalid?.(read);
    else onMessage?.(read as never);
  };
