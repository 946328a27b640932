/** The real network: the program that `scripts/serve` runs, with both canisters installed, in memory. */
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const fromFrontend = (path: string): string => fileURLToPath(new URL(`../../../${path}`, import.meta.url));

const PROGRAM = process.env.LOCAL_NETWORK ?? fromFrontend('../target/debug/local-network');
export const MODULE = process.env.CANISTER_WASM ?? fromFrontend('../artifacts/message-canister.wasm.gz');
const DIRECTORY = process.env.DIRECTORY_WASM ?? fromFrontend('../artifacts/directory.wasm.gz');
const OPEN_DIRECTORY = readFileSync(fromFrontend('../scripts/lib/directory-argument.txt'), 'utf8').trim();
export const DIST = fromFrontend('dist');
export const OUTPUT = fromFrontend('test-output');

/** The seed of the node's key: with it a test answers as the node would, and lies. */
export const NODE_SEED = '07'.repeat(32);

export interface LocalNetwork {
  readonly origin: string;
  readonly canisterId: string;
  readonly directoryId: string;
  stop(): void;
}

/**
 * Starts it on a free port and waits until it answers; it serves the built page at its root. `directory`: the argument of the
 * directory's installation, in hex.
 */
export async function startNetwork(directory = OPEN_DIRECTORY): Promise<LocalNetwork> {
  for (const file of [PROGRAM, MODULE, DIRECTORY]) {
    if (!existsSync(file))
      throw new Error(
        `${file} is missing: run scripts/serve once, or set LOCAL_NETWORK, CANISTER_WASM and DIRECTORY_WASM`,
      );
  }
  const options = ['--port', '0', '--page', DIST, '--node-key', NODE_SEED, '--argument', `directory=${directory}`];
  const child = spawn(PROGRAM, [MODULE, DIRECTORY, ...options], { stdio: ['ignore', 'pipe', 'inherit'] });
  const said = await announcement(child);
  const value = (line: RegExp): string => said.match(line)?.[1] ?? '';
  return {
    origin: value(/^ready: (\S+) canister/m),
    canisterId: value(/^message-canister (\S+) module hash/m),
    directoryId: value(/^directory (\S+) module hash/m),
    stop: () => child.kill(),
  };
}

/** What it prints once it answers, up to the line that names its last canister. */
function announcement(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let said = '';
    child.stdout?.on('data', (chunk) => {
      said += chunk;
      if (/^A development network/m.test(said)) resolve(said);
    });
    child.once('error', reject);
    child.once('exit', (code) => reject(new Error(`the network ended with ${code}: ${said}`)));
  });
}
