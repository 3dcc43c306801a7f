/** A daemon with mailboxes of the SSP calls whose groups are secure, and connections of the client API beside them. */
import { Buffer } from 'node:buffer';
import { expect } from 'chai';
import type { Daemon, DaemonOptions } from '../../daemon/index.js';
import { connect } from '../../lib/client/connect.js';
import type { Connection } from '../../lib/client/connection.js';
import type { SecureGroup } from '../../lib/client/secure-group.js';
import type { SecureReport } from '../../lib/mailbox/diagnostics.js';
import * as face from '../../lib/ssp/index.js';
import { secureOf } from '../secure/identities.js';
import { Published } from '../support/diagnostics.js';
import { within } from '../support/fake-daemon.js';
import { startDaemon } from '../support/local-daemon.js';
import { RawSession } from '../support/raw-client.js';
import { until } from '../support/wait.js';
import { roomy } from './receiving.js';

export const AGREED = face.AGREED_MESS;
export const ENCRYPTED = face.AGREED_MESS | face.ENCRYPT_MESS;
export const text = (body: string): Buffer => Buffer.from(body);

/** Everybody who may be in a group. */
export const EVERYBODY = ['a', 'b', 'c'] as const;

/** A message with its body as text. */
export type Got = face.SspReceiveResult & { readonly text: string };

/** One mailbox. */
export interface Box {
  readonly mbox: number;
  readonly id: string;
}

export class SecureWorld implements AsyncDisposable {
  private readonly boxes: number[] = [];
  private readonly connections: Connection[] = [];
  private readonly raw: RawSession[] = [];
  private readonly told = new Published<SecureReport>('ssp-toolkit:secure');

  private constructor(readonly daemon: Daemon) {}

  static async start(options: DaemonOptions = {}): Promise<SecureWorld> {
    return new SecureWorld(await startDaemon({ name: 'd1', ...options }));
  }

  get address(): string {
    return `${this.daemon.port}@127.0.0.1`;
  }

  /** What the members have reported. */
  get reports(): readonly SecureReport[] {
    return this.told.messages;
  }

  /** A secure mailbox that accepts everybody by key. */
  async open(name: string, more: Partial<face.SecureMailboxOptions> = {}): Promise<Box> {
    const secure = { ...secureOf(name, ...EVERYBODY), ...more } as face.SecureMailboxOptions;
    const { ret, mbox, private_group: id } = await face.SSP_connect(this.address, name, { secure });
    expect(ret).to.equal(face.ACCEPT_SESSION);
    this.boxes.push(mbox);
    return { mbox, id };
  }

  /** A mailbox that is a member of `g`, alone or with those before it, who have received the view. */
  async join(
    name: string,
    before: readonly Box[] = [],
    more?: Partial<face.SecureMailboxOptions>,
  ): Promise<Box> {
    const box = await this.open(name, more);
    expect(await face.SSP_join(box.mbox, 'g')).to.equal(0);
    for (const each of [...before, box])
      expect((await receive(each)).membership?.names).to.deep.equal([box.id]);
    return box;
  }

  async connect(name: string): Promise<Connection> {
    const connection = await connect({ address: this.address, name });
    this.connections.push(connection);
    return connection;
  }

  /** A member of `g` by the client API. */
  async member(name: string): Promise<SecureGroup> {
    const connection = await this.connect(name);
    return await within(connection.join('g', { secure: secureOf(name, ...EVERYBODY) }), 'the join');
  }

  /** A client made of bytes. */
  async connectRaw(name: string): Promise<RawSession> {
    const session = await RawSession.connect(this.daemon.port, name);
    this.raw.push(session);
    return session;
  }

  /** Waits for a report of the member. */
  async reported(id: string, event: SecureReport['event'], reason?: string): Promise<SecureReport> {
    const isIt = (report: SecureReport): boolean =>
      report.id === id &&
      report.event === event &&
      (reason === undefined || ('reason' in report && report.reason === reason));
    await until(() => this.reports.some(isIt), `${event} ${reason ?? ''} of ${id}`);
    return this.reports.find(isIt) as SecureReport;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.told[Symbol.dispose]();
    for (const session of this.raw) session.close();
    await Promise.all(this.boxes.map((mbox) => face.SSP_disconnect(mbox)));
    await Promise.all(this.connections.map((connection) => connection.close()));
    await this.daemon.stop();
  }
}

/** The next message. */
export async function receive({ mbox }: Box): Promise<Got> {
  const options = roomy();
  const got = await within(face.SSP_receive(mbox, options), 'a message');
  return { ...got, text: Buffer.from(options.mess).toString('utf8', 0, Math.max(0, got.ret)) };
}

/** Sends text to `g`. */
export const send = ({ mbox }: Box, body: string, service = ENCRYPTED, type = 7): Promise<number> =>
  face.SSP_multicast(mbox, service, 'g', type, text(body));

/** Which answers to expect of a member without a key: of a send, a flush, and for the key. */
export const answersOf = async (box: Box): Promise<readonly number[]> => [
  await send(box, 'x'),
  await face.SSP_flush(box.mbox, 'g'),
  face.SSP_get_key(box.mbox, 'g').ret,
];
