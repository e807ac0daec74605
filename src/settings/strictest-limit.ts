/**
 * The lowest verified default of the middleboxes of layer 4 on which probes count, in seconds: what a
 * path is taken for when nobody says what stands on it. It stands here too, beside the table, so that
 * a program under the hook does not load the whole table for it; a test compares the two.
 */
export const strictestLimitSeconds = 240
