import type { Outcome } from './check'
import { addHook, type HookEntry, hookEntries, hookVersion, requireOption } from './hook-entries'
import type { Machine } from './machine'
import { type ShellLine, setVariable } from './shell-line'

export const id = 'hook'
export const title = 'The hook in NODE_OPTIONS'

/** Whether NODE_OPTIONS brings the hook into every Node program that is started from here. */
export function run(machine: Machine): Outcome {
  const { entries, problem } = hookEntries(machine.env.NODE_OPTIONS ?? '', machine)
  if (problem !== null) {
    return {
      verdict: 'finding',
      seen: `NODE_OPTIONS is not well-formed (${problem}), so no Node program starts with it.`,
      action: 'Correct its quotes: values with blanks stand between double quotes.',
      data: { wellFormed: false, problem, entries },
    }
  }
  const judged = entries.map((entry) => judge(entry, machine))
  const order = ['finding', 'advice', 'unknown', 'ok']
  const [worst] = judged.sort((a, b) => order.indexOf(a.verdict) - order.indexOf(b.verdict))
  return worst ?? absent(machine)
}

function judge(entry: HookEntry, machine: Machine): Outcome {
  const { specifier, file, absolute, fragile } = entry
  const { files, version, register, active } = machine
  const named = `NODE_OPTIONS loads the hook from ${specifier}`
  const absoluteLine = `Name it by its absolute path: ${requireOption(register)}.`
  const data = { wellFormed: true, specifier, file, absolute, fragile, active }
  if (file === null) {
    return {
      verdict: 'advice',
      seen: `${named}, which Node looks for from the folder that a program is started in: elsewhere the program does not start.`,
      action: absoluteLine,
      data,
    }
  }
  const exists = files.exists(file)
  if (exists === false) {
    return {
      verdict: 'finding',
      seen: `${named}, but there is no such file, so no Node program starts with it.`,
      action: absoluteLine,
      data: { ...data, exists },
    }
  }
  if (exists === null) {
    return {
      verdict: 'unknown',
      seen: `${named}; whether the file is there is not known, because this process may not look.`,
      action: 'Run this as the user, and with the permissions, of the program.',
      data: { ...data, exists },
    }
  }
  if (!absolute) {
    return {
      verdict: 'advice',
      seen: `${named}, a relative path: a program that is started in another folder does not start.`,
      action: absoluteLine,
      data: { ...data, exists },
    }
  }
  const judged = judgeVersion(named, hookVersion(file, files), version, { ...data, exists })
  if (judged.verdict !== 'ok' || fragile === null) return judged
  return {
    ...judged,
    verdict: 'advice',
    seen: `${judged.seen} But not every program can hand it on as it is written. ${fragile}`,
    action: `Write it as ${requireOption(specifier)}, before the other preloads.`,
  }
}

function judgeVersion(
  named: string,
  found: string | null,
  version: string,
  data: Outcome['data'],
): Outcome {
  const outcome = { data: { ...data, version: found } }
  if (found === version) {
    return { verdict: 'ok', seen: `${named}, version ${found}.`, action: null, ...outcome }
  }
  if (found === null) {
    return {
      verdict: 'unknown',
      seen: `${named}; its version is not known, because neither package.json nor dist beside it names one.`,
      action: 'Check that the whole package was copied there.',
      ...outcome,
    }
  }
  return {
    verdict: 'advice',
    seen: `${named}, version ${found}; this is version ${version}, so what is said here may not hold for it.`,
    action: 'Bring both to one version.',
    ...outcome,
  }
}

function absent(machine: Machine): Outcome {
  const { env, register, active, platform } = machine
  const lines = setVariable(
    'NODE_OPTIONS',
    addHook(env.NODE_OPTIONS ?? '', requireOption(register), machine),
    platform,
  )
  const here =
    active === null
      ? 'Programs that are started from here run without it, unless their own command line loads it.'
      : `It is active in this process (version ${active}), but what is started from here has it only by its own command line.`
  // The cache of npx is emptied at will.
  const kept = !/[/\\]_npx[/\\]/.test(register)
  return {
    verdict: machine.strict ? 'finding' : 'advice',
    seen: `The hook is not in NODE_OPTIONS. ${here}`,
    action: kept
      ? `Add this line where the programs are started: ${lines.map(named).join(', or ')}`
      : 'Install the package where it can stay, and name its register.js in NODE_OPTIONS.',
    data: { wellFormed: true, specifier: null, active, line: (kept && lines[0]?.line) || null },
  }
}

function named({ shell, line }: ShellLine): string {
  return shell === null ? `\`${line}\`` : `\`${line}\` (${shell})`
}
