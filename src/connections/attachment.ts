/** Its constructor gives back what it gets, so that a subclass puts its private field on that. */
class Given {
  constructor(target: object) {
    // biome-ignore lint/correctness/noConstructorReturn: this is how a private field gets there.
    return target
  }
}

/**
 * One value on an object that is not ours, where no program can see it, and which goes with the
 * object. A WeakMap does the same, and costs the garbage collector more.
 */
export class Attachment extends Given {
  #value: object

  private constructor(target: object, value: object) {
    super(target)
    this.#value = value
  }

  static set(target: object, value: object): void {
    if (#value in target) target.#value = value
    else new Attachment(target, value)
  }

  static get(target: object): object | undefined {
    return #value in target ? target.#value : undefined
  }
}
