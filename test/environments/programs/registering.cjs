'use strict'
// A program that has the preload in it as its first import.
require('nat-keepalive/register')
require('./bundled.cjs')
