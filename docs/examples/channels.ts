import { connect } from 'ssp-toolkit';
import { openChannels } from 'ssp-toolkit/channel';

const address = process.argv[2] ?? '4803@localhost';
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const text = (body: Uint8Array): string => new TextDecoder().decode(body);

const PRICE = 1; // message types that both sides have agreed on
const SOLD = 2;
const CLOSING = 3;

// The server: owns the name "shop", answers requests, receives posts, sets a timer.
async function shop(): Promise<void> {
  await using connection = await connect({ address });
  await using channels = await openChannels(connection);
  await using channel = await channels.createChannel('shop', { maxBuffered: 10 });
  for await (const event of channel) {
    if (event.kind === 'request' && event.type === PRICE) {
      if (text(event.body) === 'apples') await event.reply(0, bytes('3 a pound'));
      else await event.fail('NOT_SOLD', `no ${text(event.body)} here`);
    }
    if (event.kind === 'message' && event.type === SOLD) console.log(`shop: sold ${text(event.body)}`);
    if (event.kind === 'client-joined') console.log('shop: a customer');
    if (event.kind === 'client-left') channel.startTimer(CLOSING, 20);
    if (event.kind === 'timer') break; // closes the channel, the channels and the connection
  }
  console.log('shop: closed');
}

// The client: needs only the name, and may start first.
async function customer(): Promise<void> {
  await using connection = await connect({ address });
  await using channels = await openChannels(connection);
  await using channel = await channels.openChannel('shop', { waitMs: 5000 });
  const { body } = await channel.call(PRICE, bytes('apples'), { timeoutMs: 1000 });
  console.log(`customer: apples are ${text(body)}`);
  try {
    await channel.call(PRICE, bytes('pears'));
  } catch (error) {
    console.log(`customer: ${(error as Error).message}`);
  }
  await channel.post(SOLD, bytes('2 pounds of apples'));
}

await Promise.all([shop(), customer()]);
