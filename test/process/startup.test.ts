import { spawnSync } from 'node:child_process'
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { version } from '../../src/process/version'
import { register, root, runNode, withEnv } from '../run-node'

function temporaryFolder(t: Test): string {
  const folder = mkdtempSync(join(tmpdir(), 'nat-keepalive-'))
  t.teardown(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

/** Runs node in a network namespace of its own, whose tcp_keepalive_time is `seconds`. */
function inNamespace(seconds: number, args: string[], env: Record<string, string> = {}) {
  const script = `echo ${seconds} > /proc/sys/net/ipv4/tcp_keepalive_time && exec "$@"`
  const argv = ['unshare', '-rn', 'sh', '-c', script, 'sh', process.execPath, ...args]
  const [command = '', ...rest] = withEnv(env, argv)
  const { status, stdout, stderr } = spawnSync(command, rest, { encoding: 'utf8', cwd: root })
  return { code: status, stdout, stderr }
}

/** A program that takes a turn of the event loop, in which what is wrong is told. */
const turn = 'setTimeout(() => {}, 20)'

t.test('the version in the code is that of package.json', async (t) => {
  const { version: published } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
  t.equal(version, published)
})

t.test('a program that never connects loads net and little else', async (t) => {
  const source = `
    const own = Object.keys(require.cache).filter((file) => file.includes("dist"))
    console.log(JSON.stringify({ builtins: process.moduleLoadList, own }))`
  const load = async (args: string[]) => JSON.parse((await runNode([...args, '-e', source])).stdout)
  const hooked = await load(['-r', register])
  const net = await load(['-r', 'net'])
  const beyond = hooked.builtins.filter((name: string) => !net.builtins.includes(name))
  t.strictSame(beyond, [], 'no builtin beyond what net brings')
  t.strictSame(hooked.own, [join(root, 'dist/register.js')], 'one file, beside the entry')
  const size = hooked.own.reduce((sum: number, file: string) => sum + readFileSync(file).length, 0)
  t.ok(size < 18_432, `${size} bytes`)
})

t.test('each bad setting is one NKA001, and the program goes on', async (t) => {
  const run = await runNode(['-r', register, '-e', 'setTimeout(() => console.log("on"), 20)'], {
    env: { NAT_KEEPALIVE_DELAY: '45', NAT_KEEPALIVE_PROBES: 'many', NAT_KEEPALIVE_DELAI: '1s' },
  })
  t.equal(run.code, 0)
  t.equal(run.stdout, 'on\n')
  const codes = run.stderr.match(/\[NKA001\] NatKeepaliveWarning: NAT_KEEPALIVE_\w+/g)
  t.strictSame(codes?.map((code) => code.split(' ').pop()).sort(), [
    'NAT_KEEPALIVE_DELAI',
    'NAT_KEEPALIVE_DELAY',
    'NAT_KEEPALIVE_PROBES',
  ])
})

t.test('blank settings are silent', async (t) => {
  const env = { NAT_KEEPALIVE_DELAY: '', NAT_KEEPALIVE_LIMIT: '  ', NAT_KEEPALIVE: '' }
  const run = await runNode(['-r', register, '-e', turn], { env })
  t.equal(run.stderr, '')
})

t.test('off is silent whatever else is set', async (t) => {
  const env = { NAT_KEEPALIVE: 'off', NAT_KEEPALIVE_DELAY: 'x', NAT_KEEPALIVE_SYSCTL: 'strict' }
  const run = await runNode(['-r', register, '-e', turn], { env })
  t.strictSame([run.code, run.stdout, run.stderr], [0, '', ''])
})

t.test('every word for off is silent, whatever else is set', async (t) => {
  for (const word of ['0', 'false', 'No', 'DISABLED', ' off ']) {
    const env = { NAT_KEEPALIVE: word, NAT_KEEPALIVE_DELAY: 'x', NAT_KEEPALIVE_SYSCTL: 'strict' }
    const source = 'console.log(Symbol.for("nat-keepalive.1") in require("net").Socket.prototype)'
    const run = await runNode(['-r', register, '-e', source], { env })
    t.strictSame([run.code, run.stdout, run.stderr], [0, 'false\n', ''], word)
  }
})

t.test('the kernel check', async (t) => {
  const hook = ['-r', register]
  const warn = { NAT_KEEPALIVE_SYSCTL: 'warn' }
  t.test('is silent by default: a stock kernel is told of where it matters', async (t) => {
    const run = inNamespace(7200, [...hook, '-p', '1'])
    t.strictSame([run.code, run.stdout, run.stderr], [0, '1\n', ''])
  })
  t.test('does not end a program for which every warning is fatal', async (t) => {
    const source =
      'process.on("warning", (w) => { throw w }); setTimeout(() => console.log("on"), 50)'
    const run = inNamespace(7200, [...hook, '-e', source])
    t.strictSame([run.code, run.stdout, run.stderr], [0, 'on\n', ''])
  })
  t.test('leaves no trace in the environment', async (t) => {
    for (const env of [{}, warn, { NAT_KEEPALIVE_MODE: 'kernel' }]) {
      const source = 'console.log(Object.keys(process.env).sort().join())'
      const bare = inNamespace(7200, ['-e', source], env)
      t.equal(inNamespace(7200, [...hook, '-e', source], env).stdout, bare.stdout)
    }
  })
  t.test('warns where that is asked for and the first probe comes after the limit', async (t) => {
    const { code, stdout, stderr } = inNamespace(7200, [...hook, '-e', turn], warn)
    t.strictSame([code, stdout], [0, ''])
    t.match(stderr, /\[NKA101\] .*7200 s .*4m .*tcp_keepalive_intvl=75, tcp_keepalive_probes=9/)
    t.equal(stderr.match(/NKA101/g)?.length, 1)
  })
  t.test('is silent where it comes in time', async (t) => {
    for (const seconds of [30, 31, 239]) {
      t.equal(inNamespace(seconds, [...hook, '-e', turn], warn).stderr, '', `${seconds} s`)
    }
  })
  t.test('goes by the limit that is set', async (t) => {
    const env = { ...warn, NAT_KEEPALIVE_LIMIT: '60s' }
    t.match(inNamespace(60, [...hook, '-e', turn], env).stderr, /NKA101.* 60 s .* 1m /)
    t.equal(inNamespace(59, [...hook, '-e', turn], env).stderr, '')
  })
  t.test('warns once per process tree', async (t) => {
    const source = `
      const { execFileSync, fork } = require("child_process")
      const { Worker } = require("worker_threads")
      if (process.argv[2] !== "child") {
        execFileSync(process.execPath, ["-r", ${JSON.stringify(register)}, "-e", "0"], { stdio: "inherit" })
        execFileSync("sh", ["-c", \`"$0" -r ${register} -e 0; true\`, process.execPath], { stdio: "inherit" })
        fork(__filename, ["child"])
        new Worker("0", { eval: true })
        new Worker("0", { eval: true, env: {} })
      }`
    const program = join(temporaryFolder(t), 'tree.cjs')
    writeFileSync(program, source)
    t.equal(inNamespace(7200, [...hook, program], warn).stderr.match(/NKA101/g)?.length, 1)
  })
  t.test('concerns every socket in kernel mode', async (t) => {
    const env = { NAT_KEEPALIVE_MODE: 'kernel' }
    t.match(inNamespace(7200, [...hook, '-e', turn], env).stderr, /NKA101.*every socket/)
  })
  t.test('tells DEBUG of the outcome, without a warning', async (t) => {
    const { stderr } = inNamespace(7200, [...hook, '-e', turn], { DEBUG: 'nat-keepalive:kernel' })
    t.match(stderr, /nat-keepalive:kernel does not suit .*timeSeconds: 7200/)
    t.notMatch(stderr, /NKA/)
  })
  t.test('strict does not start the program, and says the same', async (t) => {
    const env = { NAT_KEEPALIVE_SYSCTL: 'strict' }
    const late = inNamespace(7200, [...hook, '-e', 'console.log("started")'], env)
    t.strictSame([late.code, late.stdout], [78, ''])
    const warned = inNamespace(7200, [...hook, '-e', turn], warn)
    const text = (stderr: string) => /NKA101\].*/.exec(stderr)?.[0]
    t.ok(text(late.stderr))
    t.equal(text(late.stderr), text(warned.stderr))
    const good = inNamespace(45, [...hook, '-e', 'console.log("started")'], env)
    t.strictSame([good.code, good.stdout, good.stderr], [0, 'started\n', ''])
  })
  t.test('off is silent', async (t) => {
    const env = { NAT_KEEPALIVE_SYSCTL: 'off', NAT_KEEPALIVE_MODE: 'kernel' }
    t.equal(inNamespace(7200, [...hook, '-e', '0'], env).stderr, '')
  })
  t.test('says "not known" to those who asked, where /proc cannot be read', async (t) => {
    const major = Number(process.versions.node.split('.')[0])
    const permission = major >= 22 ? '--permission' : '--experimental-permission'
    const args = [
      permission,
      `--allow-fs-read=${root}/*`,
      ...hook,
      '-e',
      'setTimeout(() => console.log("on"), 20)',
    ]
    for (const NAT_KEEPALIVE_SYSCTL of ['warn', 'strict']) {
      const run = inNamespace(7200, args, { NAT_KEEPALIVE_SYSCTL })
      t.strictSame([run.code, run.stdout], [0, 'on\n'])
      t.match(run.stderr, /NKA101.*not known.*permission model/)
      t.notMatch(run.stderr, /7200/)
    }
    const kernel = inNamespace(7200, args, { NAT_KEEPALIVE_MODE: 'kernel' })
    t.notMatch(kernel.stderr, /NKA/, 'not asked, nothing said')
  })
})

t.test('a hook that cannot be loaded is one NKA002, and the program goes on', async (t) => {
  const folder = temporaryFolder(t)
  cpSync(register, join(folder, 'register.js'))
  const run = await runNode(['-r', join(folder, 'register.js'), '-e', 'console.log("on")'])
  t.strictSame([run.code, run.stdout], [0, 'on\n'])
  t.equal(run.stderr.match(/NKA002/g)?.length, 1)
})

t.test('the rest of the package missing at the first connect is one NKA002', async (t) => {
  const folder = copyOfPackage(t)
  rmSync(join(folder, 'dist', 'hook', 'hook.js'))
  const source = `
    const net = require("net")
    for (let i = 0; i < 3; i++) net.connect(9, "127.0.0.1").on("error", (e) => console.log(e.code))`
  const run = await runNode(['-r', join(folder, 'register.js'), '-e', source])
  t.strictSame([run.code, run.stdout], [0, 'ECONNREFUSED\n'.repeat(3)])
  t.equal(run.stderr.match(/NKA002/g)?.length, 1)
})

/** Another copy of the package, of version `as` if one is given. */
function copyOfPackage(t: Test, as?: string): string {
  const folder = temporaryFolder(t)
  cpSync(register, join(folder, 'register.js'))
  cpSync(join(root, 'dist'), join(folder, 'dist'), { recursive: true })
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'))
  if (as !== undefined) {
    const file = join(folder, 'dist', 'register.js')
    const text = readFileSync(file, 'utf8')
    writeFileSync(file, text.replace(`'${version}'`, `'${as}'`))
  }
  return folder
}

t.test('loaded twice, or from two copies, the hook is one', async (t) => {
  const source = `
    const { connect } = require("net").Socket.prototype
    console.log(/nat/.test(connect.toString()) , Object.getOwnPropertySymbols(globalThis).filter((s) => /nat-keepalive/.test(String(s))).length)
    process.env.DEBUG = ""
    const { report, install } = require(${JSON.stringify(root)})
    const undo = install(); undo(); undo()
    console.log(require("net").Socket.prototype.connect === connect)`
  const copy = copyOfPackage(t)
  for (const second of [register, join(copy, 'register.js')]) {
    const run = await runNode(['-r', register, '-r', second, '-e', source])
    t.equal(run.stderr, '')
    t.match(run.stdout, / 1\ntrue\n$/)
  }
})

t.test('a second copy of another version says NKA002 and leaves the first in charge', async (t) => {
  const copy = copyOfPackage(t, '9.9.9')
  const run = await runNode(['-r', register, '-r', join(copy, 'register.js'), '-e', '0'])
  t.equal(run.code, 0)
  t.match(run.stderr, new RegExp(`NKA002.*9\\.9\\.9.*${version.replaceAll('.', '\\.')}`))
  t.equal(run.stderr.match(/NKA002/g)?.length, 1)
})
