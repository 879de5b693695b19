// Bounds of what the operator's commands read and write, each with its reason.

/** Characters and lines of an answer while an export is made: a few milliseconds of a running server's time. */
export const EXPORT_CHARACTERS = 512 * 1024
export const EXPORT_LINES = 500
/** Bytes of one line: a rotation for 1,000 members has 600 KB, a signed detail at most 4 MiB, a user 1,000 keys. */
export const EXPORT_LINE = 32 * 1024 * 1024
/** Nesting of one line: a body inside an event inside a line. */
export const EXPORT_DEPTH = 64
/** Faults that are named one by one: after a hundred of them nobody reads on. */
export const FAULTS_SHOWN = 100
