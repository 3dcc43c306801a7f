import { generateIdentity } from 'ssp-toolkit/secure';
import {
  AGREED_MESS,
  codeName,
  ENCRYPT_MESS,
  SSP_connect,
  SSP_disconnect,
  SSP_get_key,
  SSP_join,
  SSP_multicast,
  SSP_receive,
} from 'ssp-toolkit/ssp';

const address = process.argv[2] ?? '4803@localhost';
const keys = { ann: generateIdentity(), bob: generateIdentity() };
const allow = [
  { name: 'ann', identity: keys.ann.publicKey },
  { name: 'bob', identity: keys.bob.publicKey },
];

const open = async (name: 'ann' | 'bob'): Promise<number> => {
  const { mbox } = await SSP_connect(address, name, { secure: { identity: keys[name], allow } });
  await SSP_join(mbox, 'vault');
  return mbox;
};
const mess = Buffer.alloc(1024);
const receive = (mbox: number) => SSP_receive(mbox, { max_groups: 10, max_mess_len: mess.length, mess });

const ann = await open('ann');
await receive(ann); // the view of ann alone
const bob = await open('bob');
await receive(ann);
const view = await receive(bob);
console.log(`bob has the key with ${(view.num_groups ?? 0) - 1} other`);

const code = Buffer.from('the code is 1234');
console.log(`in clear: ${codeName(await SSP_multicast(ann, AGREED_MESS, 'vault', 0, code))}`);
await SSP_multicast(ann, AGREED_MESS | ENCRYPT_MESS, 'vault', 0, code);
const got = await receive(bob);
const isEncrypted = ((got.service_type ?? 0) & ENCRYPT_MESS) !== 0;
console.log(`bob heard: ${mess.toString('utf8', 0, got.ret)}, encrypted: ${isEncrypted}`);

const [own, other] = [ann, bob].map((mbox) => SSP_get_key(mbox, 'vault').key ?? new Uint8Array(0));
console.log(`the same key: ${Buffer.compare(own as Uint8Array, other as Uint8Array) === 0}`);
await Promise.all([SSP_disconnect(ann), SSP_disconnect(bob)]);
