/** What the compiler knows. The checks are the types; the run shows that the examples of the docs work. */
import { expect } from 'chai';
import {
  type Body,
  type Cause,
  connect,
  type Connection,
  type ConnectionEvent,
  type ConnectionEvents,
  type ConnectOptions,
  type DataEvent,
  type Group,
  type GroupEvent,
  type GroupId,
  type SelfLeaveEvent,
  type RejectEvent,
  type SendOptions,
  type Service,
  SERVICES,
  type TransitionEvent,
  type ViewEvent,
} from '../../lib/index.js';
import type { Same } from '../support/same-type.js';
import { within, ClientWorld } from './support.js';

type Of<K extends ConnectionEvent['kind']> = Extract<ConnectionEvent, { kind: K }>;

/** Compiles when every kind was handled. */
const never = (event: never): never => {
  throw new Error(`unknown event ${String(event)}`);
};

function describeEvent(event: ConnectionEvent): string {
  switch (event.kind) {
    case 'data':
      return `${event.sender}: ${event.text}`;
    case 'view':
      return event.cause === 'network'
        ? `${event.cameWithMe.length} of ${event.members.length}`
        : event.changed.toUpperCase();
    case 'transition':
    case 'self-leave':
      return `${event.group} ${event.id[0]}`;
    case 'flush-request':
      return event.group;
    case 'stalled':
      return event.waitingFor.join();
    case 'excluded':
    case 'disagreement':
      return event.sealer;
    case 'rekeyed':
      return String(event.epoch);
    case 'tampering':
      return event.reason;
    case 'gap':
      return event.reason;
    case 'reject':
      return event.refused;
    default:
      return never(event);
  }
}

describe('the types', () => {
  it('tell events apart by their kind', () => {
    const same: readonly [
      Same<GroupEvent['kind'] | 'reject', ConnectionEvent['kind']>,
      Same<
        GroupEvent['kind'],
        | 'data'
        | 'view'
        | 'transition'
        | 'self-leave'
        | 'flush-request'
        | 'stalled'
        | 'excluded'
        | 'disagreement'
        | 'rekeyed'
        | 'tampering'
        | 'gap'
      >,
      Same<Of<'data'>, DataEvent>,
      Same<Of<'view'>, ViewEvent>,
      Same<Of<'transition'>, TransitionEvent>,
      Same<Of<'self-leave'>, SelfLeaveEvent>,
      Same<Of<'reject'>, RejectEvent>,
    ] = [true, true, true, true, true, true, true];
    expect(same).to.not.include(false);
  });

  it('know that a change has a name, and a network view none', () => {
    const same: readonly [
      Same<ViewEvent['cause'], Cause>,
      Same<Extract<ViewEvent, { cause: 'join' | 'leave' | 'disconnect' }>['changed'], string>,
      Same<Extract<ViewEvent, { cause: 'network' }>['changed'], null>,
      Same<ViewEvent['members'], readonly string[]>,
      Same<ViewEvent['id'], GroupId>,
    ] = [true, true, true, true, true];
    expect(same).to.not.include(false);
  });

  it('know what listeners get', () => {
    const seen: true[] = [];
    const attach = (connection: Connection, group: Group): void => {
      group.on('view', (event) => seen.push(true satisfies Same<typeof event, ViewEvent>));
      group.once('data', (event) => seen.push(true satisfies Same<typeof event, DataEvent>));
      group.addListener('event', (event) => seen.push(true satisfies Same<typeof event, GroupEvent>));
      connection.on('message', (event) => seen.push(true satisfies Same<typeof event, DataEvent>));
      connection.on('close', (error) => seen.push(true satisfies Same<typeof error, Error | undefined>));
      // @ts-expect-error there is no such event
      group.on('veiw', () => undefined);
      // @ts-expect-error a view has no text
      group.on('view', (event: DataEvent) => event.text);
    };
    expect(attach).to.be.a('function');
    const same: readonly [
      Same<
        keyof ConnectionEvents,
        'event' | 'message' | 'reject' | 'close' | 'reconnecting' | 'moved' | 'resumed'
      >,
    ] = [true];
    expect(same).to.not.include(false);
  });

  it('refuse what would be refused', () => {
    const same: readonly [
      Same<Body, string | Uint8Array>,
      Same<Service, 'unreliable' | 'reliable' | 'fifo' | 'causal' | 'agreed' | 'safe'>,
    ] = [true, true];
    expect(same).to.not.include(false);
    // @ts-expect-error there is no such service
    const service: SendOptions = { service: 'best-effort' };
    // @ts-expect-error a type is a number
    const type: SendOptions = { type: '1' };
    // @ts-expect-error there is no such option
    const options: ConnectOptions = { adress: '4803@localhost' };
    const undefinedIsLeftOut: ConnectOptions = { name: undefined, signal: undefined };
    expect([service, type, options, undefinedIsLeftOut]).to.have.length(4);
    expect(SERVICES).to.have.length(6);
  });

  it('fit the program of the first ten minutes', async () => {
    await using world = await ClientWorld.start();
    const lines: string[] = [];
    const program = async (): Promise<void> => {
      await using connection = await connect({ address: world.address, name: 'worker1' });
      await using group = await connection.join('workers');
      await group.send('text or bytes');
      for await (const event of group) {
        if (event.kind === 'view') lines.push(event.myIndex === 0 ? 'I lead' : `${event.members[0]} leads`);
        lines.push(describeEvent(event));
        if (event.kind === 'data') break;
      }
    };
    await within(program(), 'the program');
    expect(lines).to.deep.equal(['I lead', '#WORKER1#D1', '#worker1#d1: text or bytes']);
  });
});
