import { comment, coverage, inImage, merge } from './comment'
import type { Snippet } from './snippet'
import type { Values } from './values'

/** A task definition of ECS for Terraform. */
export function renderTerraform(values: Values): Snippet {
  const { values: numbers, hook, sysctls, not } = coverage(values)
  const notes = [
    numbers,
    hook,
    `${sysctls} In the network mode awsvpc they hold for all containers of the task, so they are set in one.`,
    not,
    `${inImage} ${merge}`,
  ]
  const pairs = (members: readonly (readonly [string, string])[], key: string) =>
    members.flatMap(([name, value]) => [
      '      {',
      `        ${key} = ${quote(name)}`,
      `        value${' '.repeat(Math.max(0, key.length - 5))} = ${quote(value)}`,
      '      },',
    ])
  const lines = [
    'resource "aws_ecs_task_definition" "your_task" {',
    '  family                   = "your-task"',
    '  network_mode             = "awsvpc"',
    '  requires_compatibilities = ["FARGATE"]',
    '  cpu                      = 256',
    '  memory                   = 512',
    '  container_definitions = jsonencode([{',
    '    name      = "app"',
    '    image     = "your-image"',
    '    essential = true',
    '    environment = [',
    ...pairs(values.environment, 'name').map((line) => line.replace('name =', 'name  =')),
    '    ]',
    '    systemControls = [',
    ...pairs(values.sysctls, 'namespace'),
    '    ]',
    '  }])',
    '}',
  ]
  return { text: `${comment(notes)}${lines.join('\n')}\n`, talk: '' }
}

/** HCL: JSON's escapes, and two signs that begin a template. */
function quote(text: string): string {
  return JSON.stringify(text).replace(/([$%])\{/g, '$1$1{')
}
