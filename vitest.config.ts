import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['tests/**/*.test.ts'],
    exclude: ['tests/slow/**'],
    globalSetup: 'tests/helpers/build.ts',
    testTimeout: 60_000,
    maxWorkers: 2,
    hookTimeout: 60_000,
  },
})
