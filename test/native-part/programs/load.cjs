'use strict'
// Prints whether the native part of this package, or of that in the folder named, can be loaded.
const { join, resolve } = require('node:path')

const root = resolve(process.argv[2] ?? join(__dirname, '../../..'))
const { loadNative } = require(join(root, 'dist/kernel/native.js'))

const native = loadNative()
console.log(native.known ? 'loaded' : native.why)
if (loadNative() !== native) console.log('not the same again')
