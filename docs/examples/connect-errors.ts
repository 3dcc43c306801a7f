import { connect, CouldNotConnectError, NotUniqueError } from 'ssp-toolkit';

try {
  const connection = await connect({
    address: process.argv[2] ?? '4803@localhost',
    name: 'worker1',
    signal: AbortSignal.timeout(5000),
  });
  await connection.close();
} catch (error) {
  if (error instanceof NotUniqueError) console.error('that name is taken');
  else if (error instanceof CouldNotConnectError) console.error('no daemon at this address');
  else throw error;
}
