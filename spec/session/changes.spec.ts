/** Requests that cost more than their bytes: each makes a message with all members' names for each of them. */
import { Buffer } from 'node:buffer';
import { expect } from 'chai';
import { encodeMessage, encodeRequest } from '../../lib/wire/request.js';
import { AGREED_MESS, JOIN_MESS, LEAVE_MESS } from '../../lib/wire/service.js';
import { connectMembers, deserted, startDaemon } from '../support/local-daemon.js';
import { RawSession } from '../support/raw-client.js';
import { tell } from '../support/describe-frame.js';
import { until } from '../support/wait.js';

const LIMITS = { maxSessionBytes: 64 * 1024 };

const connectMany = (port: number, count: number, membership: boolean): Promise<RawSession[]> =>
  Promise.all(Array.from({ length: count }, (_, i) => RawSession.connect(port, `c${i}`, membership)));

describe('session: joins and leaves', () => {
  it('of one client, as many as it can send, cut off nobody who reads', async () => {
    const CHANGES = 300;
    await using daemon = await startDaemon({ limits: LIMITS });
    const names = Array.from({ length: 20 }, (_, i) => `m${i}`);
    const members = await connectMembers(daemon, 'g', ...names);
    const taken = members.map(({ frames }) => frames.length);
    const flooder = await RawSession.connect(daemon.port, 'flooder', false);
    const requests = Array.from({ length: CHANGES }, (_, i) =>
      encodeRequest(i % 2 === 0 ? JOIN_MESS : LEAVE_MESS, flooder.privateGroup, ['g']),
    );
    flooder.client.send(Buffer.concat(requests));
    await until(
      () =>
        members.every(({ frames, client }, i) => client.closed || frames.length >= CHANGES + (taken[i] ?? 0)),
      'all changes at all members',
      15_000,
    );
    expect(members.filter(({ client }) => client.closed)).to.deep.equal([]);
    expect(daemon.counters.ends).to.deep.equal({});
    for (const session of [...members, flooder]) session.close();
    await deserted(daemon);
  });

  it('of many clients in one turn drop no listening member', async () => {
    const CLIENTS = 120;
    await using daemon = await startDaemon({ limits: LIMITS });
    const [listener] = await connectMembers(daemon, 'g', 'listener');
    const clients = await connectMany(daemon.port, CLIENTS, false);
    for (const client of clients) client.join('g');
    await until(
      () => listener?.frames.length === CLIENTS + 1 || listener?.client.closed === true,
      'the joins',
    );
    expect(daemon.counters.ends).to.deep.equal({});
    // And all of them end at one time, as with their machine.
    for (const client of clients) client.close();
    await until(
      () => listener?.frames.length === 2 * CLIENTS + 1 || listener?.client.closed === true,
      'the ends',
    );
    expect(daemon.counters.ends).to.deep.equal({ closed: CLIENTS });
    listener?.close();
    await deserted(daemon);
  });

  it('of one address make each of another address wait for one or two of them, not for all', async () => {
    const [CHURNERS, REQUESTS, ROUNDS] = [30, 20, 6];
    // Each change takes a turn of its own.
    await using daemon = await startDaemon({ limits: { maxSessionBytes: 4_096 } });
    const listener = await RawSession.connect(daemon.port, 'listener');
    listener.join('g');
    await listener.next();
    const churners = await connectMany(daemon.port, CHURNERS, false);
    const elsewhere = { host: '127.0.0.1', port: daemon.port, localAddress: '127.0.0.2' };
    const honest = await RawSession.connect(elsewhere, 'honest', false);
    for (const { client, privateGroup } of churners) {
      const requests = Array.from({ length: REQUESTS }, (_, i) =>
        encodeRequest(i % 2 === 0 ? JOIN_MESS : LEAVE_MESS, privateGroup, ['g']),
      );
      client.send(Buffer.concat(requests));
    }
    await until(() => listener.frames.length > CHURNERS, 'the storm');
    const own = (): number[] =>
      listener.frames.flatMap((frame, at) => (tell(frame).includes('(#honest#dmn1)') ? [at] : []));
    for (let change = 0; change < 2 * ROUNDS; change++) {
      if (change % 2 === 0) honest.join('g');
      else honest.leave('g');
      await until(() => own().length > change, 'the change');
    }
    const places = own();
    const others = (places.at(-1) as number) - (places[0] as number);
    // In one line for all it would be CHURNERS for each of them.
    expect(others / (2 * ROUNDS)).to.be.below(CHURNERS / 3);
    for (const session of [...churners, honest, listener]) session.close();
    await deserted(daemon);
  });

  it('that wait keep the order of what their sender sends', async () => {
    await using daemon = await startDaemon({ limits: { maxSessionBytes: 4_096 } });
    const listener = await RawSession.connect(daemon.port, 'listener');
    listener.join('g');
    await listener.next();
    const sender = await RawSession.connect(daemon.port, 'sender', false);
    const parts: Buffer[] = [];
    for (let i = 0; i < 100; i++) {
      parts.push(encodeRequest(JOIN_MESS, sender.privateGroup, ['g']));
      parts.push(encodeMessage(AGREED_MESS, sender.privateGroup, ['g'], 1, [Buffer.from(String(i))]));
      parts.push(encodeRequest(LEAVE_MESS, sender.privateGroup, ['g']));
    }
    sender.client.send(Buffer.concat(parts));
    for (let i = 0; i < 100; i++) {
      await listener.next();
      expect((await listener.next()).body.toString()).to.equal(String(i));
      await listener.next();
    }
    for (const session of [listener, sender]) session.close();
  });

  it('that are illegal end the session also when they waited', async () => {
    await using daemon = await startDaemon({ limits: { maxSessionBytes: 2_048 } });
    const members = await connectMembers(daemon, 'g', 'a', 'b', 'c');
    const sender = await RawSession.connect(daemon.port, 'sender', false);
    const requests = Array.from({ length: 20 }, (_, i) =>
      encodeRequest(i % 2 === 0 ? JOIN_MESS : LEAVE_MESS, sender.privateGroup, ['g']),
    );
    const nowhere = encodeRequest(JOIN_MESS, sender.privateGroup, []);
    sender.client.send(Buffer.concat([...requests, nowhere]));
    await sender.client.end();
    expect(daemon.counters.ends).to.deep.equal({ 'illegal-groups-count': 1 });
    for (const session of members) session.close();
  });
});
