/** Whether clients can come in where they are meant to, found out before anything is opened. */
import { socketObstacle, socketPathFault } from '../socket-file.js';
import { IN_USE, tcpObstacle } from '../tcp-place.js';
import { refusal, unixPath } from './listener.js';

const LONGEST_PORT = 65_535;

/** @throws ListenError */
export async function checkTcp(host: string, port: number): Promise<void> {
  const obstacle = await tcpObstacle(host, port);
  if (obstacle !== null) throw refusal(`${host}:${port}`, obstacle);
}

/**
 * A daemon that answers there is no obstacle yet: it may be the one that this one follows.
 * @param port names the socket; 0 for one that is not known yet, null for none
 * @throws ListenError
 */
export async function checkUnix(directory: string, port: number | null): Promise<void> {
  const path = unixPath(directory, port === 0 ? LONGEST_PORT : (port ?? 0));
  const obstacle = await (port === 0 ? socketPathFault : socketObstacle)(path);
  if (obstacle !== null && obstacle !== IN_USE) throw refusal(path, obstacle);
}
