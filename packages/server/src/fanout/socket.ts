// A chunk put on a TCP socket past its stream, while the stream has nothing to do. Mostly the kernel takes all of it at
// once, and then nothing has to be remembered; a stream makes a request, a state and a tick of each write all the same.

import type { Socket } from 'node:net'
import { getSystemErrorName } from 'node:util'

/** Bytes that were put here and are not taken yet: of a write that the kernel did not take whole. */
export interface Late {
  late: number
}

/** What Node asks a handle to write with. Each is for one write: Node ends the process where one that is under way is used again. */
interface Request {
  oncomplete(this: Request, status: number): void
  /** Kept until it is written. */
  buffer: Buffer
  socket: Socket
  by: Late
}

/** The parts of Node's sockets that are used here; they are not documented, so each is looked for before it is used. */
interface Parts {
  readonly _handle?: Handle | null
  readonly _writableState?: { readonly length: number }
}
interface Handle {
  /** Bytes that the kernel has not taken. */
  readonly writeQueueSize?: number
  writeBuffer(request: Request, chunk: Buffer): number
}

/** Handles that are written to so, and the requests that they take: as the first write of a stream shows them. */
let Tcp: unknown
let NewRequest: (new () => Request) | undefined

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
  const request = new NewRequest()
  request.oncomplete = completed
  request.buffer = chunk
  request.socket = socket
  request.by = by
  const failed = handle.writeBuffer(request, chunk)
  if (failed === 0) by.late = handle.writeQueueSize as number
  else fail(socket, failed)
}

/** What the next write of the stream is made with. */
function learn(handle: Handle): void {
  if (handle.constructor.name !== 'TCP' || typeof handle.writeQueueSize !== 'number') return
  const { writeBuffer } = handle
  if (typeof writeBuffer !== 'function') return
  handle.writeBuffer = (request, chunk) => {
    handle.writeBuffer = writeBuffer
    Tcp = handle.constructor
    NewRequest = request.constructor as new () => Request
    return writeBuffer.call(handle, request, chunk)
  }
}

/** Told of those alone that were under way when the call returned. */
function completed(this: Request, status: number): void {
  const { by, socket } = this
  // What the stream has below it by now, it counts itself.
  by.late = 0
  if (status < 0) fail(socket, status)
}

/** As the stream does. */
function fail(socket: Socket, errno: number): void {
  const code = getSystemErrorName(errno)
  socket.destroy(Object.assign(new Error(`write ${code}`), { code, errno, syscall: 'write' }))
}
