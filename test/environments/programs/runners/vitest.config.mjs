export default {
  cacheDir: './cache',
  test: { globals: true, include: ['*.vitest.mjs'], pool: process.env.POOL },
}
