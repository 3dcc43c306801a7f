import { createDaemon } from 'ssp-toolkit/daemon';
import { connect } from 'ssp-toolkit';

await using daemon = await createDaemon({ listen: [{ host: '127.0.0.1', port: 0 }] });
await using client = await connect({ address: `${daemon.port}@127.0.0.1` });
console.log(client.id);
