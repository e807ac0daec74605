type Method = (this: unknown, ...args: unknown[]) => unknown

/**
 * Replaces `target[name]` by what `make` returns for it, with the same descriptor, name and length.
 * Returns an undo that restores the original only while our function is still on top: a wrapper that
 * somebody put over ours keeps working, and ours must pass through by itself from then on.
 * Throws a TypeError where there is no such method, and what `Object.defineProperty` throws.
 */
export function wrapMethod(
  target: object,
  name: string,
  make: (original: Method) => Method,
): () => void {
  const descriptor = Object.getOwnPropertyDescriptor(target, name)
  const original: unknown = descriptor?.value
  if (typeof original !== 'function') throw new TypeError(`There is no method ${name} to wrap.`)
  const wrapper = make(original as Method)
  for (const key of ['name', 'length']) {
    const own = Object.getOwnPropertyDescriptor(original, key)
    if (own !== undefined) Object.defineProperty(wrapper, key, own)
  }
  Object.defineProperty(target, name, { ...descriptor, value: wrapper })
  return () => {
    const current = Object.getOwnPropertyDescriptor(target, name)
    if (current?.value === wrapper) {
      Object.defineProperty(target, name, { ...current, value: original })
    }
  }
}
