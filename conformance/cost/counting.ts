// What work costs, in counts instead of times: the server runs in this process as main.ts builds it, on real sockets and a
// real database, and what it does to the parts of Node below it is counted. No rewriting of the server gets past that.
import { once } from 'node:events'
import { connect, createServer } from 'node:net'
import { DatabaseSync, StatementSync } from 'node:sqlite'
import pg from 'pg'

/** Bytes that one call has put on one socket. */
export interface Write {
  /** The client's port. */
  readonly to: number
  /** Where each piece lies in memory: who shares a Buffer has the same place, who has a copy another one. */
  readonly places: readonly string[]
  readonly text: string
  /** Transactions that had been committed by then, since the counting began. */
  readonly commits: number
}

export interface Counts {
  readonly writes: Write[]
  /** Statements run on SQLite, in their order. */
  readonly sql: string[]
  /** Those of them that ran outside of a transaction. */
  readonly loose: string[]
  /** Statements that SQLite was given to prepare. */
  readonly prepared: string[]
  /** Statements sent to PostgreSQL. */
  readonly queries: string[]
  /** Buffers that were made: alloc, allocUnsafe, allocUnsafeSlow, concat, from. */
  buffers: number
  /** Texts that were made by JSON.stringify, and values by JSON.parse. */
  encoded: number
  decoded: number
}

const none = (): Counts => ({
  writes: [],
  sql: [],
  loose: [],
  prepared: [],
  queries: [],
  buffers: 0,
  encoded: 0,
  decoded: 0,
})

let counts: Counts | null = null
const ports = new Set<number>()
/** What was written, kept so that nothing else comes to lie in its place. */
let held: Uint8Array[] = []
let spaces = new Map<ArrayBufferLike, number>()
let commits = 0
let inside = false

/** Counts while something runs. Time stands still meanwhile: what is done in one turn is, however slow the machine is. */
export async function counted(run: () => Promise<void>): Promise<Counts> {
  const mine = none()
  const [now, { now: clock }] = [performance.now(), performance]
  performance.now = () => now
  held = []
  spaces = new Map()
  commits = 0
  counts = mine
  try {
    await run()
  } finally {
    counts = null
    performance.now = clock
  }
  return mine
}

/** Whatever leaves from this port is the server's. */
export function countPort(port: number): void {
  ports.add(port)
}

type Method = (...args: unknown[]) => unknown

/** Every call of a method, before it runs. */
function watch(holder: object, name: string, see: (counts: Counts, self: never, args: unknown[]) => void): void {
  const methods = holder as Record<string, Method>
  const original = methods[name] as Method
  methods[name] = function (this: unknown, ...args: unknown[]) {
    if (counts) see(counts, this as never, args)
    return original.apply(this, args)
  }
}

interface Handle {
  getsockname?(into: { port?: number }): number
  getpeername?(into: { port?: number }): number
}

function wrote(into: Counts, handle: Handle, pieces: readonly unknown[]): void {
  const [own, peer]: [{ port?: number }, { port?: number }] = [{}, {}]
  handle.getsockname?.(own)
  handle.getpeername?.(peer)
  if (!ports.has(own.port ?? 0)) return
  const text = pieces.map(piece => (piece instanceof Uint8Array ? latin1(piece) : String(piece))).join('')
  const places = pieces.map(piece => (piece instanceof Uint8Array ? placeOf(piece) : 'text'))
  into.writes.push({ to: peer.port ?? 0, places, text, commits })
}

const decoder = new TextDecoder('latin1')
function latin1(bytes: Uint8Array): string {
  return decoder.decode(bytes)
}

function placeOf(piece: Uint8Array): string {
  held.push(piece)
  const space = spaces.get(piece.buffer) ?? spaces.size
  spaces.set(piece.buffer, space)
  return `${space}:${piece.byteOffset}`
}

/** Before the server starts. */
export async function watchNode(): Promise<void> {
  await watchSockets()
  for (const name of ['alloc', 'allocUnsafe', 'allocUnsafeSlow', 'concat', 'from'])
    watch(Buffer, name, counts => {
      counts.buffers++
    })
  watch(JSON, 'stringify', counts => {
    counts.encoded++
  })
  watch(JSON, 'parse', counts => {
    counts.decoded++
  })
  for (const name of ['run', 'get', 'all', 'iterate'])
    watch(StatementSync.prototype, name, (counts, { sourceSQL }: StatementSync) => ran(counts, sourceSQL))
  watch(DatabaseSync.prototype, 'exec', (counts, _, [sql]) => ran(counts, String(sql)))
  watch(DatabaseSync.prototype, 'prepare', (counts, _, [sql]) => void counts.prepared.push(String(sql)))
  watch(pg.Client.prototype, 'query', (counts, _, [query]) => void counts.queries.push(textOf(query)))
}

function ran(counts: Counts, sql: string): void {
  const text = sql.trim().replace(/\s+/g, ' ')
  if (text.startsWith('BEGIN')) inside = true
  counts.sql.push(text)
  if (!inside) counts.loose.push(text)
  if (text !== 'COMMIT' && text !== 'ROLLBACK') return
  inside = false
  commits++
}

function textOf(query: unknown): string {
  return typeof query === 'string' ? query : String((query as { text?: string } | null)?.text)
}

/** The methods by which Node hands bytes to the system stand on the prototype of all its sockets. */
async function watchSockets(): Promise<void> {
  const server = createServer(socket => socket.destroy()).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const socket = connect((server.address() as { port: number }).port, '127.0.0.1')
  await once(socket, 'connect')
  let holder: object | null = (socket as unknown as { _handle: object })._handle
  while (holder && !Object.hasOwn(holder, 'writeBuffer')) holder = Object.getPrototypeOf(holder)
  if (!holder) throw new Error('this Node writes to sockets in another way')
  watch(holder, 'writeBuffer', (counts, handle, [, piece]) => wrote(counts, handle, [piece]))
  watch(holder, 'writev', (counts, handle, [, chunks, allBuffers]) => {
    const list = chunks as readonly unknown[]
    // Without that flag texts stand in it, each with its encoding behind it.
    wrote(counts, handle, allBuffers ? list : list.filter((_, at) => at % 2 === 0))
  })
  for (const name of ['writeUtf8String', 'writeLatin1String', 'writeAsciiString', 'writeUcs2String'])
    watch(holder, name, (counts, handle, [, text]) => wrote(counts, handle, [text]))
  socket.destroy()
  server.close()
}
