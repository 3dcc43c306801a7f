/** How long the import of the library takes in a new process. Prints milliseconds. */
const start = performance.now();
await import('../../../lib/index.js');
process.stdout.write(`${performance.now() - start}\n`);
