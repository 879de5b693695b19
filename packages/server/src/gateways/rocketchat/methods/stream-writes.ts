// Methods named after streams to which no client may write: void, and nothing comes of it.
import { type Method, method } from '../method.ts'
import { nothing } from '../params.ts'
import { STREAM_METHODS } from '../streams.ts'

const WRITABLE = new Set(['stream-notify-room', 'stream-notify-room-users', 'stream-notify-user'])

export const STREAM_WRITES: readonly Method[] = STREAM_METHODS.filter(name => !WRITABLE.has(name)).map(name =>
  method({ name, params: nothing, run: async () => undefined }),
)
