import { main } from './client.cjs'

const [port, label, names] = process.argv.slice(2)
await main(Number(port), label, names?.split(','))
