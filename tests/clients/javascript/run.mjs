// Runs one scenario with one family of packages: node run.mjs FAMILY SCENARIO, with its settings in JSON on the
// standard input. Prints "done: SCENARIO" at the end. The first failed assertion ends it with an error.

import { text } from 'node:stream/consumers';
import { pathToFileURL } from 'node:url';
import * as directory from './directory.mjs';
import * as gateway from './gateway.mjs';
import * as lies from './lies.mjs';
import * as messages from './messages.mjs';
import * as identities from './identities.mjs';
import * as owners from './owners.mjs';
import * as refusals from './refusals.mjs';

const [family, name] = process.argv.slice(2);
const settings = JSON.parse(await text(process.stdin));
const packages = await import(`./${family}.mjs`);
const { idlFactory } = await import(pathToFileURL(settings.interface).href);

const scenario = { ...directory, ...gateway, ...lies, ...messages, ...identities, ...owners, ...refusals }[name];
if (scenario === undefined) {
  throw new Error(`there is no scenario '${name}'`);
}
await scenario({ ...packages, idlFactory }, settings);
console.log(`done: ${name}`);
