// Where a file that goes with a message is read, whichever wire shows the message. Who may read it is asked there.

/** From the server's own address on. */
export function linkOf(key: string, name: string): string {
  return `/file-upload/${key}/${encodeURIComponent(name)}`
}
