// What takes long, or is about load, kills and size: `npm run test:slow`.
import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['tests/slow/**/*.test.ts'],
    globalSetup: 'tests/helpers/build.ts',
    testTimeout: 600_000,
    hookTimeout: 60_000,
  },
})
