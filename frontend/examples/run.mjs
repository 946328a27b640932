// Runs an example in TypeScript, compiled by what compiles the page: node frontend/examples/run.mjs EXAMPLE ARGUMENTS
import { fileURLToPath } from 'node:url';
import { runnerImport } from 'vite';

const [example, ...words] = process.argv.slice(2);
const path = fileURLToPath(new URL(`${example}.ts`, import.meta.url));
const root = fileURLToPath(new URL('..', import.meta.url));
const { module } = await runnerImport(path, { root, configFile: false, logLevel: 'error' });
await module.main(...words);
