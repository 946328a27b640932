// Modules of the page in TypeScript (frontend/src), compiled by what compiles the page.

import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';

const FRONTEND = new URL('../../../frontend/', import.meta.url);

/** The module of this name below frontend/src. */
export async function frontend(name) {
  const vite = createRequire(new URL('package.json', FRONTEND)).resolve('vite');
  const { runnerImport } = await import(pathToFileURL(vite).href);
  const path = new URL(`src/${name}`, FRONTEND).pathname;
  return (await runnerImport(path, { root: FRONTEND.pathname, configFile: false, logLevel: 'error' })).module;
}
