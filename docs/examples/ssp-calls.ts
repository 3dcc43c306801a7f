import { Buffer } from 'node:buffer';
import { SSP_connect, SSP_disconnect, SSP_join, SSP_receive } from 'ssp-toolkit/ssp';

const { mbox } = await SSP_connect(process.argv[2] ?? '4803@localhost', 'alice');
await SSP_join(mbox, 'room');
const mess = Buffer.alloc(1000);
const r = await SSP_receive(mbox, { max_groups: 100, max_mess_len: mess.length, mess });
console.log(r.ret, r.sender, r.groups, r.mess_type); // 48 room [ '#alice#myhost' ] 0: a view with one member
await SSP_disconnect(mbox);
