/** What a member of a list carries: its neighbours. */
export interface Linked<T> {
  before: T | null
  after: T | null
}

/** A list that its members leave at a constant cost. A member is in one list at a time. */
export class LinkedList<T extends Linked<T>> {
  #first: T | null = null
  #last: T | null = null
  #size = 0

  get size(): number {
    return this.#size
  }

  append(member: T): void {
    const last = this.#last
    member.before = last
    if (last === null) this.#first = member
    else last.after = member
    this.#last = member
    this.#size++
  }

  remove(member: T): void {
    const { before, after } = member
    if (before === null) this.#first = after
    else before.after = after
    if (after === null) this.#last = before
    else after.before = before
    member.before = null
    member.after = null
    this.#size--
  }

  /** The members of this moment, so that some may leave while they are looked at. */
  toArray(): T[] {
    const members: T[] = []
    for (let member = this.#first; member !== null; member = member.after) members.push(member)
    return members
  }
}
