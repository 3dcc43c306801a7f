/** The program of a recorded client of the flush library, run with our flush calls. */
import { Buffer } from 'node:buffer';
import { expect } from 'chai';
import * as fl from '../../lib/flush/index.js';
import { WOULD_BLOCK } from '../../lib/wire/codes.js';
import { DONT_BLOCK, DROP_RECV, FIFO_MESS } from '../../lib/wire/service.js';
import type { Call, CallResult } from '../support/recordings.js';
import { until } from '../support/wait.js';

const FILL = 0x55;
/** Room of calls for which the recording names none. */
const ROOMY = { groups: 100, bytes: 1024 };

/** Types that the program of the oldest recording gave to its sends. */
const oldSends: Readonly<Record<string, number>> = { FL_mcast: 5, FL_ucast: 6, FL_sub: 7 };

export class RecordedFlushProgram {
  private mbox = -1;
  /** A message that came earlier than in the recording. */
  private early: { readonly got: fl.FlReceiveResult; readonly mess: Buffer } | null = null;

  /** @param settled resolves when the daemon has sent all that the client had when it made a call */
  constructor(
    private readonly address: string,
    private readonly settled: () => Promise<void>,
  ) {}

  /** Makes the call and compares its result with the recorded one. */
  async run({ call, result }: Call): Promise<void> {
    if (!result) throw new Error(`${call}: no result recorded`);
    // The recorder went on; the next receive is the same call, when it returned.
    if ((result as unknown) === 'still waiting' || call === '(process killed)') return;
    // The form of a message depends on what its sender knew.
    if (/cast/.test(call) && (result.ret ?? 0) >= 0) await this.settled();
    const [verb = ''] = call.split(' ', 1);
    const rest = call.slice(verb.length + 1);
    if (verb === 'FL_connect') await this.connect(rest.slice('name='.length), result);
    else if (verb === 'FL_receive') await this.receive(call, rest, result);
    else if (verb === 'FL_version') expect(fl.FL_version()).to.deep.equal(versionOf(result));
    else if (verb.startsWith('FL_get_gid')) expect(offsets()).to.deep.equal(result.ret);
    else expect(await this.simple(verb, rest), call).to.equal(result.ret);
  }

  /** Frees the mailbox that a program of the recording kept. */
  async end(): Promise<void> {
    await fl.FL_disconnect(this.mbox);
  }

  private async connect(name: string, result: CallResult): Promise<void> {
    const got = await fl.FL_connect(this.address, name, 0);
    expect({ ret: got.ret, private_group: got.private_group }).to.deep.equal(result);
    this.mbox = got.mbox;
  }

  private simple(verb: string, rest: string): Promise<number> | number {
    const { mbox } = this;
    const words = rest.split(' ');
    switch (verb) {
      case 'FL_lib_init':
        return fl.FL_lib_init();
      case 'FL_join':
        return fl.FL_join(mbox, rest);
      case 'FL_leave':
        return fl.FL_leave(mbox, rest);
      case 'FL_flush':
        return fl.FL_flush(mbox, rest);
      case 'FL_poll':
        return fl.FL_poll(mbox);
      case 'FL_more_msgs':
        return fl.FL_more_msgs(mbox);
      case 'FL_disconnect':
        return fl.FL_disconnect(mbox);
      case 'FL_scat_multicast': {
        const count = Number(rest.slice('elements='.length));
        const elements = Array.from({ length: count }, () => ({ len: 1, buf: Buffer.from('e') }));
        return fl.FL_scat_multicast(mbox, FIFO_MESS, 'fg', 0, { num_elements: count, elements });
      }
      case 'FL_mcast':
        return fl.FL_multicast(
          mbox,
          FIFO_MESS,
          words[0] ?? '',
          oldSends[verb] ?? 0,
          Buffer.from(words[1] ?? ''),
        );
      case 'FL_ucast':
      case 'FL_sub': {
        const [group = '', receiver = '', text = ''] = words;
        return fl.FL_unicast(mbox, FIFO_MESS, group, receiver, oldSends[verb] ?? 0, Buffer.from(text));
      }
      default:
        return this.send(
          verb,
          Object.fromEntries(words.map((word) => word.split('=', 2) as [string, string])),
        );
    }
  }

