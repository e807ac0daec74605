import { standIn } from '../server'

export const start = standIn('smtp')
