import client from './client.cjs'

let port

export function initialize(data) {
  port = Number(data)
}

export async function resolve(specifier, context, next) {
  return specifier === 'virtual:answer'
    ? { url: specifier, shortCircuit: true }
    : next(specifier, context)
}

export async function load(url, context, next) {
  if (url !== 'virtual:answer') return next(url, context)
  const answers = []
  await client.main(port, 'hooks', ['net', 'http'], (...line) => answers.push(line.join(' ')))
  const source = `export const answer = ${JSON.stringify(answers.join(', '))}`
  return { format: 'module', source, shortCircuit: true }
}
