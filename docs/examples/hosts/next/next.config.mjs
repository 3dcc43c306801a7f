import { fileURLToPath } from 'node:url';

export default {
  cacheComponents: true,
  partialPrefetching: true,
  cacheHandlers: { default: fileURLToPath(new URL('cache-handler.mjs', import.meta.url)) },
  serverExternalPackages: ['ssp-toolkit'],
};
