// Exports as tests change them: lines as objects, and chains made anew over what was changed, as a server does that lies
// with care.
import { hash } from 'node:crypto'
import { readFile, writeFile } from 'node:fs/promises'
import { linkOf, startHash, toHex } from '@conclave/wire/transparency/chain'

// biome-ignore lint/suspicious/noExplicitAny: changed at will
export type Line = any

const sha256 = (bytes: Uint8Array): Uint8Array => hash('sha256', bytes, 'buffer')

export async function readLines(file: string): Promise<Line[]> {
  return (await readFile(file, 'utf8'))
    .trimEnd()
    .split('\n')
    .map(line => JSON.parse(line))
}

/** With the numbers of the end as they are now, unless they are to be wrong. */
export async function writeLines(file: string, lines: readonly Line[], counted = true): Promise<void> {
  const end = lines.at(-1)
  const count = (kind: string): number => lines.filter(line => line.kind === kind).length
  const counts = { rooms: count('room'), events: count('event'), users: count('user'), keys: count('key') }
  const written = counted && end?.kind === 'end' ? [...lines.slice(0, -1), { ...end, ...counts }] : lines
  await writeFile(file, written.map(line => `${JSON.stringify(line)}\n`).join(''))
}

/** Chains a room's control events and a user's entries anew, and sets the heads. */
export function rechain(lines: Line[]): Line[] {
  let owner: Line
  let last: Uint8Array
  let number = 0
  for (const line of lines) {
    if (line.kind === 'room' || line.kind === 'user') {
      owner = line
      number = 0
      last = startHash(line.kind === 'room' ? 'room chain' : 'key log', line.id, sha256)
    } else if (line.kind === 'key') {
      number += 1
      line.number = number
      line.entry = { ...line.entry, number }
      last = linkOf('key log', last!, line.entry, sha256).hash
      line.hash = toHex(last)
      owner.head = { number, hash: line.hash }
    } else if (line.kind === 'event' && line.link) {
      number += 1
      const { sequence, id, at, actor, body } = line
      const { salt } = line.link
      const link = linkOf('room chain', last!, { number, sequence, id, at, actor, salt, body }, sha256)
      last = link.hash
      line.link = { number, salt, digest: toHex(link.digest), hash: toHex(last) }
      owner.head = { number, hash: line.link.hash }
    }
  }
  return lines
}

/** Sequences without gaps again, after lines were put in or taken out. */
export function renumber(lines: Line[]): Line[] {
  let room: Line
  let sequence = 0
  for (const line of lines) {
    if (line.kind === 'room') {
      room = line
      sequence = 0
    } else if (line.kind === 'event') {
      sequence += 1
      line.sequence = sequence
      room.sequence = sequence
    }
  }
  return lines
}
