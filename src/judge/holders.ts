/**
 * Who holds a connection that the hook did not see connect: JavaScript of this thread, which received
 * it or made it around a descriptor; native code; null: not known.
 */
export type Holder = 'javascript' | 'native' | null

/** What one look knows of the sockets that the hook did not see connect. */
export interface Surmise {
  /** Descriptors of JavaScript of this thread. */
  readonly javascript: ReadonlySet<number>
  /** Whether other threads of JavaScript may be there. */
  readonly workers: boolean
}

/**
 * Tells what native code opened from what a process was started with: the one comes while it runs.
 * Remembers the sockets of the first look, as long as they are open.
 */
export class Holders {
  #first: ReadonlySet<number> | null = null

  /** Takes the inodes of one look, to be called at each. */
  see(inodes: ReadonlySet<number>): void {
    const first = this.#first
    this.#first = new Set(first === null ? inodes : [...inodes].filter((inode) => first.has(inode)))
  }

  holderOf(
    socket: { readonly fds: readonly number[]; readonly inode: number },
    { javascript, workers }: Surmise,
  ): Holder {
    if (socket.fds.some((fd) => javascript.has(fd))) return 'javascript'
    return workers || this.#first === null || this.#first.has(socket.inode) ? null : 'native'
  }
}
