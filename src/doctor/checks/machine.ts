import { resolve } from 'node:path'
import { installed } from '../../hook/installed'
import { loadNative, type NativePart } from '../../kernel/native'
import { createProcFs, type ProcFs, type Reading } from '../../kernel/proc-fs'
import { version } from '../../process/version'
import { type Config, type Problem, parseConfig } from '../../settings/config'
import { createFiles, type Files } from './files'

type Environment = Readonly<Record<string, string | undefined>>

/** Everything a check may look at. */
export interface Machine {
  /** The version of this package. */
  readonly version: string
  /** The preload entry of this package, an absolute path. */
  readonly register: string
  /** The version of the hook that is active in this process, null without one. */
  readonly active: string | null
  readonly platform: string
  /** The version of Node, without a v. */
  readonly node: string
  readonly now: Date
  readonly cwd: string
  readonly env: Environment
  readonly proc: ProcFs
  /** The native part as this process has it, or why not. */
  readonly native: Reading<NativePart | null>
  readonly files: Files
  /** Whether native sockets and children are to be covered as well. */
  readonly strict: boolean
  /** What the environment says about this package. */
  readonly settings: {
    readonly config: Config
    readonly problems: readonly Problem[]
    readonly given: ReadonlySet<string>
  }
}

/** The machine this process runs on, as far as `known` does not say otherwise. */
export function createMachine(known: Partial<Machine> = {}): Machine {
  const { env = process.env, platform = process.platform } = known
  const settings = parseConfig(env)
  return {
    version,
    register: resolve(__dirname, '..', '..', '..', 'register.js'),
    active: installed()?.version ?? null,
    platform,
    node: process.versions.node,
    now: new Date(),
    cwd: process.cwd(),
    env,
    proc: createProcFs('/proc', platform),
    files: createFiles(),
    native:
      platform === process.platform
        ? loadNative(settings.config.native)
        : { known: false, why: `there is none for ${platform}` },
    strict: false,
    settings,
    ...known,
  }
}
