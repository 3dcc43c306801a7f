import { createDaemon } from 'ssp-toolkit/daemon';

const daemon = await createDaemon({ listen: [{ host: '127.0.0.1', port: 0 }] });
console.log(daemon.port);
await daemon.stop();
