import { comment, coverage, merge } from './comment'
import type { Snippet } from './snippet'
import { hookFolder, type Values } from './values'

/** A pod with the sysctls and the hook; the same goes into the template of a Deployment. */
export function renderKubernetes(values: Values): Snippet {
  const { values: numbers, hook, sysctls, not } = coverage(values)
  const text = [
    comment([
      numbers,
      hook,
      `${sysctls} They hold for all containers of the pod, which must not have hostNetwork.`,
      not,
      `In a Deployment, all below spec belongs below spec.template.spec. ${merge}`,
    ]),
    yaml(`
      apiVersion: v1
      kind: Pod
      metadata:
        name: your-app
      spec:
        securityContext:`),
    comment(['Safe sysctls from Kubernetes 1.29 on, with Linux 4.5 or newer.'], 4),
    yaml(`
          sysctls:`),
    ...values.sysctls.map(([name, value]) =>
      yaml(`
            - name: ${name}
              value: ${JSON.stringify(value)}`),
    ),
    yaml(`
        initContainers:`),
    comment(
      [
        'On older clusters, leave out securityContext above and take the # from these lines: a privileged container, which the Pod Security levels baseline and restricted forbid, sets them before the others start.',
      ],
      4,
    ),
    yaml(`
          #- name: keepalive-sysctls
          #  image: busybox:1.37
          #  securityContext:
          #    privileged: true
          #  command:
          #    - sysctl
          #    - -w`),
    ...values.sysctls.map(([name, value]) =>
      yaml(`
          #    - ${name}=${value}`),
    ),
    comment(
      [
        `The hook, out of an image of yours that holds the package at ${hookFolder}. Where the image of the app holds it already, neither this nor the volume is needed.`,
      ],
      4,
    ),
    yaml(`
          - name: nat-keepalive
            image: registry.example.com/nat-keepalive:${values.version}
            command: ["cp", "-R", "${hookFolder}/.", "/hook/"]
            volumeMounts:
              - name: nat-keepalive
                mountPath: /hook
        containers:
          - name: app
            image: your-image
            env:`),
    ...values.environment.map(([name, value]) =>
      yaml(`
              - name: ${name}
                value: ${JSON.stringify(value)}`),
    ),
    yaml(`
            volumeMounts:
              - name: nat-keepalive
                mountPath: ${hookFolder}
                readOnly: true
        volumes:
          - name: nat-keepalive
            emptyDir: {}`),
  ].join('')
  return { text, talk: '' }
}

/** Takes the indentation of this file away. */
function yaml(text: string): string {
  return `${text.slice(1).replace(/^ {6}/gm, '')}\n`
}
