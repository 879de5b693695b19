// A way between a node and an engine that can be cut, stalled and slowed down, and then healed: the partitions of these
// tests. It is a TCP proxy on loopback, so that it needs no rights on the machine (decisions: partitions by gates).
import { connect, createServer, type Server, type Socket } from 'node:net'

/** What passes from the engine to the node, changed on its way; one for each connection. */
export type Filter = (chunk: Buffer) => Buffer

export interface GateOptions {
  readonly filter?: () => Filter
}

interface Way {
  readonly near: Socket
  readonly far: Socket
}

export class Gate {
  readonly #target: number
  readonly #options: GateOptions
  readonly #server: Server
  readonly #ways = new Set<Way>()
  #state: 'open' | 'cut' | 'stalled' = 'open'
  #delay = 0

  private constructor(target: number, options: GateOptions) {
    this.#target = target
    this.#options = options
    this.#server = createServer({ pauseOnConnect: true, noDelay: true }, near => this.#accept(near))
  }

  /** `target`: a port of loopback. */
  static async open(target: number, options: GateOptions = {}): Promise<Gate> {
    const gate = new Gate(target, options)
    await new Promise<void>(resolve => gate.#server.listen(0, '127.0.0.1', resolve))
    return gate
  }

  get port(): number {
    return (this.#server.address() as { port: number }).port
  }

  /** How many connections there are. */
  get ways(): number {
    return this.#ways.size
  }

  /** Every connection ends at once, and new ones end as they begin. */
  cut(): void {
    this.#state = 'cut'
    this.#end()
  }

  /** Nothing passes, and nobody is told: as when a cable is pulled. New connections open and stay silent. */
  stall(): void {
    this.#state = 'stalled'
    for (const { near, far } of this.#ways) {
      near.pause()
      far.pause()
    }
  }

  /** Everything that comes passes only `ms` later, in both directions. */
  slow(ms: number): void {
    this.#delay = ms
  }

  /** What was stalled goes on. */
  heal(): void {
    this.#state = 'open'
    this.#delay = 0
    for (const { near, far } of this.#ways) {
      near.resume()
      far.resume()
    }
  }

  async close(): Promise<void> {
    this.#end()
    await new Promise(resolve => this.#server.close(resolve))
  }

  #end(): void {
    for (const { near, far } of this.#ways) {
      near.destroy()
      far.destroy()
    }
    this.#ways.clear()
  }

  #accept(near: Socket): void {
    near.on('error', () => {})
    if (this.#state === 'cut') {
      near.destroy()
      return
    }
    const far = connect({ port: this.#target, host: '127.0.0.1', noDelay: true })
    far.on('error', () => {})
    const way = { near, far }
    this.#ways.add(way)
    const filter = this.#options.filter?.() ?? (chunk => chunk)
    this.#pass(near, far, chunk => chunk)
    this.#pass(far, near, filter)
    for (const side of [near, far]) {
      side.on('close', () => {
        this.#ways.delete(way)
        near.destroy()
        far.destroy()
      })
    }
    if (this.#state === 'stalled') far.pause()
    else near.resume()
  }

  #pass(from: Socket, to: Socket, filter: Filter): void {
    const write = (chunk: Buffer): void => {
      if (chunk.length === 0 || to.destroyed || to.write(chunk)) return
      from.pause()
      to.once('drain', () => {
        if (this.#state === 'open') from.resume()
      })
    }
    from.on('data', (chunk: Buffer) => {
      const passed = filter(chunk)
      if (this.#delay > 0) setTimeout(write, this.#delay, passed)
      else write(passed)
    })
    from.on('end', () => to.end())
  }
}
