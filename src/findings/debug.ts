export { createDebug } from '../process/debug'
