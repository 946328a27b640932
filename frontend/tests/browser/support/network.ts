/** The real network: the program that `scripts/serve` runs, with the canister installed, in memory. */
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const fromFrontend = (path: string): string => fileURLToPath(new URL(`../../../${path}`, import.meta.url));

const PROGRAM = process.env.LOCAL_NETWORK ?? fromFrontend('../target/debug/local-network');
export const MODULE = process.env.CANISTER_WASM ?? fromFrontend('../artifacts/message-canister.wasm.gz');
export const DIST = fromFrontend('dist');
export const OUTPUT = fromFrontend('test-output');

/** The seed of the node's key: with it a test answers as the node would, and lies. */
export const NODE_SEED = '07'.repeat(32);

export interface LocalNetwork {
  readonly origin: string;
  readonly canisterId: string;
  stop(): void;
}

/** Starts it on a free port and waits until it answers; it serves the built page at its root. */
export async function startNetwork(): Promise<LocalNetwork> {
  for (const file of [PROGRAM, MODULE]) {
    if (!existsSync(file))
      throw new Error(`${file} is missing: run scripts/serve once, or set LOCAL_NETWORK and CANISTER_WASM`);
  }
  const options = ['--port', '0', '--page', DIST, '--node-key', NODE_SEED];
  const child = spawn(PROGRAM, [MODULE, ...options], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [, origin, canisterId] = await readyLine(child);
  return { origin: origin as string, canisterId: canisterId as string, stop: () => child.kill() };
}

function readyLine(child: ChildProcess): Promise<RegExpMatchArray> {
  return new Promise((resolve, reject) => {
    let said = '';
    child.stdout?.on('data', (chunk) => {
      said += chunk;
      const ready = said.match(/^ready: (\S+) canister (\S+)$/m);
      if (ready) resolve(ready);
    });
    child.once('error', reject);
    child.once('exit', (code) => reject(new Error(`the network ended with ${code}: ${said}`)));
  });
}
