/** The program of a recorded client, run with our plain Spread calls. */
import { Buffer } from 'node:buffer';
import { expect } from 'chai';
import {
  type Authenticator,
  ipAuthenticator,
  nullAuthenticator,
  passwordAuthenticator,
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
} from '../../lib/ssp/index.js';
import { type Call, type CallResult, elidedBytes } from '../support/recordings.js';

const FILL = 0x55;

export class RecordedProgram {
  private mbox = -1;
  private password: Authenticator | null = null;
  private methods: Authenticator[] = [nullAuthenticator];

  constructor(
    private readonly address: string,
    private readonly unixDir: string,
  ) {}

  /** Makes the call and compares its result with the recorded one. */
  async run({ call, result }: Call): Promise<void> {
    const [verb = ''] = call.split(' ', 1);
    const rest = call.slice(verb.length + 1);
    if (verb === 'auth' || verb === 'auth2') return this.authenticate(rest.split(' '));
    if (!result) throw new Error(`${call}: no result recorded`);
    if (verb === 'connect') return this.connect(rest, result);
    if (verb === 'receive') return this.receive(rest, result);
    expect(await this.simple(verb, rest), call).to.equal(result.ret);
  }

  /** Frees the mailbox that a program of the recording kept. */
  end(): void {
    SP_kill(this.mbox);
  }

  private simple(verb: string, rest: string): Promise<number> | number {
    const { mbox } = this;
    const words = rest.split(' ');
    switch (verb) {
      case 'join':
        return SP_join(mbox, rest);
      case 'leave':
        return SP_leave(mbox, rest);
      case 'poll':
        return SP_poll(mbox);
      case 'disconnect':
        return SP_disconnect(mbox);
      case 'kill':
        return SP_kill(mbox);
      case 'multicast': {
        const { service, type, groups, data } = message(rest);
        return SP_multicast(mbox, service, groups, type, data);
      }
      case 'multigroup_multicast': {
        const { service, type, groups, data } = message(rest);
        return SP_multigroup_multicast(mbox, service, groups === '' ? [] : groups.split(','), type, data);
      }
      case 'mgn': {
        const [service = '', type = '', count = '', data = ''] = words;
        const groups = Array.from({ length: Number(count) }, (_, i) => `g${i}`);
        return SP_multigroup_multicast(mbox, parseInt(service, 16), groups, Number(type), Buffer.from(data));
      }
      case 'scat': {
        const [service = '', type = '', group = '', ...pieces] = words;
        const elements = pieces.map((piece) => ({ len: piece.length, buf: Buffer.from(piece) }));
        const scatter = { num_elements: elements.length, elements };
        return SP_scat_multicast(mbox, parseInt(service, 16), group, Number(type), scatter);
      }
      default:
        throw new Error(`unknown call ${verb}`);
    }
  }

  private authenticate(words: readonly string[]): void {
    const [user, password] = words[0] === 'PWORD' ? words.slice(1) : [];
    if (user !== undefined) this.password = passwordAuthenticator(user, password ?? '');
    const methods = user === undefined ? words : ['PWORD'];
    this.methods = methods.map((method) => {
      if (method === 'PWORD' && this.password) return this.password;
      return method === 'IP' ? ipAuthenticator : nullAuthenticator;
    });
  }

  private async connect(rest: string, result: CallResult): Promise<void> {
    const [, name = '', priority, membership] =
      /^name=(.*) priority=(\d) group_membership=(\d)( \(unix socket\))?$/.exec(rest) ?? [];
    const options = { auth: this.methods, unixDir: this.unixDir };
    // The recorder's mark for a client that gave no name.
    const got = await SP_connect(
      this.address,
      name === '-' ? null : name,
      Number(priority),
      membership === '1',
      options,
    );
    expect(got.ret, `connect ${name}`).to.equal(result.ret);
    expect(got.private_group).to.equal(result.private_group);
    this.mbox = got.mbox;
  }

  private async receive(rest: string, result: CallResult): Promise<void> {
    const [, flags, maxGroups, maxLength] =
      /^flags=(\w+) max_groups=(\d+) max_mess_len=(\d+)$/.exec(rest) ?? [];
    const mess = Buffer.alloc(Number(maxLength), FILL);
    const got = await SP_receive(this.mbox, {
      service_type: Number(flags),
      max_groups: Number(maxGroups),
      max_mess_len: mess.length,
      mess,
    });
    // An output that was not touched keeps what the recorder had put there: the flags, or an empty name.
    expect(
      {
        ret: got.ret,
        service: got.service_type ?? Number(flags),
        mess_type: got.mess_type ?? 'unchanged',
        endian_mismatch: got.endian_mismatch ?? 'unchanged',
        num_groups: got.num_groups ?? 'unchanged',
        sender: got.sender ?? '',
        groups: got.groups ?? [],
      },
      rest,
    ).to.deep.equal({
      ret: result.ret,
      service: Number(result.service),
      mess_type: result.mess_type,
      endian_mismatch: result.endian_mismatch,
      num_groups: result.num_groups,
      sender: result.sender,
      groups: result.groups,
    });
    const { body_hex: body = '' } = result;
    expect(mess.toString('hex', 0, body.length / 2)).to.equal(body);
    if (result.memb_info) checkMembership(mess.subarray(0, got.ret), got.service_type ?? 0, result);
  }
}

function checkMembership(mess: Buffer, service: number, { memb_info: expected, vs }: CallResult): void {
  const { ret, memb_info: info } = SP_get_memb_info(mess, service);
  expect({ ret, ...info, gid: info?.gid.map((word) => word >>> 0) }).to.deep.equal(expected);
  if (!vs) return;
  const got = SP_get_vs_sets_info(mess, expected?.num_vs_sets ?? 0);
  expect(got.ret).to.equal(vs.ret);
  expect(got.my_vs_set_index).to.equal(vs.my_index);
  const sets = (got.vs_sets ?? []).map((set) => SP_get_vs_set_members(mess, set, set.num_members).members);
  expect(sets).to.deep.equal(vs.sets);
}

/** `data='text'`, or `data=(n pattern bytes)`. */
function message(rest: string): { service: number; type: number; groups: string; data: Buffer } {
  const [, service, type, groups = '', data = ''] =
    /^service=(\w+) mess_type=(-?\d+) groups?=(.*) data=(.*)$/s.exec(rest) ?? [];
  const pattern = /^\((\d+) pattern bytes\)$/.exec(data);
  return {
    service: Number(service),
    type: Number(type),
    groups,
    data: pattern ? elidedBytes(Number(pattern[1])) : Buffer.from(data.slice(1, -1), 'latin1'),
  };
}
