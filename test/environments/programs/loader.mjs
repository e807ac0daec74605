// A program whose loader hooks, which run in a thread of their own, ask the server.
import { register } from 'node:module'

register('./loader-hooks.mjs', import.meta.url, { data: process.argv[2] })
const { answer } = await import('virtual:answer')
console.log('from the hooks:', answer)
