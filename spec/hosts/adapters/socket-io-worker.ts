/** A Socket.IO server in a process of its own, at the daemon of an address. */
import { createAdapter } from '../../../lib/adapters/socket.io/index.js';
import { connect } from '../../../lib/index.js';
import { portOf, Server } from './socket-io.js';

const io = new Server({ transports: ['websocket'] });
io.adapter(await createAdapter(await connect({ address: process.argv[2] })));
io.listen(0);
await io.of('/').adapter.serverCount();
process.once('disconnect', () => process.exit());
process.send?.({ port: portOf(io) });
