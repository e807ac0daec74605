import { chosen, derive, type Given } from './derive'
import { formatDuration } from './duration'
import { nearest } from './nearest'
import { type Problem, problem } from './problem'
import { probesBefore, scheduleFor } from './schedule'
import type { Config, Parsed, Setting } from './setting'
import { settings } from './settings'

export type { Problem } from './problem'
export type { Config } from './setting'

/** The settings as one caller gave them, on the way to a config. */
interface Intake {
  /** What the messages call a setting, and what they say was expected of it. */
  readonly call: (setting: Setting) => { readonly name: string; readonly expected: string }
  /** Values that were chosen, now or in the base; everything else is derived from them. */
  readonly given: Given
  /** What was accepted now, as written. */
  readonly written: Map<keyof Config, unknown>
  /** Problems less their end, which says what is used and so has to wait for the config. */
  readonly drafts: ((config: Config) => Problem)[]
}

const prefix = 'NAT_KEEPALIVE_'
const variableNames = settings.map(({ name }) => name)
const optionNames = settings.map(({ key }) => key)
/** More than this is one mistake made often, and a wall of warnings hides the first of them. */
const mostProblems = 25
/** So many may be lost on a path where some are. */
const FEW_PROBES = 3

/**
 * Reads the NAT_KEEPALIVE variables of an environment. Never throws: what cannot be used is a
 * problem, and its default stands in. After NAT_KEEPALIVE=off nothing else is looked at.
 *
 * `given` holds the names of the variables whose values are in force.
 */
export function parseConfig(env: Readonly<Record<string, string | undefined>>): {
  config: Config
  problems: Problem[]
  given: ReadonlySet<string>
} {
  const intake: Intake = {
    call: ({ name, expected }) => ({ name, expected }),
    given: {},
    written: new Map(),
    drafts: [],
  }
  for (const setting of settings) {
    const text = textOf(env, setting.name)
    if (text !== '') take(intake, setting, setting.parse(text), text)
    if (intake.given.enabled === false) break
  }
  if (intake.given.enabled !== false) addUnknownVariables(intake, env)
  const { config, problems } = settle(intake)
  const inForce = settings.filter(({ key }) => intake.written.has(key))
  return { config, problems, given: new Set(inForce.map(({ name }) => name)) }
}

/**
 * Lays options from code over a config, checked by the same table. Never throws, whatever the
 * options are. What merely followed in the base follows anew: a new limit moves the delay, the
 * interval and the idle warning, unless they were chosen.
 */
export function applyOptions(
  base: Config,
  options: Partial<Config> | undefined,
): { config: Config; problems: Problem[] } {
  const intake: Intake = {
    call: ({ key, expectedOption }) => ({ name: key, expected: expectedOption }),
    given: chosen(base),
    written: new Map(),
    drafts: [],
  }
  try {
    takeOptions(intake, options)
  } catch {
    add(intake, 'options', options, 'was ignored: reading it failed.')
  }
  return settle(intake)
}

function takeOptions(intake: Intake, options: unknown): void {
  if (options === undefined) return
  if (typeof options !== 'object' || options === null || Array.isArray(options)) {
    add(intake, 'options', options, 'was ignored: expected an object.')
    return
  }
  for (const key of Object.keys(options)) {
    try {
      takeOption(intake, key, (options as Readonly<Record<string, unknown>>)[key])
    } catch {
      // A getter or a proxy of the program's threw: one option is lost, not all of them.
      add(intake, key, undefined, 'was ignored: reading it failed.')
    }
  }
}

function takeOption(intake: Intake, key: string, value: unknown): void {
  // An option that is undefined was not given, as everywhere in JavaScript.
  if (value === undefined) return
  const setting = settings.find((candidate) => candidate.key === key)
  if (setting !== undefined) take(intake, setting, setting.check(value), value)
  else addUnknown(intake, key, value, 'option', optionNames)
}

/** Files a reading under what is given, or under what has to be said, or both. */
function take(
  intake: Intake,
  setting: Setting,
  reading: Parsed<Config[keyof Config]>,
  value: unknown,
): void {
  const { name, expected } = intake.call(setting)
  if (reading.value !== undefined) {
    Object.assign(intake.given, { [setting.key]: reading.value })
    intake.written.set(setting.key, value)
  }
  const isEntry = setting.kind === 'list' && reading.value !== undefined
  for (const refusal of reading.refusals) {
    const why = refusal.reason === null ? '' : ` ${refusal.reason};`
    intake.drafts.push((config) => {
      const instead = isEntry ? 'leaving this entry out' : `using ${inForce(setting, config)}`
      const message = `was refused:${why} expected ${expected}; ${instead}.`
      return problem(name, refusal.value, message)
    })
  }
}

function inForce(setting: Setting, config: Config): string {
  const shown = setting.show(config[setting.key])
  // What a profile is for is its limit, and that is there without one too.
  return setting.kind === 'profile' ? `the limit of ${formatDuration(config.limitMs)}` : shown
}

