// Reads an export as what it may be: a file that somebody cut off, changed, or made up. What cannot be read at all is an
// error in one sentence; what can be read is given line by line, in the order in which an export has its lines.
import { parseJson } from '@conclave/wire'
import { type ChainHead, hashOfHex } from '@conclave/wire/transparency/chain'
import { z } from 'zod'
import { EXPORT_VERSION, type HeaderLine } from './export-lines.ts'
import { EXPORT_DEPTH, EXPORT_LINE } from './limits.ts'
import { readLines } from './read-lines.ts'
import { OperatorError } from './users.ts'

const text = z.string()
const whole = z.int().min(0)
const head: z.ZodType<ChainHead> = z
  .strictObject({ number: whole, hash: text })
  .refine(({ number, hash }) => (number === 0 ? hash === '' : hashOfHex(hash) !== undefined), 'is no head')
const hex = text.regex(/^[0-9a-f]{64}$/, 'is no hash')

const line = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('room'),
    id: text,
    suite: text,
    sequence: whole,
    head,
    members: z.array(text),
    admins: z.array(text),
    epoch: text.nullable(),
  }),
  z.strictObject({
    kind: z.literal('event'),
    room: text,
    sequence: whole,
    id: text,
    at: z.int(),
    actor: text.nullable(),
    body: z.looseObject({ type: text }),
    erased: z.literal(true).optional(),
    link: z.strictObject({ number: whole, salt: text, digest: hex, hash: hex }).optional(),
  }),
  z.strictObject({
    kind: z.literal('user'),
    id: text,
    username: text,
    head,
    keys: z.array(
      z.strictObject({
        public_key_version: text,
        public_key: text,
        signing_public_key: text,
        identity_public_key_signature: text,
        signing_public_key_signature: text,
      }),
    ),
  }),
  z.strictObject({ kind: z.literal('key'), user: text, number: whole, hash: hex, entry: z.looseObject({}) }),
  z.strictObject({ kind: z.literal('end'), rooms: whole, events: whole, users: whole, keys: whole }),
])
export type ReadLine = z.output<typeof line>
type Kind = ReadLine['kind']

const header = z.object({ conclave: z.literal('export'), version: z.int(), at: z.int(), by: text })

/** Its header alone. Throws a sentence where it is no export that this Conclave reads. */
export async function readHeader(file: string): Promise<HeaderLine> {
  for await (const first of readLines(file, EXPORT_LINE)) return headerOf(first, file)
  throw new OperatorError(`The file ${file} is empty.`)
}

/** Every line after the header; `wanted` are read whole, of the others nothing but their kind. The numbers at the end must
 * be those of the lines. */
export async function* readExport(file: string, wanted: readonly Kind[]): AsyncGenerator<ReadLine> {
  const counts: Record<Kind, number> = { room: 0, event: 0, user: 0, key: 0, end: 0 }
  const read = new Set<string>([...wanted, 'end'])
  let number = 0
  for await (const each of readLines(file, EXPORT_LINE)) {
    number += 1
    if (number === 1) {
      headerOf(each, file)
      continue
    }
    const wrong = (what: string) => new OperatorError(`Line ${number} of ${file} ${what}.`)
    if (counts.end > 0) throw wrong('comes after the end')
    const kind = kindOf(each)
    if (kind === undefined) throw wrong('is no line of an export')
    counts[kind] += 1
    if (!read.has(kind)) continue
    const value = parseJson(each, { maxBytes: EXPORT_LINE, maxDepth: EXPORT_DEPTH })
    if (!value.ok) throw wrong(`cannot be read: ${value.error}`)
    const parsed = line.safeParse(value.value)
    if (!parsed.success) {
      const [issue] = parsed.error.issues
      throw wrong(`cannot be read: ${issue?.path.join('.') || 'it'} ${issue?.message ?? ''}`)
    }
    if (parsed.data.kind !== kind) throw wrong('says twice what it is')
    if (parsed.data.kind !== 'end') {
      yield parsed.data
      continue
    }
    const { rooms, events, users, keys } = parsed.data
    const same = rooms === counts.room && events === counts.event && users === counts.user && keys === counts.key
    if (!same) throw new OperatorError(`Lines are missing in ${file}: it has other numbers than its end says.`)
  }
  if (number === 0) throw new OperatorError(`The file ${file} is empty.`)
  if (counts.end === 0) throw new OperatorError(`The file ${file} is cut off: it has no end.`)
}

/** As `conclave export` writes it: the kind comes first. */
function kindOf(text: string): Kind | undefined {
  return /^\{"kind":"(room|event|user|key|end)"/.exec(text)?.[1] as Kind | undefined
}

function headerOf(text: string, file: string): HeaderLine {
  const value = parseJson(text, { maxBytes: EXPORT_LINE, maxDepth: EXPORT_DEPTH })
  const read = value.ok ? header.safeParse(value.value) : undefined
  if (!read?.success) throw new OperatorError(`The file ${file} is no export of Conclave.`)
  const { version } = read.data
  if (version !== EXPORT_VERSION)
    throw new OperatorError(
      `The file ${file} is an export of version ${version}, this Conclave reads version ${EXPORT_VERSION}.`,
    )
  return read.data
}
