module.exports = { testMatch: ['**/*.jest.cjs'], transform: {}, cacheDirectory: './cache' }
