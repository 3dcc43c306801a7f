/** One recorded connection played again: the daemon's bytes come from the recording, the calls are ours. */
import { Buffer } from 'node:buffer';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type Authenticator,
  ipAuthenticator,
  nullAuthenticator,
  passwordAuthenticator,
  type ReceiveResult,
  SP_connect,
  SP_disconnect,
  SP_get_memb_info,
  SP_get_vs_set_members,
  SP_get_vs_sets_info,
  SP_join,
  SP_kill,
  SP_leave,
  SP_multicast,
  SP_multigroup_multicast,
  SP_poll,
  SP_receive,
  SP_scat_multicast,
} from '../../lib/mailbox/ssp.js';
import { type CallResult, chunkBytes, elidedBytes, type Trace } from '../support/recordings.js';
import { until } from '../support/fake-daemon-mailbox.js';

/** What the recorder filled its buffers with. */
const FILL = 0x55;

/** The daemon's side: waits for as many bytes as the recorded client had sent, then sends the recorded answer. */
export class RecordedDaemon {
  received: Buffer = Buffer.alloc(0);
  private directory = '';

  private constructor(
    private readonly trace: Trace,
    private readonly server: Server,
  ) {}

  static async start(trace: Trace): Promise<RecordedDaemon> {
    const server = createServer({ noDelay: true });
    const daemon = new RecordedDaemon(trace, server);
    if (trace.transport === 'unix') daemon.directory = await mkdtemp(join(tmpdir(), 'replay-'));
    server.on('connection', (socket) => {
      socket.on('error', () => {});
      socket.on('data', (chunk: Buffer) => {
        daemon.received = Buffer.concat([daemon.received, chunk]);
      });
      void daemon.play(socket);
    });
    server.listen(daemon.directory === '' ? { port: 0, host: '127.0.0.1' } : { path: daemon.unixPath });
    await once(server, 'listening');
    return daemon;
  }

  /** What to connect to. */
  get spreadName(): string {
    const address = this.server.address();
    return typeof address === 'object' && address !== null ? `${address.port}@127.0.0.1` : '1';
  }

  get unixDir(): string | undefined {
    return this.directory === '' ? undefined : this.directory;
  }

  async stop(): Promise<void> {
    this.server.close();
    await once(this.server, 'close');
    if (this.directory !== '') await rm(this.directory, { recursive: true });
  }

  private get unixPath(): string {
    return join(this.directory, '1');
  }

  private async play(socket: import('node:net').Socket): Promise<void> {
    let expected = 0;
    for (const chunk of this.trace.chunks) {
      const bytes = chunkBytes(chunk);
      if (chunk.dir === 'd2c') socket.write(bytes);
      else {
        expected += bytes.length;
        await until(() => this.received.length >= expected, `${expected} bytes of the client`);
      }
    }
    if (this.trace.first_close_seen_from === 'daemon') socket.end();
  }
}

/** The client's side: each recorded call as ours, its result in the recording's words. */
export class RecordedClient {
  private mbox = -1;
  private readonly auth: Authenticator[] = [];

  constructor(private readonly daemon: RecordedDaemon) {}

  /** Closes what the recorded program left open. */
  end(): void {
    SP_kill(this.mbox);
  }

  /** Undefined for the `auth` calls, which give nothing. */
  async call(text: string): Promise<CallResult | undefined> {
    const [verb = '', ...words] = text.split(' ');
    switch (verb) {
      case 'auth':
        this.auth.push(authenticatorOf(words));
        return undefined;
      case 'auth2':
        this.auth.splice(0, this.auth.length, ...words.map((word) => this.known(word)));
        return undefined;
      case 'connect':
        return this.connect(text);
      case 'join':
        return { ret: await SP_join(this.mbox, text.slice(5)) };
      case 'leave':
        return { ret: await SP_leave(this.mbox, text.slice(6)) };
      case 'poll':
        return { ret: SP_poll(this.mbox) };
      case 'disconnect':
        return { ret: await SP_disconnect(this.mbox) };
      case 'kill':
        return { ret: SP_kill(this.mbox) };
      case 'receive':
        return this.receive(text);
      default:
        return { ret: await this.send(verb, text, words) };
    }
  }

  private known(method: string): Authenticator {
    if (method === 'NULL') return nullAuthenticator;
    return this.auth.find((each) => each.method === method) ?? ipAuthenticator;
  }

