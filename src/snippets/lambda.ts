import { comment, coverage, merge } from './comment'
import type { Snippet } from './snippet'
import type { Values } from './values'

/** A layer, and the environment of all functions of a SAM template. */
export function renderLambda(values: Values): Snippet {
  const { values: numbers, hook, not } = coverage(values)
  const notes = [
    numbers,
    hook,
    'Lambda lets nobody set sysctls, so native clients need a keepalive of their own.',
    not,
    'A function is frozen between two invocations, and probes are not sent then: connections that idle across invocations are not covered.',
    `The folder layer/ has to hold the package as layer/nat-keepalive, which Lambda puts at /opt/nat-keepalive. ${merge}`,
  ]
  const lines = [
    'AWSTemplateFormatVersion: "2010-09-09"',
    'Transform: AWS::Serverless-2016-10-31',
    'Globals:',
    '  Function:',
    '    Layers:',
    '      - Ref: NatKeepaliveLayer',
    '    Environment:',
    '      Variables:',
    ...values.environment.map(([name, value]) => `        ${name}: ${JSON.stringify(value)}`),
    'Resources:',
    '  NatKeepaliveLayer:',
    '    Type: AWS::Serverless::LayerVersion',
    '    Properties:',
    '      LayerName: nat-keepalive',
    '      ContentUri: layer/',
    '      CompatibleRuntimes:',
    '        - nodejs22.x',
    '        - nodejs24.x',
  ]
  return { text: `${comment(notes)}${lines.join('\n')}\n`, talk: '' }
}
