// Says something twice a second, and prints what it sees: node client.mjs ann
import { io } from 'socket.io-client';

const [name, url = 'http://localhost:3000'] = process.argv.slice(2);
// Long polling would need a balancer that sends all requests of a client to one server.
const socket = io(url, { transports: ['websocket'] });
socket.on('connect', () => console.log(socket.recovered ? 'back, nothing is missing' : 'connected'));
socket.on('disconnect', (reason) => console.log(`disconnected: ${reason}`));
socket.on('said', (text) => console.log(text));

let count = 0;
setInterval(() => socket.connected && socket.emit('say', `${name} ${++count}`), 500);
