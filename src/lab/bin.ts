#!/usr/bin/env node
import type { ChildProcess } from 'node:child_process'
import { constants } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'
import { createLab, killGroup, type Lab, LabUnavailable } from './lab'
import { type CommandLine, parseCommandLine, UsageError } from './parse-command-line'

const help = `Usage: node bin.js [OPTION]... [--] COMMAND [ARG...]

Runs COMMAND as the client behind a real NAT that forgets idle TCP flows.

  --limit 5s           idle time after which the NAT forgets a flow
  --expiry reset|drop  what the client's next packet meets: a reset or nothing
  --serve 'COMMAND'    shell command to start as the server first (repeatable);
                       waits up to 5 s until it listens
  --outage AT:FOR      lose all packets for a time, such as 3s:10s (repeatable)
  --flush AT           make the NAT forget every flow (repeatable)
  --help               this text

Times count from the start of COMMAND. The commands find in their environment
LAB_SERVER (the server's address), LAB_LIMIT (seconds) and LAB_EXPIRY.
Exit codes: COMMAND's own, or 128+n where signal n ended it; 2 wrong usage;
69 no lab can be built here.
`

// A terminal sends the first three to every process of the foreground group.
const groupSignals = ['SIGINT', 'SIGQUIT', 'SIGHUP'] as const
const forwardedSignals = [...groupSignals, 'SIGTERM', 'SIGUSR1', 'SIGUSR2'] as const

async function main(args: readonly string[]): Promise<number> {
  let line: CommandLine
  try {
    line = parseCommandLine(args)
  } catch (error) {
    if (!(error instanceof UsageError)) throw error
    say(`${error.message} See --help.`)
    return 2
  }
  if (line.command.length === 0) {
    process.stdout.write(help)
    return 0
  }
  const forward = forwardSignals()
  let lab: Lab
  try {
    lab = await createLab(line)
  } catch (error) {
    if (!(error instanceof LabUnavailable)) throw error
    say(error.message)
    return 69
  }
  try {
    const env = {
      ...process.env,
      LAB_SERVER: lab.serverAddress,
      LAB_LIMIT: String(lab.limitSeconds),
      LAB_EXPIRY: lab.expiry,
    }
    for (const command of line.serve) await serve(lab, command, env)
    const client = lab.spawn('client', line.command, { stdio: 'inherit', env })
    forward(client)
    const timers = schedule(lab, line)
    const code = await exitCode(client)
    for (const timer of timers) clearTimeout(timer)
    return code
  } finally {
    await lab.close()
  }
}

function say(text: string): void {
  process.stderr.write(`lab: ${text}\n`)
}

function signalCode(signal: NodeJS.Signals): number {
  return 128 + constants.signals[signal]
}

// Until there is a command to decide, a signal ends us, and the lab with us.
function forwardSignals(): (client: ChildProcess) => void {
  let client: ChildProcess | null = null
  for (const signal of forwardedSignals) {
    process.on(signal, () => {
      if (client === null) process.exit(signalCode(signal))
      if (groupSignals.some((name) => name === signal)) killGroup(client, signal)
      else client.kill(signal)
    })
  }
  return (command) => {
    client = command
  }
}

async function serve(lab: Lab, command: string, env: NodeJS.ProcessEnv): Promise<void> {
  const before = await listeners(lab)
  const server = lab.spawn('server', ['sh', '-c', command], { stdio: ['ignore', 2, 2], env })
  server.on('exit', (code, signal) => {
    // Those that the end of the lab kills need no word.
    if (signal !== 'SIGKILL') say(`The server "${command}" ended with ${code ?? signal}.`)
  })
  const deadline = Date.now() + 5000
  while (server.exitCode === null && server.signalCode === null) {
    if ((await listeners(lab)) > before) return
    if (Date.now() > deadline) {
      say(`The server "${command}" does not listen after 5 s; going on.`)
      return
    }
    await sleep(50)
  }
}

async function listeners(lab: Lab): Promise<number> {
  const { stdout } = await lab.run('server', ['sh', '-c', 'cat /proc/net/tcp*'], { cwd: '/' })
  return stdout.split('\n').filter((row) => row.trim().split(/\s+/)[3] === '0A').length
}

function schedule(lab: Lab, line: CommandLine): NodeJS.Timeout[] {
  const at = (ms: number, text: string, act: () => Promise<void>) =>
    setTimeout(() => {
      act().then(
        () => say(text),
        (error: Error) => say(error.message),
      )
    }, ms)
  return [
    ...line.outages.flatMap(({ atMs, forMs }) => [
      at(atMs, 'The outage begins.', () => lab.outage(true)),
      at(atMs + forMs, 'The outage is over.', () => lab.outage(false)),
    ]),
    ...line.flushesAtMs.map((ms) => at(ms, 'The NAT has forgotten every flow.', () => lab.flush())),
  ]
}

function exitCode(child: ChildProcess): Promise<number> {
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('exit', (code, signal) => {
      resolve(signal === null ? (code as number) : signalCode(signal))
    })
  })
}

main(process.argv.slice(2)).then(
  (code) => process.exit(code),
  (error) => {
    say(error.stack)
    process.exit(70)
  },
)
