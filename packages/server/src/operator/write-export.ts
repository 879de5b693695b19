// Writes an export, part by part, to a file or to the output. A file is there whole or not at all, and none is written
// over: an older one is what a newer one is checked against.
import { createWriteStream } from 'node:fs'
import { access, rename, rm } from 'node:fs/promises'
import { Readable, type Writable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { ExportCursor, ExportPart } from './export.ts'
import { type EndLine, EXPORT_VERSION, type HeaderLine } from './export-lines.ts'
import { OperatorError } from './users.ts'

type Ask = (cursor: ExportCursor | null) => Promise<ExportPart>

/** `file`: null for the output. Gives how much it wrote. */
export async function writeExport(
  file: string | null,
  written: Pick<HeaderLine, 'at' | 'by'>,
  ask: Ask,
): Promise<EndLine> {
  if (file === null) {
    try {
      return await writeLines(process.stdout, written, ask, false)
    } catch (error) {
      throw isSystemError(error) ? new OperatorError('The output was closed before everything was written.') : error
    }
  }
  if (await exists(file)) throw new OperatorError(`The file ${file} exists already and is not written over.`)
  const part = `${file}.part`
  // Nobody else made it before, with rights of theirs or as a link to a file of theirs.
  const stream = createWriteStream(part, { mode: 0o600, flush: true, flags: 'wx' })
  try {
    const end = await writeLines(stream, written, ask)
    await rename(part, file)
    return end
  } catch (error) {
    stream.destroy()
    if (isSystemError(error) && error.code === 'EEXIST')
      throw new OperatorError(
        `The file ${part} is there: an export is being written, or was broken off. Remove it first.`,
      )
    await rm(part, { force: true })
    throw isSystemError(error) ? new OperatorError(`The file ${file} cannot be written (${error.code}).`) : error
  }
}

async function writeLines(
  stream: Writable,
  written: Pick<HeaderLine, 'at' | 'by'>,
  ask: Ask,
  isOurs = true,
): Promise<EndLine> {
  const counts = { room: 0, event: 0, user: 0, key: 0 }
  const endOf = ({ room, event, user, key }: typeof counts): EndLine => {
    return { kind: 'end', rooms: room, events: event, users: user, keys: key }
  }
  async function* texts(): AsyncGenerator<string> {
    const header: HeaderLine = { conclave: 'export', version: EXPORT_VERSION, ...written }
    yield textOf([header])
    let cursor: ExportCursor | null = null
    do {
      const part: ExportPart = await ask(cursor)
      for (const { kind } of part.lines) counts[kind] += 1
      if (part.lines.length > 0) yield textOf(part.lines)
      cursor = part.cursor
    } while (cursor !== null)
    yield textOf([endOf(counts)])
  }
  await pipeline(Readable.from(texts()), stream, { end: isOurs })
  return endOf(counts)
}

function textOf(lines: readonly object[]): string {
  return lines.map(line => `${JSON.stringify(line)}\n`).join('')
}

function isSystemError(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && 'syscall' in error
}

async function exists(file: string): Promise<boolean> {
  try {
    await access(file)
    return true
  } catch {
    return false
  }
}
