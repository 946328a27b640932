import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    projects: [
      // Flipping every bit of a proof takes seconds, and a busy machine several times as long.
      { test: { name: 'unit', include: ['tests/unit/**/*.test.ts'], environment: 'node', testTimeout: 120_000 } },
      {
        test: {
          name: 'browser',
          include: ['tests/browser/**/*.test.ts'],
          environment: 'node',
          globalSetup: 'tests/browser/support/setup.ts',
          // Each file has a network and a browser of its own, which mostly wait.
          maxWorkers: 2,
          expect: { poll: { timeout: 15_000 } },
          testTimeout: 60_000,
          hookTimeout: 120_000,
        },
      },
    ],
  },
});
