// What the library keeps of each socket of a namespace for uses that this server has none of is shared by all.
import type { Socket } from 'socket.io'

const UNUSED = {
  /** Headers, query and time of the request that began the connection. */
  handshake: Object.freeze({ headers: Object.freeze({}), query: Object.freeze({}), auth: Object.freeze({}) }),
  /** Acks that clients owe: they are asked for none. */
  acks: new Map<never, never>(),
  data: Object.freeze({}),
  flags: Object.freeze({}),
}

export function lighten(socket: Socket): void {
  for (const [name, shared] of Object.entries(UNUSED))
    if (Object.hasOwn(socket, name)) (socket as unknown as Record<string, unknown>)[name] = shared
  // The library listens itself; without a listener an error would end the process.
  if (socket.listenerCount('error') === 0) socket.on('error', nothing)
}

/** For a socket of which nothing is heard: its client may name events as it likes. */
export function deafen(socket: Socket): void {
  lighten(socket)
  const parts = socket as unknown as { dispatch?: unknown }
  if (typeof parts.dispatch === 'function') parts.dispatch = nothing
  else socket.use(nothing)
}

function nothing(): void {}