  private async connect(text: string): Promise<CallResult> {
    const name = value(text, 'name');
    const { ret, mbox, private_group } = await SP_connect(
      this.daemon.spreadName,
      name === '-' ? '' : name,
      Number(value(text, 'priority')),
      value(text, 'group_membership') === '1',
      { unixDir: this.daemon.unixDir, ...(this.auth.length > 0 && { auth: this.auth }) },
    );
    this.mbox = mbox;
    return { ret, private_group };
  }

  private async send(verb: string, text: string, words: readonly string[]): Promise<number> {
    if (verb === 'mgn') {
      const groups = Array.from({ length: Number(words[2]) }, (_, i) => `g${i}`);
      return SP_multigroup_multicast(this.mbox, 0x10, groups, Number(words[1]), Buffer.from(words[3] ?? ''));
    }
    if (verb === 'scat') {
      const elements = words.slice(3).map((word) => ({ len: word.length, buf: Buffer.from(word) }));
      const scat = { num_elements: elements.length, elements };
      return SP_scat_multicast(this.mbox, 0x10, words[2] ?? '', Number(words[1]), scat);
    }
    const service = Number(value(text, 'service'));
    const type = Number(value(text, 'mess_type'));
    const pattern = /data=\((\d+) pattern bytes\)/.exec(text)?.[1];
    const data = pattern ? elidedBytes(Number(pattern)) : Buffer.from(/data='(.*)'/.exec(text)?.[1] ?? '');
    if (verb === 'multicast') return SP_multicast(this.mbox, service, value(text, 'group'), type, data);
    if (verb !== 'multigroup_multicast') throw new Error(`no such call: ${text}`);
    const groups = value(text, 'groups')
      .split(',')
      .filter((group) => group !== '');
    return SP_multigroup_multicast(this.mbox, service, groups, type, data);
  }

  private async receive(text: string): Promise<CallResult> {
    const room = Number(value(text, 'max_mess_len'));
    const mess = Buffer.alloc(room, FILL);
    const result = await SP_receive(this.mbox, {
      service_type: Number(value(text, 'flags')),
      max_groups: Number(value(text, 'max_groups')),
      max_mess_len: room,
      mess,
    });
    return recorded(result, mess);
  }
}

const value = (text: string, name: string): string => new RegExp(` ${name}=(\\S*)`).exec(text)?.[1] ?? '';

const authenticatorOf = ([method, user = '', password = '']: readonly string[]): Authenticator =>
  method === 'PWORD' ? passwordAuthenticator(user, password) : ipAuthenticator;

/** A receive result as the recorder printed it. */
function recorded(result: ReceiveResult, mess: Buffer): CallResult {
  const { ret, service_type: service, sender } = result;
  if (service === undefined || sender === undefined) {
    const unchanged = 'unchanged' as const;
    return {
      ret,
      service: '0x00000000',
      mess_type: unchanged,
      endian_mismatch: unchanged,
      num_groups: unchanged,
      sender: '',
      groups: [],
    };
  }
  return {
    ret,
    service: `0x${service.toString(16).padStart(8, '0')}`,
    mess_type: result.mess_type ?? 'unchanged',
    endian_mismatch: result.endian_mismatch ?? 'unchanged',
    num_groups: result.num_groups ?? 'unchanged',
    sender,
    groups: result.groups ?? [],
    body_hex: mess.toString('hex'),
    ...membershipOf(ret, service, mess),
  };
}

/** What the recorder asked the library about the body of a membership message that was received whole. */
function membershipOf(ret: number, service: number, mess: Buffer): Pick<CallResult, 'memb_info' | 'vs'> {
  const { ret: infoRet, memb_info: info } = SP_get_memb_info(mess, service);
  if (ret <= 0 || info === undefined) return {};
  const [a, b, c] = info.gid;
  const memb_info = { ...info, ret: infoRet, gid: [a >>> 0, b >>> 0, c >>> 0] as const };
  const sets = SP_get_vs_sets_info(mess, 100);
  if ((service & 0x1000) === 0 || sets.vs_sets === undefined) return { memb_info };
  const names = sets.vs_sets.map((set) => SP_get_vs_set_members(mess, set, 1000).members ?? []);
  return { memb_info, vs: { ret: sets.ret, my_index: sets.my_vs_set_index ?? -1, sets: names } };
}
