// The lines of a file, one after another, in memory one at a time and never longer than they may be.
import { createReadStream } from 'node:fs'
import { OperatorError } from './users.ts'

const NEWLINE = 0x0a

/** Throws a sentence for a file that cannot be read, a line of more than `most` bytes, and bytes that are not UTF-8. */
export async function* readLines(file: string, most: number): AsyncGenerator<string> {
  const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
  let number = 0
  const textOf = (bytes: Uint8Array): string => {
    number += 1
    try {
      return utf8.decode(bytes)
    } catch {
      throw new OperatorError(`Line ${number} of ${file} is not UTF-8.`)
    }
  }
  let held: Buffer[] = []
  let size = 0
  try {
    for await (const chunk of createReadStream(file, { highWaterMark: 1 << 20 }) as AsyncIterable<Buffer>) {
      let start = 0
      for (let end = chunk.indexOf(NEWLINE); ; end = chunk.indexOf(NEWLINE, start)) {
        const piece = chunk.subarray(start, end < 0 ? chunk.length : end)
        size += piece.length
        if (size > most) throw new OperatorError(`Line ${number + 1} of ${file} has more than ${most} bytes.`)
        if (end < 0) {
          if (piece.length > 0) held.push(Buffer.from(piece))
          break
        }
        yield textOf(held.length === 0 ? piece : Buffer.concat([...held, piece]))
        held = []
        size = 0
        start = end + 1
      }
    }
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    throw code === undefined ? error : new OperatorError(`The file ${file} cannot be read (${code}).`)
  }
  if (held.length > 0) yield textOf(Buffer.concat(held))
}
