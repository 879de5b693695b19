// Past the framework (decisions/0035): a POST that clients send all the time goes from Node straight to its route, where it is
// plain: JSON of a length that it says, at a path just as it is written here, of somebody whom this node remembers. All else
// goes the framework's way, by which nothing of it has been read.
import {
  createServer,
  type IncomingMessage,
  type OutgoingHttpHeaders,
  type RequestListener,
  type Server,
  type ServerOptions,
  type ServerResponse,
} from 'node:http'
import { STRAIGHT_BYTES, STRAIGHT_PARAMETER } from '../limits.ts'

/** Answers a request sometime; or gives false, having read nothing of it. `param`: what stands in the path for its parameter. */
export type Way = (request: IncomingMessage, response: ServerResponse, param: string) => boolean

interface Answer {
  readonly response: ServerResponse
  readonly status: number
  readonly headers: OutgoingHttpHeaders
  readonly text: string
}

interface Target {
  /** What stands before the parameter. */
  readonly before: string
  /** Bytes of a body. */
  readonly most: number
  readonly way: Way
}

/** What may have another meaning where a browser sends it, or has to be undone before it is read. */
const UNUSUAL = ['transfer-encoding', 'content-encoding', 'origin'] as const
const JSON_TYPES: ReadonlySet<string | undefined> = new Set(['application/json', 'application/json; charset=utf-8'])
/** Nothing that is written in more than one way. */
const PARAMETER = /^[\w:-]+$/

export class Straight {
  readonly #fixed = new Map<string, Target>()
  /** By what stands behind the parameter. */
  readonly #named = new Map<string, Target[]>()
  #closed = false
  /** Answers of the requests that this turn of the event loop reads; null behind that. */
  #held: Answer[] | null = null
  readonly #leave = (): void => {
    const held = this.#held ?? []
    this.#held = null
    for (const answer of held) this.#write(answer)
  }
  readonly #broken: (error: unknown) => void

  /** `broken`: told of an answer that cannot be written, whose client is cut off. */
  constructor(broken: (error: unknown) => void) {
    this.#broken = broken
  }

  /** `path`: of a POST, as a router has it, with no parameter or with one that is its last part but one; others are left out.
   * `most`: bytes of its body, where that is less than goes this way at all. */
  add(path: string, most: number, way: Way): void {
    const [before = '', behind, more] = path.split(/:\w+/)
    const target = { before, most: Math.min(most, STRAIGHT_BYTES), way }
    if (behind === undefined) this.#fixed.set(path, target)
    if (more !== undefined || behind?.lastIndexOf('/') !== 0) return
    this.#named.set(behind, [...(this.#named.get(behind) ?? []), target])
  }

  /** A server whose requests the framework gets that are not answered here. */
  server(options: ServerOptions, framework: RequestListener): Server {
    return createServer(options, (request, response) => {
      if (!this.takes(request, response)) framework(request, response)
    })
  }

  /** True where it is answered here. */
  takes(request: IncomingMessage, response: ServerResponse): boolean {
    try {
      return !this.#closed && request.method === 'POST' && this.#take(request, response)
    } catch {
      // A bug, before anything was read. Here it would end the process; the framework answers it and it is logged.
      return false
    }
  }

  #take(request: IncomingMessage, response: ServerResponse): boolean {
    const { url = '' } = request
    const fixed = this.#fixed.get(url)
    if (fixed) return isPlain(request, fixed.most) && this.#hold() && fixed.way(request, response, '')
    const slash = url.lastIndexOf('/')
    const named = this.#named.get(url.slice(slash))?.find(({ before }) => url.startsWith(before))
    if (!named || slash - named.before.length > STRAIGHT_PARAMETER) return false
    const param = url.slice(named.before.length, slash)
    const isFit = PARAMETER.test(param) && isPlain(request, named.most)
    return isFit && this.#hold() && named.way(request, response, param)
  }

  /** Head and body in one write; behind all that is read in this turn, for whoever is answered one by one wakes one by one, and a
   * client that is awake costs the system less. What is known later leaves at once. */
  write(answer: Answer): void {
    if (this.#held === null) this.#write(answer)
    else this.#held.push(answer)
  }

  #write({ response, status, headers, text }: Answer): void {
    try {
      headers['content-length'] = Buffer.byteLength(text)
      response.writeHead(status, headers).end(text)
    } catch (error) {
      this.#broken(error)
      response.destroy()
    }
  }

  #hold(): true {
    if (this.#held === null) {
      this.#held = []
      setImmediate(this.#leave)
    }
    return true
  }

  /** From now on the framework has them all: it says that the server stops. */
  close(): void {
    this.#closed = true
  }
}

function isPlain({ headers }: IncomingMessage, most: number): boolean {
  const length = Number(headers['content-length'])
  // One that says none has NaN.
  if (!(length > 0 && length <= most) || !JSON_TYPES.has(headers['content-type'])) return false
  return UNUSUAL.every(name => headers[name] === undefined)
}

/** The whole body, once it is there; never, where its client goes before. */
export function readText(request: IncomingMessage, take: (text: string) => void): void {
  let first: Buffer | null = null
  const more: Buffer[] = []
  request.on('data', (part: Buffer) => {
    if (first === null) first = part
    else more.push(part)
  })
  request.on('end', () => {
    const whole = more.length === 0 ? first : Buffer.concat([first as Buffer, ...more])
    take(whole?.toString() ?? '')
  })
}
