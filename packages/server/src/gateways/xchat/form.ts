// A multipart form as the fields of a body: texts as texts, files as bytes. It is read from memory, so that what is wrong
// with it is known before a route sees any of it; routes that take no forms do not know this type of content.
import { Busboy, type BusboyFileStream } from '@fastify/busboy'
import { FORM_FIELDS, FORM_HEADERS, FORM_TIME } from './limits.ts'

/** The fields by name, or why there are none. */
export class Form {
  readonly fields: Readonly<Record<string, string | Uint8Array>> | null
  readonly error: string

  constructor(fields: Readonly<Record<string, string | Uint8Array>> | null, error = '') {
    this.fields = fields
    this.error = error
  }
}

/** What is wrong with a form, in our own words. */
class Malformed extends Error {}

export async function readForm(contentType: string, body: Buffer): Promise<Form> {
  const fields = new Map<string, string | Uint8Array>()
  try {
    await collect(contentType, body, (name, value) => {
      if (fields.has(name)) throw new Malformed(`duplicate field ${name.slice(0, SHOWN)}`)
      fields.set(name, value)
    })
    return new Form(Object.fromEntries(fields))
  } catch (error) {
    return new Form(null, error instanceof Malformed ? error.message : 'not a multipart form')
  }
}

/** Characters of a client's own name that are shown to it. */
const SHOWN = 64

function collect(
  contentType: string,
  body: Buffer,
  take: (name: string, value: string | Uint8Array) => void,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const busboy = new Busboy({
      headers: { 'content-type': contentType },
      // A part that says what it holds is a file, with a file name or without one.
      isPartAFile: (_, type, file) => file !== undefined || (type !== undefined && type !== 'text/plain'),
      limits: {
        parts: FORM_FIELDS,
        fieldSize: body.length,
        headerPairs: FORM_HEADERS.pairs,
        headerSize: FORM_HEADERS.bytes,
      },
    })
    // Of some broken forms the reader neither ends nor says so.
    const timer = setTimeout(() => reject(new Malformed('not a multipart form')), FORM_TIME)
    const settle = (how: () => void): void => {
      clearTimeout(timer)
      how()
    }
    const fail = (error: Error): void => settle(() => reject(error))
    const taking = (name: string | undefined, value: string | Uint8Array): void => {
      try {
        if (name === undefined) throw new Malformed('a part has no name')
        take(name, value)
      } catch (error) {
        fail(error as Error)
      }
    }
    busboy.on('field', (name, value) => taking(name, value))
    busboy.on('file', (name, file: BusboyFileStream) => {
      const chunks: Buffer[] = []
      file.on('data', (chunk: Buffer) => void chunks.push(chunk))
      file.on('end', () => taking(name, Buffer.concat(chunks)))
      file.on('error', () => fail(new Malformed('a part has no end')))
    })
    busboy.on('partsLimit', () => fail(new Malformed(`more than ${FORM_FIELDS} parts`)))
    busboy.on('error', () => fail(new Malformed('not a multipart form')))
    busboy.on('finish', () => settle(resolve))
    busboy.end(body)
  })
}
