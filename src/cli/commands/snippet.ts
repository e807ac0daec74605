import { quoted } from '../../process/printable'
import { version } from '../../process/version'
import { parseConfig } from '../../settings/config'
import { nearest } from '../../settings/nearest'
import { renderCloudRun } from '../../snippets/cloud-run'
import { renderCompose } from '../../snippets/compose'
import { renderDocker } from '../../snippets/docker'
import { renderEcs } from '../../snippets/ecs'
import { renderHelm } from '../../snippets/helm'
import { renderKubernetes } from '../../snippets/kubernetes'
import { renderKustomize } from '../../snippets/kustomize'
import { renderLambda } from '../../snippets/lambda'
import { renderOpenTelemetryInjector } from '../../snippets/opentelemetry-injector'
import { renderPm2 } from '../../snippets/pm2'
import type { RenderSnippet } from '../../snippets/snippet'
import { renderSysctl } from '../../snippets/sysctl'
import { renderSystemd } from '../../snippets/systemd'
import { renderTerraform } from '../../snippets/terraform'
import { valuesOf } from '../../snippets/values'
import type { Terminal } from '../../terminal/terminal'
import { UsageError } from '../../terminal/usage-error'
import { wrapText } from '../../terminal/wrap-text'

export const summary = 'ready configuration with the computed values'

export const help = `Usage: nat-keepalive snippet KIND

Prints configuration that brings the hook and the kernel's keepalive times to
where programs run, with the values that the settings come to. All of it can be
pasted: what it covers and what not is in its comments, or on stderr where the
format has none.

  docker      a docker run command
  compose     a service of a compose file
  kubernetes  a pod: sysctls, and the hook through an init container
  kustomize   the same as a component, for labelled Deployments
  helm        the same as values of a chart
  ecs         a task definition, with systemControls
  terraform   the same as a resource of Terraform
  cloud-run   a service of Google Cloud Run
  lambda      a SAM template: a layer, and NODE_OPTIONS
  systemd     a drop-in for a unit
  pm2         an ecosystem file
  sysctl      a file for /etc/sysctl.d
  opentelemetry-injector  its configuration file

  --help      this text

Example, for a path that forgets after a minute:
  NAT_KEEPALIVE_LIMIT=60s nat-keepalive snippet sysctl

Exit codes: 0 fine, 2 wrong usage.
`

export const options = {}

export const operands = 'any' as const

const kinds: Readonly<Record<string, RenderSnippet>> = {
  docker: renderDocker,
  compose: renderCompose,
  kubernetes: renderKubernetes,
  kustomize: renderKustomize,
  helm: renderHelm,
  ecs: renderEcs,
  terraform: renderTerraform,
  'cloud-run': renderCloudRun,
  lambda: renderLambda,
  systemd: renderSystemd,
  pm2: renderPm2,
  sysctl: renderSysctl,
  'opentelemetry-injector': renderOpenTelemetryInjector,
}

export async function run(
  _values: object,
  { stdout, stderr }: Terminal,
  {
    env,
    operands: given,
  }: { readonly env: NodeJS.ProcessEnv; readonly operands: readonly string[] },
): Promise<number> {
  const render = choose(given)
  // Off is for a program; whoever asks for configuration wants the hook.
  const settings = parseConfig({ ...env, NAT_KEEPALIVE: '' })
  for (const { message } of settings.problems) stderr.write(`${wrapText(message)}\n`)
  const { text, talk } = render(valuesOf(settings.config, settings.given, version))
  for (const line of talk === '' ? [] : talk.split('\n')) stderr.write(`${wrapText(line)}\n`)
  stdout.write(text)
  return 0
}

function choose([kind, more]: readonly string[]): RenderSnippet {
  const all = Object.keys(kinds)
  if (kind === undefined) {
    throw new UsageError(`A KIND is missing: ${all.slice(0, -1).join(', ')} or ${all.at(-1)}.`)
  }
  if (more !== undefined) {
    throw new UsageError(`The argument ${quoted(more)} is one too many.`)
  }
  const render = Object.hasOwn(kinds, kind) ? kinds[kind] : undefined
  if (render !== undefined) return render
  const near = nearest(kind, all)
  const hint = near === null ? '' : `, perhaps ${near} was meant`
  throw new UsageError(`The kind ${quoted(kind)} is unknown${hint}.`)
}
