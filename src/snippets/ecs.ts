import { renderJson } from '../terminal/render-json'
import { coverage, inImage, merge } from './comment'
import type { Snippet } from './snippet'
import type { Values } from './values'

/** A task definition. JSON has no comments, so all that is to be said is talk. */
export function renderEcs(values: Values): Snippet {
  const { values: numbers, hook, sysctls, not } = coverage(values)
  const definition = {
    family: 'your-task',
    networkMode: 'awsvpc',
    requiresCompatibilities: ['FARGATE'],
    cpu: '256',
    memory: '512',
    containerDefinitions: [
      {
        name: 'app',
        image: 'your-image',
        essential: true,
        environment: values.environment.map(([name, value]) => ({ name, value })),
        systemControls: values.sysctls.map(([namespace, value]) => ({ namespace, value })),
      },
    ],
  }
  const notes = [
    numbers,
    hook,
    `${sysctls} In the network mode awsvpc, which is that of Fargate, they hold for all containers of the task, so set them in one; Fargate knows them from platform version 1.4.0 on (Linux), the network mode host refuses them.`,
    not,
    `${inImage} ${merge}`,
  ]
  return { text: renderJson(definition), talk: notes.join('\n') }
}
