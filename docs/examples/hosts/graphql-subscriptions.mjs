// One of several instances of a GraphQL server with subscriptions, over server-sent events.
import { createServer } from 'node:http';
import { buildSchema } from 'graphql';
import { createHandler } from 'graphql-sse/lib/use/http';
import { connect } from 'ssp-toolkit';
import { GAP, GroupPubSub } from './group-pubsub.mjs';

const [address = '4803@localhost', port = '3000'] = process.argv.slice(2);
const connection = await connect({ addresses: [address] });
const pubsub = await GroupPubSub.join(connection);

const schema = buildSchema(`
  type Query { isConnected: Boolean! }
  type Mutation { say(text: String!): Boolean! }
  type Subscription { said: String!, gap: String! }
`);
const { isConnected } = schema.getQueryType().getFields();
const { say } = schema.getMutationType().getFields();
const { said, gap } = schema.getSubscriptionType().getFields();
isConnected.resolve = () => connection.open;
say.resolve = async (_root, { text }) => {
  if (!connection.open) throw new Error('no daemon');
  await pubsub.publish('said', { said: text });
  return true;
};
said.subscribe = () => pubsub.asyncIterableIterator('said');
gap.subscribe = () => pubsub.asyncIterableIterator(GAP);

const handle = createHandler({ schema });
const server = createServer((request, response) => {
  handle(request, response).catch((error) => {
    console.error(error);
    response.destroy();
  });
});
server.listen(Number(port), '127.0.0.1', () => console.log(`http://127.0.0.1:${server.address().port}`));
process.once('SIGTERM', () => {
  server.close(() => void connection.close());
  server.closeAllConnections();
});
// No daemon for a minute: end, so that the service manager starts this instance again.
connection.once('close', (error) => error && process.exit(1));