  private send(verb: string, given: Readonly<Record<string, string>>): Promise<number> {
    const { mbox } = this;
    const { group = '', receivers = '', receiver = '', body = '' } = given;
    const service = Number(given.service);
    const type = Number(given.type);
    // `@` stands before a number of bytes, which was 0 where it was recorded.
    const mess = Buffer.from(body === '@0' ? '' : body);
    switch (verb) {
      case 'FL_multicast':
        return fl.FL_multicast(mbox, service, group, type, mess);
      case 'FL_subgroupcast': {
        // An array cannot have the count -1; what is no array is refused like it.
        const names = receivers === '(count' ? (null as unknown as string[]) : receivers.split(',');
        return fl.FL_subgroupcast(mbox, service, group, names, type, mess);
      }
      case 'FL_unicast':
        return fl.FL_unicast(mbox, service, group, receiver, type, mess);
      default:
        throw new Error(`unknown call ${verb}`);
    }
  }

  private async next(
    call: string,
    flags: number,
    groups: number,
    bytes: number,
    result: CallResult,
  ): Promise<{ got: fl.FlReceiveResult; mess: Buffer }> {
    const mess = Buffer.alloc(bytes, FILL);
    const options = { service_type: flags, max_groups: groups, max_mess_len: mess.length, mess };
    const got = await fl.FL_receive(this.mbox, options);
    if (got.ret !== WOULD_BLOCK || result.ret === WOULD_BLOCK) return { got, mess };
    // The bytes may be still on their way; the recorder waited for them.
    await until(() => fl.FL_more_msgs(this.mbox) > 0, call);
    return { got: await fl.FL_receive(this.mbox, options), mess };
  }

  private async receive(call: string, rest: string, result: CallResult): Promise<void> {
    const [, groups = ROOMY.groups, bytes = ROOMY.bytes] =
      /max_groups=(-?\d+) max_mess_len=(\d+)/.exec(rest) ?? [];
    const flags =
      (rest.includes('DONT_BLOCK') ? DONT_BLOCK : 0) | (rest.includes('DROP_RECV') ? DROP_RECV : 0);
    const { got, mess } = this.early ?? (await this.next(call, flags, Number(groups), Number(bytes), result));
    this.early = null;
    // Whether a message was there already is a matter of time.
    if (result.ret === WOULD_BLOCK && got.ret >= 0) {
      this.early = { got, mess };
      return;
    }
    expect(seen(got, result), call).to.deep.equal(wanted(result));
    const { body_hex: body = '', more } = result;
    expect(mess.toString('hex', 0, body.length / 2), call).to.equal(body);
    // What has come is handled at once here, and only in receive calls there.
    if (typeof more === 'number') expect(got.more_messes, call).to.be.at.least(more);
  }
}

const outputs = ['ret', 'service', 'sender', 'num_groups', 'groups', 'mess_type', 'endian_mismatch'] as const;

/** The recorded outputs that a message has set. */
function wanted(result: CallResult): object {
  const isSet = result.num_groups !== 'unchanged';
  const names = isSet ? outputs.filter((name) => name in result) : (['ret'] as const);
  const all = { ...result, service: Number(result.service), groups: stored(result.groups) };
  return Object.fromEntries(names.map((name) => [name, all[name]]));
}

/** The recorder shows places of the array that were not written to. */
const stored = (groups: CallResult['groups'] = []): string[] =>
  (typeof groups === 'string' ? [] : groups).filter((name) => name !== '');

/** The same of our answer. */
function seen(got: fl.FlReceiveResult, result: CallResult): object {
  const { service_type: service, ...others } = got;
  const all: Readonly<Record<string, unknown>> = { ...others, service };
  return Object.fromEntries(Object.keys(wanted(result)).map((name) => [name, all[name]]));
}

const versionOf = ({ ret }: CallResult): object => {
  const [major, minor, patch] = ret as unknown as number[];
  return { ret: 1, major, minor, patch };
};

const offsets = (): number[] => [
  fl.FL_get_gid_offset_memb_mess(),
  fl.FL_get_num_vs_offset_memb_mess(),
  fl.FL_get_vs_set_offset_memb_mess(),
];
