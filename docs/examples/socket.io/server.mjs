// One server of a fleet: node server.mjs 3001
import { Server } from 'socket.io';
import { connect } from 'ssp-toolkit';
import { createAdapter } from 'ssp-toolkit/socket.io';

const addresses = [process.env.SSP_ADDRESS ?? '4803@localhost'];
// It looks for a daemon for as long as it runs.
const connection = await connect({ addresses, resume: { giveUpMs: Infinity } });
connection.on('resumed', ({ address, gaps }) =>
  console.log(`back in the order at ${address}, ${gaps ? 'events were missed' : 'no event was missed'}`),
);

const io = new Server({ connectionStateRecovery: {} });
io.adapter(await createAdapter(connection, { recovery: { crash: true } }));
const { adapter } = io.of('/');
adapter.on('degraded', (error) => console.log(`alone: ${error.message}`));

io.on('connection', (socket) => {
  console.log(socket.recovered ? 'a client is back' : 'a new client');
  socket.on('say', (text) => {
    if (typeof text === 'string') io.emit('said', `${text}, by ${port}`);
  });
});

// Clients may connect once the adapter has joined its group.
const servers = await adapter.serverCount();
io.listen(Number(process.argv[2]));
const { port } = io.httpServer.address();
console.log(`server ${port} listens, servers: ${servers}`);