function addUnknownVariables(intake: Intake, env: Readonly<Record<string, string | undefined>>) {
  for (const key of keysOf(env)) {
    const name = key.toUpperCase()
    // Windows knows no difference of case, so there nat_keepalive_delay is the setting itself.
    if (!name.startsWith(prefix) || variableNames.includes(key)) continue
    const text = textOf(env, key)
    if (text === '' || (variableNames.includes(name) && textOf(env, name) === text)) continue
    addUnknown(intake, key, text, 'setting', variableNames)
  }
}

function addUnknown(
  intake: Intake,
  name: string,
  value: unknown,
  what: string,
  known: readonly string[],
): void {
  const near = nearest(name, known)
  const hint = near === null ? '' : `, the nearest is ${near}`
  add(intake, name, value, `was ignored: there is no ${what} of this name${hint}.`)
}

/** Takes back what contradicts the rest, derives what was not given, and words the problems. */
function settle(intake: Intake): { config: Config; problems: Problem[] } {
  takeBackContradictions(intake)
  const config = derive(intake.given)
  if (!config.enabled) return { config, problems: [] }
  warnOfUnwise(intake, config)
  const { drafts } = intake
  const problems = drafts.slice(0, mostProblems).map((draft) => draft(config))
  const more = drafts.length - problems.length
  const last = problems.at(-1)
  if (last !== undefined && more > 0) {
    const message = `${last.message} There are ${more} more problems with the settings.`
    problems[problems.length - 1] = { ...last, message }
  }
  return { config, problems }
}

function takeBackContradictions(intake: Intake): void {
  const { given, written } = intake
  const { limitMs, delayMs: asked } = derive(given)
  if (asked >= limitMs) {
    const instead = formatDuration(scheduleFor(limitMs).delayMs)
    const message = `was refused: expected less than the limit of ${formatDuration(limitMs)}, which the first probe has to come before; using ${instead}.`
    addAbout(intake, 'delayMs', asked, message)
    delete given.delayMs
    written.delete('delayMs')
  }
  const { delayMs } = derive(given)
  const { intervalMs } = given
  if (intervalMs !== undefined && intervalMs > delayMs) {
    const delay = formatDuration(delayMs)
    const message = `was refused: expected no more than the delay of ${delay}; using ${delay}.`
    addAbout(intake, 'intervalMs', intervalMs, message)
    given.intervalMs = delayMs
    written.delete('intervalMs')
  }
}

/** A word about values that are kept. Only about what was given now, so nothing is said twice. */
function warnOfUnwise(intake: Intake, config: Config): void {
  const { given, written } = intake
  const { limitMs, intervalMs, probes, giveUpMs, idleWarnMs } = config
  const limit = formatDuration(limitMs)
  const longest = intervalMs * probes
  if (written.has('giveUpMs') && given.probes === undefined && longest < giveUpMs) {
    const message = `is not reached: the kernel takes no more than ${probes} probes, ${formatDuration(intervalMs)} apart; giving up after ${formatDuration(longest)}.`
    addAbout(intake, 'giveUpMs', giveUpMs, message)
  }
  const timing = (['delayMs', 'intervalMs'] as const).find((key) => written.has(key))
  const inTime = probesBefore(limitMs, config)
  // On a short limit the defaults leave less room too, and whoever writes them out is not wrong.
  if (
    timing !== undefined &&
    inTime < Math.min(FEW_PROBES, probesBefore(limitMs, scheduleFor(limitMs)))
  ) {
    const only = inTime === 1 ? 'only one probe comes' : `only ${inTime} probes come`
    const message = `is used, but ${only} before the limit of ${limit}: where ${inTime === 1 ? 'it is' : 'they are'} lost, the connection is forgotten. A shorter delay leaves room for more.`
    addAbout(intake, timing, config[timing], message)
  }
  if (written.has('idleWarnMs') && idleWarnMs !== null && idleWarnMs >= limitMs) {
    const message = `is used, but it is not less than the limit of ${limit}, so the connection may be gone before the warning. Less than ${limit} warns in time.`
    addAbout(intake, 'idleWarnMs', idleWarnMs, message)
  }
}

function addAbout(intake: Intake, key: keyof Config, value: unknown, message: string): void {
  const setting = settings.find((candidate) => candidate.key === key)
  const name = setting === undefined ? key : intake.call(setting).name
  add(intake, name, intake.written.get(key) ?? value, message)
}

function add(intake: Intake, name: string, value: unknown, message: string): void {
  intake.drafts.push(() => problem(name, value, message))
}

/** The value of a variable without the blanks around it, '' where it is unset or unreadable. */
function textOf(env: Readonly<Record<string, string | undefined>>, name: string): string {
  try {
    const value: unknown = env[name]
    return typeof value === 'string' ? value.trim() : ''
  } catch {
    return ''
  }
}

function keysOf(env: Readonly<Record<string, string | undefined>>): readonly string[] {
  try {
    return Object.keys(env)
  } catch {
    return []
  }
}
