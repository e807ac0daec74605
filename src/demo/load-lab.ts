import type { ChildProcess, SpawnOptions } from 'node:child_process'
import { resolve } from 'node:path'

/** The part of the NAT laboratory that the demo uses; it is compiled on its own to dist/lab. */
export interface LabModule {
  createLab(options: { limitSeconds: number; expiry: Expiry }): Promise<DemoLab>
  readonly LabUnavailable: abstract new (...args: never[]) => Error
}

export interface DemoLab {
  readonly serverAddress: string
  readonly expiry: Expiry
  spawn(where: 'client' | 'server', argv: readonly string[], options?: SpawnOptions): ChildProcess
  run(
    where: 'client',
    argv: readonly string[],
    options?: { cwd?: string },
  ): Promise<{ code: number | null; stdout: string; stderr: string }>
  flows(): Promise<string[]>
  close(): Promise<void>
}

export type Expiry = 'reset' | 'drop'

export function loadLab(): LabModule {
  return require(resolve(__dirname, '..', 'lab', 'lab.js')) as LabModule
}
