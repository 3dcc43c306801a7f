/** A resumable session of a daemon under test. */
import { Buffer } from 'node:buffer';
import type { Core } from '../../daemon/core/core.js';
import type { LocalSession } from '../../daemon/core/group.js';
import { ResumeState } from '../../daemon/core/resume-state.js';
import { isExtensionFrame } from '../../lib/wire/extension/frame.js';
import { readAck } from '../../lib/wire/extension/resume.js';
import { encodeMessage, encodeRequest } from '../../lib/wire/request.js';
import { AGREED_MESS, JOIN_MESS, KILL_MESS, LEAVE_MESS } from '../../lib/wire/service.js';
import { tell } from '../support/describe-frame.js';
import { Inbox } from './core-world.js';

export class Resumable {
  readonly inbox = new Inbox();
  readonly session: LocalSession;
  /** Codes of END, and `returned`. */
  readonly events: string[] = [];

  /** @param attempt 0 for a new session */
  constructor(
    private readonly core: Core,
    name: string,
    readonly sid: bigint,
    attempt = 0,
    subject?: string,
  ) {
    const group = core.roster.reserve(name);
    if (typeof group === 'number') throw new Error(`${name} is refused: ${group}`);
    const resume = new ResumeState(sid, attempt, {
      expel: (code) => this.events.push(code),
      returned: () => this.events.push('returned'),
    });
    this.session = core.open(group, true, this.inbox, null, '', {
      resume,
      ...(subject !== undefined && { subject }),
    });
  }

  get name(): string {
    return this.session.privateGroup;
  }

  /** What came but acknowledgements, in words. */
  get told(): string[] {
    return this.inbox.calls.filter(({ bytes }) => !isExtensionFrame(bytes, 0)).length === 0
      ? []
      : this.inbox.frames.filter((_, i) => !this.isAck(i)).map(tell);
  }

  /** Numbers that were acknowledged. */
  get acks(): number[] {
    return this.inbox.calls.flatMap(({ bytes }) => (isExtensionFrame(bytes, 0) ? [readAck(bytes, 0)] : []));
  }

  /** The next request has this number. */
  from(number: number): this {
    this.session.resume?.continueWith(number);
    return this;
  }

  join(group: string): this {
    return this.submit(encodeRequest(JOIN_MESS, this.name, [group]));
  }

  leave(group: string): this {
    return this.submit(encodeRequest(LEAVE_MESS, this.name, [group]));
  }

  disconnect(): this {
    return this.submit(encodeRequest(KILL_MESS, this.name, [this.name]));
  }

  send(text: string, groups: readonly string[], service = AGREED_MESS): this {
    return this.submit(encodeMessage(service, this.name, groups, 0, [Buffer.from(text, 'latin1')]));
  }

  comeBack(oldName: string, ...groups: readonly string[]): this {
    this.core.comeBack(this.session, oldName, groups);
    return this;
  }

  submit(frame: Buffer): this {
    this.core.submit(this.session, frame, 0, frame.length);
    return this;
  }

  private isAck(frame: number): boolean {
    const bytes = this.inbox.frames[frame];
    return bytes !== undefined && (bytes.service & 0x00100000) !== 0;
  }
}
