/** The version of this package. A test compares it with package.json, which the preload does not read. */
export const version = '0.1.0'
