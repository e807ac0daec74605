import type { Values } from './values'

/** Ready configuration of one kind. */
export interface Snippet {
  /** All of it can be pasted: what is said in it is in comments of its own format. */
  readonly text: string
  /** What to know where the format has no comments; '' where it has. */
  readonly talk: string
}

export type RenderSnippet = (values: Values) => Snippet
