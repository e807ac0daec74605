import { comment, coverage, inImage, merge } from './comment'
import { nameAndValue } from './name-and-value'
import type { Snippet } from './snippet'
import type { Values } from './values'

/** A service of Cloud Run. */
export function renderCloudRun(values: Values): Snippet {
  const { values: numbers, hook, not } = coverage(values)
  const notes = [
    'For: gcloud run services replace service.yaml',
    numbers,
    hook,
    'Cloud Run lets nobody set sysctls, so native clients need a keepalive of their own.',
    'Without the annotation below a service gets no CPU between two requests, and the kernel of its sandbox sends no probes then.',
    not,
    `${inImage} ${merge}`,
  ]
  const lines = [
    'apiVersion: serving.knative.dev/v1',
    'kind: Service',
    'metadata:',
    '  name: your-service',
    'spec:',
    '  template:',
    '    metadata:',
    '      annotations:',
    '        run.googleapis.com/cpu-throttling: "false"',
    '        run.googleapis.com/execution-environment: gen2',
    '    spec:',
    '      containers:',
    '        - image: your-image',
    '          env:',
    ...nameAndValue(values.environment, 12),
  ]
  return { text: `${comment(notes)}${lines.join('\n')}\n`, talk: '' }
}
