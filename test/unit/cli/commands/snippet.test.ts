import { spawnSync } from 'node:child_process'
import { chmodSync, cpSync, mkdirSync, writeFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import t, { type Test } from 'tap'
import { run } from '../../../../src/cli/commands/snippet'
import { version } from '../../../../src/process/version'
import { parseConfig } from '../../../../src/settings/config'
import { renderCloudRun } from '../../../../src/snippets/cloud-run'
import { renderCompose } from '../../../../src/snippets/compose'
import { renderDocker } from '../../../../src/snippets/docker'
import { renderEcs } from '../../../../src/snippets/ecs'
import { renderHelm } from '../../../../src/snippets/helm'
import { renderKubernetes } from '../../../../src/snippets/kubernetes'
import { renderKustomize } from '../../../../src/snippets/kustomize'
import { renderLambda } from '../../../../src/snippets/lambda'
import { renderOpenTelemetryInjector } from '../../../../src/snippets/opentelemetry-injector'
import { renderPm2 } from '../../../../src/snippets/pm2'
import type { RenderSnippet } from '../../../../src/snippets/snippet'
import { renderSysctl } from '../../../../src/snippets/sysctl'
import { renderSystemd } from '../../../../src/snippets/systemd'
import { renderTerraform } from '../../../../src/snippets/terraform'
import { valuesOf } from '../../../../src/snippets/values'
import { root, withEnv } from '../../../run-node'
import { folderWith } from '../../doctor/checks/machine'
import { matchExpected } from './expected'

const kinds: Readonly<Record<string, readonly [render: RenderSnippet, extension: string]>> = {
  docker: [renderDocker, 'sh'],
  compose: [renderCompose, 'yaml'],
  kubernetes: [renderKubernetes, 'yaml'],
  // Not as .json, whose formatter would have it another way.
  ecs: [renderEcs, 'json.txt'],
  lambda: [renderLambda, 'yaml'],
  systemd: [renderSystemd, 'conf'],
  kustomize: [renderKustomize, 'yaml'],
  helm: [renderHelm, 'yaml'],
  terraform: [renderTerraform, 'tf'],
  'cloud-run': [renderCloudRun, 'yaml'],
  pm2: [renderPm2, 'cjs.txt'],
  'opentelemetry-injector': [renderOpenTelemetryInjector, 'conf'],
  sysctl: [renderSysctl, 'conf'],
}

const minute = {
  NAT_KEEPALIVE_LIMIT: '60s',
  NAT_KEEPALIVE_EXCLUDE: '*.internal,[fd00::1]:443',
}

function valuesFor(env: Record<string, string>) {
  const { config, given } = parseConfig(env)
  return valuesOf(config, given, '0.1.0')
}

function render(kind: string, env: Record<string, string> = minute) {
  const [renderKind] = kinds[kind] ?? []
  if (renderKind === undefined) throw new Error(kind)
  return renderKind(valuesFor(env))
}

async function snippet(kind: string, env: Record<string, string> = {}) {
  const said = { stdout: '', stderr: '' }
  const output = (name: keyof typeof said) => ({
    write(text: string) {
      said[name] += text
    },
  })
  const terminal = { stdout: output('stdout'), stderr: output('stderr'), paint: String }
  const code = await run({}, terminal, { env, operands: [kind] })
  return { code, ...said }
}

t.test('the whole text of every kind', (t) => {
  for (const [kind, [, extension]] of Object.entries(kinds)) {
    const { text, talk } = render(kind)
    matchExpected(t, text, `snippet-${kind}.${extension}`)
    if (talk !== '') matchExpected(t, talk, `snippet-${kind}-talk.txt`)
    for (const row of text.split('\n')) {
      t.ok(row.length <= 80, row)
      t.equal(row, row.trimEnd())
    }
    const words = `${text}${talk}`.replace(/\s+(# )?/g, ' ')
    t.match(words, 'Not covered: ', `${kind} says what it does not cover`)
    t.match(words, /The (hook covers|sysctls cover) /, `${kind} says what it covers`)
  }
  t.end()
})

t.test('the values follow from the settings', (t) => {
  const table: readonly [
    env: Record<string, string>,
    time: string,
    intvl: string,
    probes: string,
  ][] = [
    [{}, '45', '15', '24'],
    [{ NAT_KEEPALIVE_LIMIT: '60s' }, '15', '15', '24'],
    [{ NAT_KEEPALIVE_LIMIT: '20s' }, '5', '5', '72'],
    [{ NAT_KEEPALIVE_PROFILE: 'aws-nat-gateway' }, '45', '15', '25'],
    [{ NAT_KEEPALIVE_DELAY: '30s', NAT_KEEPALIVE_INTERVAL: '10s' }, '30', '10', '36'],
    [{ NAT_KEEPALIVE_PROBES: '9' }, '45', '15', '9'],
  ]
  for (const [env, time, intvl, probes] of table) {
    const withSysctls = ['docker', 'compose', 'kubernetes', 'ecs', 'sysctl']
    for (const kind of [...withSysctls, 'kustomize', 'helm', 'terraform']) {
      const found = [
        ...render(kind, env).text.matchAll(/tcp_keepalive_(\w+)\W+(?:value\W+)?(\d+)/g),
      ]
      const values = Object.fromEntries(found.map(([, name = '', value]) => [name, value]))
      t.strictSame(values, { time, intvl, probes }, `${kind} ${JSON.stringify(env)}`)
    }
  }
  t.end()
})

t.test('what was set is handed on, and only that', async (t) => {
  const refused = { NAT_KEEPALIVE_DELAY: '45', NAT_KEEPALIVE_MODE: 'KERNEL', NAT_KEEPALIVE: 'off' }
  const { code, stdout, stderr } = await snippet('systemd', { HOME: '/root', ...refused })
  t.equal(code, 0)
  t.strictSame(stdout.match(/^Environment=.*$/gm), [
    'Environment="NODE_OPTIONS=--require=/opt/nat-keepalive/register.js"',
    'Environment="NAT_KEEPALIVE_MODE=kernel"',
  ])
  t.match(stderr, 'NAT_KEEPALIVE_DELAY="45" was refused')
})

t.test('talk is on stderr where the format has no comments', async (t) => {
  const { stdout, stderr } = await snippet('ecs')
  t.match(JSON.parse(stdout), { containerDefinitions: [{ systemControls: { length: 3 } }] })
  t.match(stderr, 'Not covered: ')
  for (const row of stderr.split('\n')) t.ok(row.length <= 80, row)
  t.equal((await snippet('docker')).stderr, '')
  t.match((await snippet('kubernetes')).stdout, `nat-keepalive:${version}`)
})

t.test('the comments of every kind are comments', (t) => {
  for (const kind of Object.keys(kinds)) {
    if (kind === 'ecs') continue
    const rows = render(kind)
      .text.split('\n')
      .filter((row) => !/^\s*(?:#|\/\/)/.test(row))
    for (const row of rows) t.notMatch(row, /[a-z]+ [a-z]+ [a-z]+ [a-z]+/, row)
    t.ok(rows.length > 1)
  }
  t.end()
})

/** A folder that stands for / of an image: the package at /opt/nat-keepalive. */
function image(t: Test): string {
  const folder = folderWith(t, {})
  const home = join(folder, 'opt', 'nat-keepalive')
  mkdirSync(home, { recursive: true })
  for (const name of ['register.js', 'package.json', 'dist']) {
    cpSync(join(root, name), join(home, name), { recursive: true })
  }
  const semver = join('node_modules', 'semver')
  cpSync(join(root, semver), join(home, semver), { recursive: true, dereference: true })
  return folder
}

/**
 * Runs the doctor where /opt is that of the image, in a network and a mount namespace of its own,
 * after `setUp` in it.
 */
function doctor(folder: string, setUp: string, env: Record<string, string>) {
  const bin = '/opt/nat-keepalive/dist/bin.js'
  const script = `mount --bind "$0/opt" /opt && { ${setUp}
} >&2 && cd / && exec env "$@"`
  // NODE_OPTIONS comes behind the script, so that it is for the doctor alone.
  const variables = Object.entries(env).map(([name, value]) => `${name}=${value}`)
  const argv = ['unshare', '-rnm', 'sh', '-c', script, folder, ...variables, process.execPath, bin]
  const [command = '', ...rest] = withEnv({}, [...argv, 'doctor', '--json'])
  const { status, stdout, stderr } = spawnSync(command, rest, { encoding: 'utf8' })
  if (stdout === '') return { code: status, stderr, kernel: '', hook: '', settings: '' }
  const verdict = (wanted: string): string =>
    JSON.parse(stdout).checks.find(({ id }: { id: string }) => id === wanted).verdict
  return {
    code: status,
    stderr: stderr.replace(/^net\.ipv4\.\w+ = \d+\n/gm, ''),
    kernel: verdict('kernel'),
    hook: verdict('hook'),
    settings: verdict('settings'),
  }
}

const satisfied = { code: 0, stderr: '', kernel: 'ok', hook: 'ok', settings: 'ok' }
const set = (assignments: readonly string[]) =>
  assignments
    .map((each) => each.replace(/^(.*)=(.*)$/, (_, name, value) => write(name, value)))
    .join('\n')
const write = (name: string, value: string) =>
  `echo ${value} > /proc/sys/${name.replaceAll('.', '/')}`

t.test('without a snippet, the doctor has advice: the hook covers JavaScript alone', (t) => {
  const env = {
    NODE_OPTIONS: '--require=/opt/nat-keepalive/register.js',
    NAT_KEEPALIVE_SYSCTL: 'off',
  }
  t.match(doctor(image(t), ':', env), { code: 0, kernel: 'advice', hook: 'ok' })
  t.match(doctor(image(t), 'echo 45 > /proc/sys/net/ipv4/tcp_keepalive_time', {}), {
    code: 0,
    hook: 'advice',
  })
  t.end()
})

t.test('docker: what the shell makes of it satisfies the doctor', (t) => {
  const folder = image(t)
  const tools = folderWith(t, { docker: '#!/bin/sh\nprintf "%s\\n" "$@"\n' })
  chmodSync(join(tools, 'docker'), 0o755)
  const { stdout, stderr } = spawnSync('sh', ['-eu'], {
    input: render('docker').text,
    encoding: 'utf8',
    env: { PATH: `${tools}${delimiter}${process.env.PATH}` },
  })
  t.equal(stderr, '')
  const args = stdout.trimEnd().split('\n')
  t.equal(args[0], 'run')
  t.equal(args.at(-1), 'your-image')
  const after = (flag: string) => args.filter((_, index) => args[index - 1] === flag)
  t.equal(after('--sysctl').length, 3)
  const env = Object.fromEntries(after('-e').map((each) => [...split(each)]))
  t.match(env, { NAT_KEEPALIVE_LIMIT: '1m', NAT_KEEPALIVE_EXCLUDE: '*.internal,[fd00::1]:443' })
  t.strictSame(doctor(folder, set(after('--sysctl')), env), satisfied)
  t.end()
})

function split(assignment: string): [string, string] {
  const at = assignment.indexOf('=')
  return [assignment.slice(0, at), assignment.slice(at + 1)]
}

t.test('ecs: its environment and systemControls satisfy the doctor', (t) => {
  const [container] = JSON.parse(render('ecs').text).containerDefinitions
  const env = container.environment.map(({ name, value }: Record<string, string>) => [name, value])
  const assignments = container.systemControls.map(
    ({ namespace, value }: Record<string, string>) => `${namespace}=${value}`,
  )
  t.equal(assignments.length, 3)
  t.strictSame(doctor(image(t), set(assignments), Object.fromEntries(env)), satisfied)
  t.end()
})

t.test('compose, kubernetes, lambda: their values satisfy the doctor', (t) => {
  const folder = image(t)
  for (const kind of ['compose', 'kubernetes', 'lambda', 'kustomize', 'helm', 'cloud-run']) {
    const { text } = render(kind)
    const pairs = [
      ...text.matchAll(/^ +(?:- name: )?([\w.]+):? *(?:\n +value: )?("[^"\n]*"|\d+)$/gm),
    ].map(([, name = '', value = '']) => [name, String(JSON.parse(value))] as const)
    const env = Object.fromEntries(pairs.filter(([name]) => /^[A-Z_]+$/.test(name)))
    t.strictSame(env, Object.fromEntries(valuesFor(minute).environment), kind)
    const sysctls = pairs.filter(([name]) => name.startsWith('net.'))
    const none = kind === 'lambda' || kind === 'cloud-run'
    t.equal(sysctls.length, none ? 0 : 3, kind)
    const assignments = sysctls.map(([name, value]) => `${name}=${value}`)
    const place: Record<string, string> = kind === 'lambda' ? { AWS_LAMBDA_FUNCTION_NAME: 'f' } : {}
    const surroundings = { ...env, ...place, NAT_KEEPALIVE_SYSCTL: 'off' }
    const result = doctor(folder, set(assignments) || ':', surroundings)
    // These set no sysctls, and the doctor says so without making it a finding.
    const kernel = none ? 'advice' : 'ok'
    const wanted = { ...satisfied, kernel, code: 0 }
    t.strictSame(result, wanted, kind)
  }
  t.end()
})

t.test('kubernetes: the variant for older clusters sets the same', (t) => {
  const rows = render('kubernetes').text.split('\n')
  const commented = rows.filter((row) => /^ {4}#(-| {2})/.test(row)).map((row) => row.slice(5))
  t.equal(commented[0], '- name: keepalive-sysctls')
  const command = commented.filter((row) => row.startsWith('    - ')).map((row) => row.slice(6))
  t.strictSame(command.slice(0, 2), ['sysctl', '-w'])
  const { environment } = valuesFor(minute)
  const result = doctor(image(t), command.join(' '), Object.fromEntries(environment))
  t.strictSame(result, satisfied)
  t.end()
})

t.test('sysctl: the real tool reads it, and the doctor is satisfied', (t) => {
  const folder = image(t)
  writeFileSync(join(folder, 'opt', '60-nat-keepalive.conf'), render('sysctl').text)
  const env = Object.fromEntries(valuesFor(minute).environment)
  t.strictSame(doctor(folder, 'sysctl -p /opt/60-nat-keepalive.conf', env), satisfied)
  t.end()
})

t.test('systemd: the real tool finds nothing wrong, and sees what is wrong', (t) => {
  const verify = (text: string) => {
    const folder = folderWith(t, {
      'your.service': '[Service]\nExecStart=/bin/true\n',
      'your.service.d/nat-keepalive.conf': text,
    })
    const argv = withEnv({}, [
      'systemd-analyze',
      'verify',
      '--man=no',
      join(folder, 'your.service'),
    ])
    const { status, stdout, stderr } = spawnSync(argv[0] ?? '', argv.slice(1), { encoding: 'utf8' })
    return { status, said: `${stdout}${stderr}`.split('\n').filter((row) => row.includes(folder)) }
  }
  t.strictSame(verify(render('systemd').text), { status: 0, said: [] })
  t.match(verify(`${render('systemd').text}Environmnt=x\n`).said.join(), 'Environmnt')
  t.match(verify('[Service]\nEnvironment="A=%Q"\n').said.join(), 'specifier')
  t.end()
})

t.test('systemd: percent signs, quotes and backslashes are kept', (t) => {
  const values = { ...valuesFor({}), environment: [['A', '50% "x\\y"']] as const }
  t.match(renderSystemd(values).text, 'Environment="A=50%% \\"x\\\\y\\""')
  t.end()
})

t.test('compose: a dollar is no variable', (t) => {
  const values = { ...valuesFor({}), environment: [['A', '$HOME$$']] as const }
  t.match(renderCompose(values).text, 'A: "$$HOME$$$$"')
  t.end()
})

t.test('pm2: the file is a module whose programs have the environment', (t) => {
  const module = { exports: {} as { apps?: { env: object }[] } }
  new Function('module', render('pm2').text)(module)
  t.strictSame(module.exports.apps?.[0]?.env, Object.fromEntries(valuesFor(minute).environment))
  t.end()
})

t.test('terraform: what begins a template is a text', (t) => {
  const text = ['$', '{b} %{c} $d "e"'].join('')
  const values = { ...valuesFor({}), environment: [['A', text]] as const }
  t.match(renderTerraform(values).text, 'value = "$${b} %%{c} $d \\"e\\""')
  t.end()
})

t.test('opentelemetry-injector: the one line is the path, and the settings are named', (t) => {
  const { text } = render('opentelemetry-injector')
  t.strictSame(
    text.split('\n').filter((line) => line !== '' && !line.startsWith('#')),
    ['nodejs_auto_instrumentation_agent_path=/opt/nat-keepalive/register.js'],
  )
  t.match(text, '# NAT_KEEPALIVE_LIMIT=1m\n')
  t.end()
})
