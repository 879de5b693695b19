// A chunk put on a TCP socket past its stream, while the stream has nothing to do. Mostly the kernel takes all of it at
// once, and then nothing has to be remembered; a stream makes a request, a state and a tick of each write all the same.

import type { Socket } from 'node:net'
import { getSystemErrorName } from 'node:util'

/** Bytes that were put here and are not taken yet: of a write that the kernel did not take whole. */
export interface Late {
  late: number
}

/** What Node asks a handle to write with. */
interface Request {
  oncomplete(this: Request, status: number): void
  /** NOT_ASKED, unless it is under way. */
  getAsyncId(): number
  /** Kept until it is written. */
  buffer: Buffer | null
  socket: Socket | null
  by: Late | null
}

/** The parts of Node's sockets that are used here; they are not documented, so each is looked for before it is used. */
interface Parts {
  readonly _handle?: Handle | null
  readonly _writableState?: { readonly length: number }
}
interface Handle {
  readonly writeQueueSize?: number
  writeBuffer(request: Request, chunk: Buffer): number
}

/** Handles that are written to so, and the requests that they take: as the first write of a stream shows them. */
let Tcp: unknown
let NewRequest: (new () => Request) | undefined
/** Used again as long as each write is over when it returns. */
let spare: Request | undefined
/** Of a request that no handle has. */
const NOT_ASKED = -1

/** In the order of all that is written to the socket. */
export function put(socket: Socket, chunk: Buffer, by: Late): void {
  const { _handle: handle, _writableState: stream } = socket as unknown as Parts
  if (handle === null || handle === undefined || by.late > 0 || stream?.length !== 0) {
    socket.write(chunk)
    return
  }
  if (NewRequest === undefined) {
    learn(handle)
    socket.write(chunk)
    return
  }
  if (handle.constructor !== Tcp) {
    socket.write(chunk)
    return
  }
  const request = spare ?? new NewRequest()
  spare = undefined
  request.oncomplete = completed
  const failed = handle.writeBuffer(request, chunk)
  if (failed !== 0) {
    fail(socket, failed)
    return
  }
  // Not by what is left: the kernel may take the rest at a second try within, and the request is under way all the same. To use
  // it again then ends the process.
  if (request.getAsyncId() === NOT_ASKED) {
    spare = request
    return
  }
  request.buffer = chunk
  request.socket = socket
  const waiting = handle.writeQueueSize as number
  // Another one may be counted by the time that this one, of which nothing is left, is said to be over.
  request.by = waiting === 0 ? null : by
  if (waiting > 0) by.late = waiting
}

/** What the next write of the stream is made with. */
function learn(handle: Handle): void {
  if (handle.constructor.name !== 'TCP' || typeof handle.writeQueueSize !== 'number') return
  const { writeBuffer } = handle
  if (typeof writeBuffer !== 'function') return
  handle.writeBuffer = (request, chunk) => {
    handle.writeBuffer = writeBuffer
    if (typeof request.getAsyncId !== 'function') return writeBuffer.call(handle, request, chunk)
    Tcp = handle.constructor
    NewRequest = request.constructor as new () => Request
    return writeBuffer.call(handle, request, chunk)
  }
}

function completed(this: Request, status: number): void {
  const { by, socket } = this
  if (by !== null) by.late = 0
  if (status < 0 && socket !== null) fail(socket, status)
}

/** As the stream does. */
function fail(socket: Socket, errno: number): void {
  const code = getSystemErrorName(errno)
  socket.destroy(Object.assign(new Error(`write ${code}`), { code, errno, syscall: 'write' }))
}
