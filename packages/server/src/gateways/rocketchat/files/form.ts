// A multipart form with one file, read as it arrives: the file goes on piece by piece, the other fields are collected. A
// form that stalls, breaks or holds more than it may ends at once, and the file's reader with it.
import type { IncomingMessage } from 'node:http'
import { Busboy, type BusboyFileStream, type BusboyHeaders, type BusboyInstance } from '@fastify/busboy'
import { MeteorError } from '../errors.ts'
import { FORM_ENDING, FORM_FIELDS, FORM_STALLED, PART_HEADERS } from '../limits.ts'
import { Envelope } from '../route.ts'

export type Refused = MeteorError | Envelope

export function isRefused(value: object): value is Refused {
  return value instanceof MeteorError || value instanceof Envelope
}

export interface FilePart {
  /** As the client sent it. */
  readonly name: string
  readonly type: string
  /** Fails when the form does. */
  readonly chunks: AsyncIterable<Buffer>
}

export type Fields = ReadonlyMap<string, string>

/** To the reader of a file whose form has broken off: not its own failure. */
class BrokenOff extends Error {}

const notAForm = new MeteorError('invalid-params', 'The body must be a multipart form with a file')
const stalled = new MeteorError('invalid-params', 'The form did not arrive in time')
const invalidField = new MeteorError('invalid-field', '')
const noFile = new MeteorError('No file uploaded', '')
const oneFile = new Envelope(400, {
  success: false,
  error: 'Just 1 file is allowed',
  errorType: 'error-too-many-files',
})

/**
 * `take` reads the file of the field `field` to its end, or says why not. Resolves when the form has ended and the file is
 * taken, or as soon as one of them is refused; `take` has come to its end by then.
 */
export async function readForm(
  request: IncomingMessage,
  take: (file: FilePart) => Promise<Refused | null>,
  field = 'file',
): Promise<Fields | Refused> {
  const type = request.headers['content-type'] ?? ''
  let busboy: BusboyInstance
  try {
    busboy = new Busboy({
      headers: { 'content-type': type } as BusboyHeaders,
      limits: {
        files: 1,
        fields: FORM_FIELDS.count,
        fieldSize: FORM_FIELDS.bytes,
        fieldNameSize: FORM_FIELDS.name,
        headerPairs: PART_HEADERS.pairs,
        headerSize: PART_HEADERS.bytes,
      },
    })
  } catch {
    return notAForm
  }
  const reading = new Reading(request, busboy, take, field)
  return reading.result()
}

class Reading {
  readonly #request: IncomingMessage
  readonly #busboy: BusboyInstance
  readonly #fields = new Map<string, string>()
  readonly #timer: NodeJS.Timeout
  readonly #settled = Promise.withResolvers<Refused | null>()
  #file: BusboyFileStream | null = null
  #taken: Promise<Refused | null> | null = null
  #ended = false

  constructor(
    request: IncomingMessage,
    busboy: BusboyInstance,
    take: (file: FilePart) => Promise<Refused | null>,
    wanted: string,
  ) {
    this.#request = request
    this.#busboy = busboy
    this.#timer = setTimeout(() => this.#settle(stalled), FORM_STALLED)
    busboy.on('field', (name, value, nameCut, valueCut) => {
      if (typeof name !== 'string' || nameCut || valueCut || this.#fields.has(name)) this.#settle(invalidField)
      else this.#fields.set(name, value)
    })
    busboy.on('file', (field, stream, name, _encoding, type) => {
      // Told to its reader as well, where there is one.
      stream.on('error', () => this.#settle(notAForm))
      if (field !== wanted) {
        stream.resume()
        this.#settle(invalidField)
        return
      }
      this.#file = stream
      this.#taken = take({ name: name ?? '', type: type ?? '', chunks: this.#chunks(stream) }).catch(
        (error: unknown) => {
          if (error instanceof BrokenOff) return notAForm
          throw error
        },
      )
      this.#taken.then(refused => refused && this.#settle(refused)).catch(() => this.#settle(notAForm))
    })
    busboy.on('filesLimit', () => this.#settle(oneFile))
    busboy.on('fieldsLimit', () => this.#settle(invalidField))
    busboy.on('partsLimit', () => this.#settle(invalidField))
    busboy.on('error', () => this.#settle(notAForm))
    busboy.on('finish', () => this.#settle(null))
    request.on('data', this.#alive)
    request.once('end', this.#whole).once('close', this.#closed).once('error', this.#closed)
    request.pipe(busboy)
  }

  async result(): Promise<Fields | Refused> {
    const ended = await this.#settled.promise
    const taken = await (this.#taken ?? noFile)
    // What the file is refused for says more than that the form broke off with it.
    if (ended) return ended
    return taken ?? this.#fields
  }

  async *#chunks(stream: BusboyFileStream): AsyncGenerator<Buffer> {
    try {
      for await (const chunk of stream) {
        this.#alive()
        yield chunk as Buffer
      }
    } catch {
      throw new BrokenOff()
    }
  }

  readonly #alive = (): void => {
    if (!this.#ended) this.#timer.refresh()
  }

  /** Of some broken forms the reader neither ends nor says so. */
  readonly #whole = (): void => {
    const taking = this.#taken ?? Promise.resolve(null)
    taking.then(() => setTimeout(() => this.#settle(notAForm), FORM_ENDING).unref()).catch(() => {})
  }

  readonly #closed = (): void => {
    if (!this.#request.complete) this.#settle(notAForm)
  }

  #settle(refused: Refused | null): void {
    if (this.#ended) return
    this.#ended = true
    clearTimeout(this.#timer)
    this.#request.off('data', this.#alive).off('end', this.#whole).off('close', this.#closed)
    this.#request.unpipe(this.#busboy)
    // Whoever reads it waits for no more.
    if (refused) this.#file?.destroy(new Error('the form has ended'))
    this.#settled.resolve(refused)
  }
}
