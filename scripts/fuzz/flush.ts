/**
 * What the flush layer reads from the network: messages of its types and subgroup casts, whole and damaged, of members and
 * others, in every state. Nothing of them may throw, and what comes of them is worked out here a second time.
 */
import { Buffer } from 'node:buffer';
import * as fc from 'fast-check';
import { FLUSH_OK, FLUSH_RECV, VULNERABLE } from '../../lib/flush/core/control.js';
import { FlushLayer } from '../../lib/flush/core/layer.js';
import type { DropReason, FlushEvent, PlainData } from '../../lib/flush/core/port.js';
import { FIFO_MESS, RELIABLE_MESS, SAFE_MESS, SUBGROUP_CAST } from '../../lib/wire/service.js';
import { damaged } from '../../spec/wire/arbitraries.js';

const ME = '#me#d1';
const ANNA = '#anna#d1';
const BERT = '#bert#d2';
const STRANGER = '#x#d1';
const MEMBERS = [ANNA, ME];
const MORE = [ANNA, ME, BERT];

const states = ['no group', 'joining', 'verify', 'steady', 'authorize', 'agree', 'leaving'] as const;
type State = (typeof states)[number];

/** The first view is 1, the change that waits is 2. */
const numbers = [1, 2, 3, 0x7fffffff, -1];

class Receiver {
  readonly events: FlushEvent[] = [];
  readonly drops: DropReason[] = [];
  readonly layer = new FlushLayer<void>(
    ME,
    {
      deliver: (event) => void this.events.push(event),
      transmit: () => undefined,
      settled: () => undefined,
      drop: (reason) => void this.drops.push(reason),
    },
    { isExclusive: true },
  );

  constructor(state: State) {
    const { layer } = this;
    const view = (n: number, members: readonly string[], changed: string): void =>
      void layer.plainView({ group: 'g', id: [1, 2, n], cause: 'join', members, changed, vsSet: [] });
    const control = (type: number, n: number, sender: string): void =>
      void layer.data({
        sender,
        service: FIFO_MESS,
        groups: ['g'],
        type,
        senderLittle: true,
        body: idBytes(n, true),
      });
    const at = states.indexOf(state);
    if (at >= 1) {
      layer.join('g');
      view(1, MEMBERS, ME);
    }
    if (at >= 2) for (const sender of MEMBERS) control(FLUSH_OK, 1, sender);
    if (at >= 3) for (const sender of MEMBERS) control(FLUSH_RECV, 1, sender);
    if (at >= 4) view(2, MORE, BERT);
    if (at >= 5) layer.machine('g')?.flush();
    if (at >= 6) layer.machine('g')?.leave();
    // The last FLUSH_OK that counts is that of Anna.
    if (at >= 5) for (const sender of [ME, BERT]) control(FLUSH_OK, 2, sender);
    this.events.length = 0;
  }

  get tale(): string {
    const machine = this.layer.machine('g');
    return [machine?.member, machine?.state, machine?.waitingFor, machine?.viewId].join(' ');
  }
}

function idBytes(n: number, isLittle: boolean): Buffer {
  const bytes = new DataView(new ArrayBuffer(12));
  for (const [i, word] of [1, 2, n].entries()) bytes.setInt32(4 * i, word, isLittle);
  return Buffer.from(bytes.buffer);
}

function typeBytes(type: number, isLittle: boolean): Buffer {
  const bytes = new DataView(new ArrayBuffer(2));
  bytes.setInt16(0, type, isLittle);
  return Buffer.from(bytes.buffer);
}

const groupField = (name: string): Buffer =>
  Buffer.concat([Buffer.from(name), Buffer.alloc(32)]).subarray(0, 32);

const scene = {
  state: fc.constantFrom(...states),
  sender: fc.constantFrom(ANNA, ANNA, ME, BERT, STRANGER),
  service: fc.constantFrom(FIFO_MESS, RELIABLE_MESS, SAFE_MESS),
  senderLittle: fc.boolean(),
  number: fc.constantFrom(...numbers),
  text: fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes)),
  userType: fc.integer({ min: -32_768, max: 32_767 }),
};

function check(isRight: boolean, what: string, ...seen: unknown[]): void {
  if (!isRight) throw new Error(`${what}: ${JSON.stringify(seen)}`);
}

/** Sound or damaged. */
const bodyOf = (sound: fc.Arbitrary<Buffer>): fc.Arbitrary<Buffer> =>
  fc.oneof({ weight: 2, arbitrary: sound }, { weight: 1, arbitrary: damaged(sound) });

