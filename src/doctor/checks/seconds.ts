/** A time in the kernel's unit, so that two of them can be compared at a glance. */
export function seconds(ms: number): string {
  return `${ms / 1000} s`
}
