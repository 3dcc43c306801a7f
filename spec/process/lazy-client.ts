/** A client that takes what it is sent and says so: lazy-client.js PORT@HOST COUNT. It is stopped by a signal meanwhile. */
import { connect } from '../../lib/index.js';

const [address = '', count = ''] = process.argv.slice(2);
const connection = await connect({ address, name: 'lazy', silenceTimeoutMs: 1000 });
let taken = 0;
connection.on('message', () => {
  taken++;
  if (taken === Number(count)) console.log('taken');
});
connection.on('close', (error) => console.log(`closed: ${error?.message}`));
console.log('ready');