/** FLUSH_OK or FLUSH_RECV: the application sees at most what the last FLUSH_OK brings, and of strangers nothing comes. */
const controls = (type: number): fc.IProperty<[unknown]> =>
  fc.property(
    fc
      .record({ ...scene, groups: fc.constantFrom(['g'], ['g'], ['h'], [ME], ['g', 'h'], []) })
      .chain((each) =>
        bodyOf(fc.constant(idBytes(each.number, each.senderLittle))).map((body) => ({ each, body })),
      ),
    ({ each: { state, sender, service, senderLittle, groups }, body }) => {
      const receiver = new Receiver(state);
      const before = receiver.tale;
      receiver.layer.data({ sender, service, groups, type, senderLittle, body });
      const { events, drops, tale } = receiver;
      check(
        events.every(({ kind }) => kind === 'view'),
        'a control message is seen',
        events,
      );
      check(
        sender !== STRANGER || (events.length === 0 && tale === before),
        'a stranger counts',
        before,
        tale,
      );
      const isForGroup = groups.length === 1 && groups[0] === 'g';
      check(isForGroup || tale === before, 'one for another place counts', groups, tale);
      check(body.length >= 12 || (tale === before && drops.length === 1), 'a short one counts', tale, drops);
      const id = body.length >= 12 ? body.subarray(body.length - 12) : body;
      const isLast = type === FLUSH_OK && sender === ANNA && state === 'agree' && isForGroup;
      const isInstalled = isLast && id.equals(idBytes(2, senderLittle));
      // The own FLUSH_OK of one that joins, and Anna's, are missing.
      check(events.length === (isInstalled ? 1 : 0), 'a view comes at another place', state, sender, events);
    },
  ) as fc.IProperty<[unknown]>;

/** VULNERABLE, to the group or to some: only of members, of the right view, and without what was appended. */
const data = (isToSome: boolean): fc.IProperty<[unknown]> =>
  fc.property(
    fc
      .record({
        ...scene,
        isVulnerable: isToSome ? fc.boolean() : fc.constant(true),
        reference: fc.constantFrom('g', 'g', 'g', 'h', ''),
      })
      .chain((each) => {
        const { text, userType, number, senderLittle, reference, isVulnerable } = each;
        const tail = isVulnerable ? [typeBytes(userType, senderLittle), idBytes(number, senderLittle)] : [];
        const whole = Buffer.concat([text, ...tail, ...(isToSome ? [groupField(reference)] : [])]);
        return bodyOf(fc.constant(whole)).map((body) => ({ each, body }));
      }),
    ({ each: { state, sender, service, senderLittle, isVulnerable, userType }, body }) => {
      const receiver = new Receiver(state);
      const before = receiver.tale;
      const type = isVulnerable ? VULNERABLE : Math.max(userType, -32_765);
      const message: PlainData = {
        sender,
        service: isToSome ? service | SUBGROUP_CAST : service,
        groups: isToSome ? [ME, ANNA] : ['g'],
        type,
        senderLittle,
        body,
      };
      receiver.layer.data(message);
      check(receiver.tale === before, 'data changes the state', before, receiver.tale);
      const expected = expectedOf(message, state, isToSome, isVulnerable);
      const got = receiver.events.map((event) =>
        event.kind === 'data' ? [event.type, event.body.toString('hex'), event.groups.join()] : event.kind,
      );
      check(JSON.stringify(got) === JSON.stringify(expected), 'another thing is delivered', got, expected);
    },
  ) as fc.IProperty<[unknown]>;

/** What is to be handed out at once. */
function expectedOf(
  { sender, body, senderLittle, type }: PlainData,
  state: State,
  isToSome: boolean,
  isVulnerable: boolean,
): unknown[] {
  let end = body.length;
  if (isToSome) {
    end -= 32;
    const field = body.subarray(Math.max(end, 0));
    const nul = field.indexOf(0);
    if (end < 0 || nul < 1 || field.toString('latin1', 0, nul) !== 'g') return [];
  }
  let user = type;
  if (isVulnerable) {
    end -= 14;
    if (end < 0 || !body.subarray(end + 2, end + 14).equals(idBytes(1, senderLittle))) return [];
    user = new DataView(body.buffer, body.byteOffset + end).getInt16(0, senderLittle);
  }
  const isThere = states.indexOf(state) >= 2 && MEMBERS.includes(sender);
  // Before its first view, one is alone, and has no view that a message could carry.
  const isAlone = state === 'joining' && sender === ME && !isVulnerable;
  if (!isThere && !isAlone) return [];
  return [[user, body.subarray(0, end).toString('hex'), isToSome ? `${ME},${ANNA},g` : 'g']];
}

/** The rows of the table. */
export const flushProperties = {
  FLUSH_OK: controls(FLUSH_OK),
  FLUSH_RECV: controls(FLUSH_RECV),
  VULNERABLE: data(false),
  'subgroup casts': data(true),
};
