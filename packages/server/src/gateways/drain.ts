// A body that is too large is answered before it was read, and the connection is closed behind the answer. A client
// that still writes then sees a broken connection instead of the answer: so what it has announced is read and thrown
// away first, as far as that is reasonable.
import type { IncomingMessage } from 'node:http'
import { DRAIN_BYTES, DRAIN_TIME } from '../limits.ts'

/** For error handlers, before they answer. Resolves at once unless the error is of such a body. */
export function drained(error: { readonly statusCode?: number }, request: IncomingMessage): Promise<void> {
  return error.statusCode === 413 ? drain(request) : Promise.resolve()
}

/** Resolves when the body has ended, or was too long or too slow to wait for. */
export function drain(request: IncomingMessage): Promise<void> {
  if (request.complete || Number(request.headers['content-length'] ?? 0) > DRAIN_BYTES) return Promise.resolve()
  return new Promise(resolve => {
    let bytes = 0
    const done = () => {
      clearTimeout(timer)
      request.off('data', count).off('end', done).off('close', done).off('error', done)
      resolve()
    }
    const count = (chunk: Buffer) => {
      bytes += chunk.length
      if (bytes > DRAIN_BYTES) done()
    }
    const timer = setTimeout(done, DRAIN_TIME)
    request.on('data', count).on('end', done).on('close', done).on('error', done)
    request.resume()
  })
}
