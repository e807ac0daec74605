import { comment, coverage, merge } from './comment'
import { nameAndValue } from './name-and-value'
import type { Snippet } from './snippet'
import { hookFolder, type Values } from './values'

/** Values for a chart, under the names that many charts have. */
export function renderHelm(values: Values): Snippet {
  const { values: numbers, hook, sysctls, not } = coverage(values)
  const notes = [
    numbers,
    'The names of the values are those of many charts; look into the values.yaml of yours, which may call them env, extraEnvVars, volumes or volumeMounts.',
    hook,
    `${sysctls} They are safe sysctls from Kubernetes 1.29 on.`,
    not,
    `The hook comes out of an image of yours that holds the package at ${hookFolder}. ${merge}`,
  ]
  const lines = [
    'podSecurityContext:',
    '  sysctls:',
    ...nameAndValue(values.sysctls, 4),
    'initContainers:',
    '  - name: nat-keepalive',
    `    image: registry.example.com/nat-keepalive:${values.version}`,
    `    command: ["cp", "-R", "${hookFolder}/.", "/hook/"]`,
    '    volumeMounts:',
    '      - name: nat-keepalive',
    '        mountPath: /hook',
    'extraEnv:',
    ...nameAndValue(values.environment, 2),
    'extraVolumeMounts:',
    '  - name: nat-keepalive',
    `    mountPath: ${hookFolder}`,
    '    readOnly: true',
    'extraVolumes:',
    '  - name: nat-keepalive',
    '    emptyDir: {}',
  ]
  return { text: `${comment(notes)}${lines.join('\n')}\n`, talk: '' }
}
