/** A reporter for node:test that prints nothing which varies from run to run. */
export default async function* plainReporter(source) {
  for await (const { type, data } of source) {
    const { name, skip, details } = data
    if (type === 'test:pass') yield `ok ${name}${skip ? ' # skip' : ''}\n`
    if (type !== 'test:fail') continue
    const { cause, message } = details.error
    yield `not ok ${name}\n${cause?.stack ?? message}\n`
  }
}
