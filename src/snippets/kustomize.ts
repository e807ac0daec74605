import { comment, coverage, merge } from './comment'
import { nameAndValue } from './name-and-value'
import type { Snippet } from './snippet'
import { hookFolder, type Values } from './values'

/** A component of Kustomize, which patches the labelled Deployments. */
export function renderKustomize(values: Values): Snippet {
  const { values: numbers, hook, sysctls, not } = coverage(values)
  const notes = [
    'components/nat-keepalive/kustomization.yaml; name its folder under components in an overlay.',
    numbers,
    `${hook} It is patched into the container "app" of Deployments with the label nat-keepalive=enabled: put the name of yours there.`,
    `${sysctls} They are safe sysctls from Kubernetes 1.29 on; leave them out on older clusters.`,
    not,
    `The image has to hold the package at ${hookFolder}. ${merge}`,
  ]
  const lines = [
    'apiVersion: kustomize.config.k8s.io/v1alpha1',
    'kind: Component',
    'patches:',
    '  - target:',
    '      kind: Deployment',
    '      labelSelector: nat-keepalive=enabled',
    '    patch: |-',
    '      apiVersion: apps/v1',
    '      kind: Deployment',
    '      metadata:',
    '        name: any',
    '      spec:',
    '        template:',
    '          spec:',
    '            securityContext:',
    '              sysctls:',
    ...nameAndValue(values.sysctls, 16),
    '            initContainers:',
    '              - name: nat-keepalive',
    `                image: registry.example.com/nat-keepalive:${values.version}`,
    `                command: ["cp", "-R", "${hookFolder}/.", "/hook/"]`,
    '                volumeMounts:',
    '                  - name: nat-keepalive',
    '                    mountPath: /hook',
    '            containers:',
    '              - name: app',
    '                env:',
    ...nameAndValue(values.environment, 18),
    '                volumeMounts:',
    '                  - name: nat-keepalive',
    `                    mountPath: ${hookFolder}`,
    '                    readOnly: true',
    '            volumes:',
    '              - name: nat-keepalive',
    '                emptyDir: {}',
  ]
  return { text: `${comment(notes)}${lines.join('\n')}\n`, talk: '' }
}
