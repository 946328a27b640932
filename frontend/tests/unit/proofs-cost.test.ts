/** What verifying a page costs beside the SHA-256 of its messages, which every reader computes anyway. */
import { expect, it } from 'vitest';
import { bytes, named, PAGES, shownOf, verdictOnPage } from './proof-vectors';

const ROUNDS = 200;
/** Twice the limit of docs/proofs.md, which a quiet machine keeps: browsers hash on all processors, and others may be busy. */
const MOST = 6;

it.each([256, 1_024, 4_096])(
  'verifies a page of 100 messages of %i bytes in little more than the time of its hashes',
  async (size) => {
    const vector = named(PAGES, 'a hundred messages');
    const [proof, shown] = [bytes(vector.proof), shownOf(vector)];
    const ciphertexts = shown.map((_, at) => new Uint8Array(size).fill(at));
    const hashes = () => Promise.all(ciphertexts.map((ciphertext) => crypto.subtle.digest('SHA-256', ciphertext)));
    const verify = () => verdictOnPage(vector, proof, shown);
    expect(verify().kind).toBe('verified');
    // In turn, and the fastest of many rounds: what else the machine does makes the others longer.
    let [hashing, verifying] = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY];
    for (let round = 0; round < ROUNDS; round += 1) {
      hashing = Math.min(hashing, await time(hashes));
      verifying = Math.min(verifying, await time(verify));
    }
    const ratio = (hashing + verifying) / hashing;
    console.info(
      `${size} bytes: hashes ${ms(hashing)}, proof ${ms(verifying)}: together ${ratio.toFixed(2)} times the hashes`,
    );
    expect(ratio).toBeLessThanOrEqual(MOST);
  },
);

/** Milliseconds. */
async function time(work: () => unknown): Promise<number> {
  const start = performance.now();
  await work();
  return performance.now() - start;
}

function ms(time: number): string {
  return `${time.toFixed(2)} ms`;
}
