/** A session of the group model with the flush layer in it: what its daemon sends waits until the session has its turn. */
import type { Buffer } from 'node:buffer';
import type { FlushLayer } from '../../../lib/flush/core/layer.js';
import type { PlainData } from '../../../lib/flush/core/port.js';
import { SELF_DISCARD } from '../../../lib/wire/service.js';
import type { GroupClient, GroupView } from '../../support/group-network/daemon.js';

export const GROUP = 'g';

export type Input =
  | { readonly kind: 'view'; readonly view: GroupView }
  | { readonly kind: 'transition' | 'left' }
  | { readonly kind: 'data'; readonly data: PlainData };

/** What a session needs of its world. */
export interface SessionHome {
  /** The frame that a body in the group model stands for. */
  frameOf(body: Buffer): PlainData;
  readonly tell: ((line: string) => void) | undefined;
}

export abstract class LayerSession implements GroupClient {
  isJoined = false;
  isAlive = true;
  protected inbox: Input[] = [];
  protected abstract readonly layer: FlushLayer<void>;

  constructor(
    readonly id: string,
    private readonly home: SessionHome,
  ) {}

  get isWaiting(): boolean {
    return this.inbox.length > 0;
  }

  /** Whether it has asked to join and has not left. */
  get isIn(): boolean {
    return this.isAlive && this.layer.has(GROUP);
  }

  // What the daemon sends.

  view(view: GroupView): void {
    this.take({ kind: 'view', view });
  }

  transition(): void {
    this.take({ kind: 'transition' });
  }

  message(_sender: string, body: Buffer): void {
    const data = this.home.frameOf(body);
    if (data.sender === this.id && (data.service & SELF_DISCARD) !== 0) return;
    this.data(data);
  }

  data(data: PlainData): void {
    this.take({ kind: 'data', data });
  }

  left(): void {
    this.take({ kind: 'left' });
  }

  protected take(input: Input): void {
    this.inbox.push(input);
  }

  // What becomes of it.

  /** Handles what came first. */
  handleOne(): void {
    const input = this.inbox.shift();
    if (input) this.handle(input);
  }

  protected handle(input: Input): void {
    const { layer } = this;
    switch (input.kind) {
      case 'view': {
        const { id, members, cause, changed, cameWithMe } = input.view;
        layer.plainView({ group: GROUP, id, members, cause, changed, vsSet: cameWithMe });
        break;
      }
      case 'transition':
        layer.plainTransition(GROUP);
        break;
      case 'left':
        layer.plainSelfLeave(GROUP);
        break;
      case 'data':
        layer.data(input.data);
    }
  }

  die(): void {
    this.isAlive = false;
    this.inbox = [];
  }
}
